/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xencall.c - libxencall's symbols, all of them: a mixture of ours and the real
 * library's would share a handle that only one of them understands.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <xencall.h>

#include "domain/control_ports.h"
#include "hypercall/dispatch.h"
#include "machine/lock.h"
#include "memory/mapping.h"
#include "preload/process_host.h"
#include "preload/process_memory.h"
#include "preload/trace.h"
#include "run/start.h"

struct xencall_handle {
    struct fx_caller caller;
    int fd; /* of nothing, but callers set flags on it */
};

xencall_handle *xencall_open(struct xentoollog_logger *logger,
                             unsigned int open_flags)
{
    xencall_handle *xcall = calloc(1, sizeof(*xcall));
    struct fx_host *host;

    (void)logger;
    (void)open_flags;
    if (!xcall)
        return NULL;
    xcall->fd = -1;
    host = fx_process_host();
    if (!host)
        goto fail;
    xcall->caller = fx_process_caller(host);
    xcall->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (xcall->fd < 0)
        goto fail;
    return xcall;

fail:
    free(xcall);
    return NULL;
}

int xencall_close(xencall_handle *xcall)
{
    if (!xcall)
        return 0;
    close(xcall->fd);
    free(xcall);
    return 0;
}

int xencall_fd(xencall_handle *xcall)
{
    return xcall->fd;
}

/* What a dead process had mapped must not stand in the way of what becomes of
 * frames. */
static bool concerns_frames(unsigned int op)
{
    return op == __HYPERVISOR_mmuext_op || op == __HYPERVISOR_mmu_update ||
           op == __HYPERVISOR_domctl || op == __HYPERVISOR_grant_table_op;
}

static long locked_call(const struct fx_caller *caller, unsigned int op,
                        const uint64_t arg[5])
{
    struct fx_host *host = caller->host;
    fx_hypercall function = fx_hypercall_for(caller, op);
    long result = -ENOSYS;

    fx_lock(host);
    host->super->hypercalls++;
    if (host->unrepaired) {
        result = -ENOMEM;
    } else {
        if (host->super->mapping_slots &&
            (concerns_frames(op) || op == __HYPERVISOR_event_channel_op))
            fx_mapping_reap(host); /* which may tell by ports that go next */
        if (op == __HYPERVISOR_event_channel_op)
            fx_control_ports_reap(host);
        if (function)
            result = function(caller, arg);
    }
    fx_unlock(host);
    if (host->super->guests_run && op == __HYPERVISOR_domctl) {
        fx_start_runners(host);
        fx_settle_runners(host);
    }
    return result;
}

static long hypercall(xencall_handle *xcall, unsigned int op,
                      const uint64_t arg[5])
{
    struct fx_call call;
    long result = fx_trace_begin(&call);

    if (!result)
        result = locked_call(&xcall->caller, op, arg);
    fx_trace_hypercall(&call, op, arg, result);
    if (result < 0 && result >= -4095) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

int xencall0(xencall_handle *xcall, unsigned int op)
{
    return (int)hypercall(xcall, op, (uint64_t[5]){0});
}

int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
    return (int)hypercall(xcall, op, (uint64_t[5]){arg1});
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2)
{
    return (int)hypercall(xcall, op, (uint64_t[5]){arg1, arg2});
}

long xencall2L(xencall_handle *xcall, unsigned int op, uint64_t arg1,
               uint64_t arg2)
{
    return hypercall(xcall, op, (uint64_t[5]){arg1, arg2});
}

int xencall3(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3)
{
    return (int)hypercall(xcall, op, (uint64_t[5]){arg1, arg2, arg3});
}

int xencall4(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3, uint64_t arg4)
{
    return (int)hypercall(xcall, op, (uint64_t[5]){arg1, arg2, arg3, arg4});
}

int xencall5(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
    return (int)hypercall(xcall, op,
                          (uint64_t[5]){arg1, arg2, arg3, arg4, arg5});
}

/* Whole pages, zeroed, as the real library's come from mmap(). */
void *xencall_alloc_buffer_pages(xencall_handle *xcall, size_t nr_pages)
{
    void *buffer = NULL;
    int rc;

    (void)xcall;
    if (!nr_pages || nr_pages > PTRDIFF_MAX / FX_PAGE_SIZE) {
        errno = nr_pages ? ENOMEM : EINVAL;
        return NULL;
    }
    rc = posix_memalign(&buffer, FX_PAGE_SIZE, nr_pages * FX_PAGE_SIZE);
    if (rc) {
        errno = rc;
        return NULL;
    }
    return memset(buffer, 0, nr_pages * FX_PAGE_SIZE);
}

/* Callers free a buffer between a failed call and their look at errno. */
void xencall_free_buffer_pages(xencall_handle *xcall, void *buffer,
                               size_t nr_pages)
{
    (void)nr_pages;
    xencall_free_buffer(xcall, buffer);
}

void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
    /* Callers ask for nothing, too, and want an address. */
    return xencall_alloc_buffer_pages(xcall, size / FX_PAGE_SIZE + 1);
}

void xencall_free_buffer(xencall_handle *xcall, void *buffer)
{
    int saved = errno;

    (void)xcall;
    free(buffer);
    errno = saved;
}

int xencall_buffers_never_fault(xencall_handle *xcall)
{
    (void)xcall;
    return 1;
}
