/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process_memory.c - this process's memory as a program names it, which may not
 * be there.
 *
 * The kernel is asked whether an address can be used: it reads or writes there
 * on our behalf and says -EFAULT.  For the few bytes of a hypercall's arguments
 * rt_sigprocmask() is the cheapest such question, a tenth of a microsecond
 * against one for process_vm_readv(), which is for the rest.
 */
#include "preload/process_memory.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "machine/host.h"

/* The kernel's sigset_t, which is what the question reads or writes. */
#define PROBE_BYTES 8

/* Above this the kernel copies by itself: the probes would cost as much. */
#define PROBED_MAX (4 * FX_PAGE_SIZE)

/* No such `how`: the kernel reads the set, then refuses to do anything. */
#define NO_HOW (-1)

static int probe_read(uint64_t address)
{
    int saved = errno, r;

    syscall(SYS_rt_sigprocmask, NO_HOW, address, NULL, PROBE_BYTES);
    r = errno == EFAULT ? -EFAULT : 0;
    errno = saved;
    return r;
}

/* Leaves something of its own there. */
static int probe_write(uint64_t address)
{
    int saved = errno, r = 0;

    if (syscall(SYS_rt_sigprocmask, 0, NULL, address, PROBE_BYTES))
        r = -EFAULT;
    errno = saved;
    return r;
}

/* The end of what lies on one page, from `at` on. */
static uint64_t page_part_end(uint64_t at, uint64_t end)
{
    uint64_t left = FX_PAGE_SIZE - (at & (FX_PAGE_SIZE - 1));

    return end - at < left ? end : at + left;
}

/* Parts too small for a probe would let it reach over their ends. */
static bool probes_fit(uint64_t address, size_t size)
{
    uint64_t end = address + size, at, next;

    if (size > PROBED_MAX)
        return false;
    for (at = address; at < end; at = next) {
        next = page_part_end(at, end);
        if (next - at < PROBE_BYTES)
            return false;
    }
    return true;
}

static int probe(uint64_t address, size_t size, int (*question)(uint64_t))
{
    uint64_t end = address + size, at;
    int rc;

    for (at = address; at < end; at = page_part_end(at, end)) {
        rc = question(at);
        if (rc)
            return rc;
    }
    return 0;
}

static bool wraps(uint64_t address, size_t size)
{
    return !address || size > SSIZE_MAX || address + size < address;
}

int fx_copy_from(void *to, uint64_t from, size_t size)
{
    struct iovec local = {to, size};
    struct iovec remote = {(void *)(uintptr_t)from, size};
    int saved = errno;
    ssize_t n;

    if (!size)
        return 0;
    if (wraps(from, size))
        return -EFAULT;
    if (probes_fit(from, size)) {
        if (probe(from, size, probe_read))
            return -EFAULT;
        memcpy(to, (const void *)(uintptr_t)from, size);
        return 0;
    }
    n = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    errno = saved;
    return n == (ssize_t)size ? 0 : -EFAULT;
}

int fx_copy_to(uint64_t to, const void *from, size_t size)
{
    struct iovec local = {(void *)(uintptr_t)from, size};
    struct iovec remote = {(void *)(uintptr_t)to, size};
    int saved = errno;
    ssize_t n;

    if (!size)
        return 0;
    if (wraps(to, size))
        return -EFAULT;
    if (probes_fit(to, size)) {
        if (probe(to, size, probe_write))
            return -EFAULT;
        memcpy((void *)(uintptr_t)to, from, size);
        return 0;
    }
    n = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);
    errno = saved;
    return n == (ssize_t)size ? 0 : -EFAULT;
}

static int copy_in(const struct fx_caller *caller, void *to, uint64_t from,
                   size_t size)
{
    (void)caller;
    return fx_copy_from(to, from, size);
}

static int copy_out(const struct fx_caller *caller, uint64_t to,
                    const void *from, size_t size)
{
    (void)caller;
    return fx_copy_to(to, from, size);
}

struct fx_caller fx_process_caller(struct fx_host *host)
{
    return (struct fx_caller){
        .host = host,
        .domain = &host->super->domain[FX_CONTROL_DOMID],
        .copy_in = copy_in,
        .copy_out = copy_out,
    };
}

struct fx_domain *fx_process_domain(struct fx_host *host, uint32_t domid)
{
    const struct fx_caller caller = fx_process_caller(host);

    return fx_caller_domain(&caller, domid);
}
