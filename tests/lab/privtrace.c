/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A preloaded object that stands between a toolstack program and the kernel's
 * privcmd device on real Xen: it counts, and on request it interferes.
 *
 *   PRIVTRACE=FILE      appends a line for each hypercall and foreign mapping
 *                       of the process and its children:
 *                           hypercall NAME OPERATION = RESULT at T us took D us
 *                           mapping PAGES = RESULT at T us took D us
 *   PRIVTRACE_FAIL=N:E  the Nth of them fails with errno E (a number)
 *   PRIVTRACE_KILL=N:S  before the Nth of them the process gets signal S
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/sys/privcmd.h>

static const char *const names[] = {
    [__HYPERVISOR_memory_op] = "memory_op",
    [__HYPERVISOR_multicall] = "multicall",
    [__HYPERVISOR_mmu_update] = "mmu_update",
    [__HYPERVISOR_xen_version] = "xen_version",
    [__HYPERVISOR_grant_table_op] = "grant_table_op",
    [__HYPERVISOR_mmuext_op] = "mmuext_op",
    [__HYPERVISOR_event_channel_op] = "event_channel_op",
    [__HYPERVISOR_sysctl] = "sysctl",
    [__HYPERVISOR_domctl] = "domctl",
};

static int (*real_ioctl)(int fd, unsigned long request, void *arg);
static unsigned long calls;

/* N and the number behind it, of "N:VALUE"; 0 where there is none. */
static unsigned long setting(const char *name, int *value)
{
    const char *text = getenv(name), *colon = text ? strchr(text, ':') : NULL;

    *value = colon ? atoi(colon + 1) : 0;
    return text ? strtoul(text, NULL, 10) : 0;
}

static void note(const char *line, int len)
{
    const char *path = getenv("PRIVTRACE");
    int fd;

    if (!path || len <= 0)
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return;
    if (write(fd, line, (size_t)len) != len)
        abort();
    close(fd);
}

/* The operation is the first argument, or behind it. */
static int describe_hypercall(char *line, size_t size,
                              const privcmd_hypercall_t *h)
{
    uint64_t op = h->op, arg = h->arg[0];

    /* libxenctrl sends each memory_op as a multicall of one. */
    if (op == __HYPERVISOR_multicall && h->arg[1] == 1) {
        const multicall_entry_t *call = (const void *)(uintptr_t)arg;

        op = call->op;
        arg = call->args[0];
    }
    if (op == __HYPERVISOR_domctl || op == __HYPERVISOR_sysctl ||
        op == __HYPERVISOR_mmuext_op)
        arg = *(const uint32_t *)(uintptr_t)arg; /* its cmd comes first */
    return snprintf(line, size, "hypercall %s %llu",
                    op < sizeof(names) / sizeof(names[0]) && names[op]
                        ? names[op]
                        : "other",
                    (unsigned long long)arg);
}

/* What is asked; before it is done, as Xen may overwrite a multicall. */
static int describe(char *line, size_t size, unsigned long request,
                    const void *arg)
{
    const privcmd_mmapbatch_v2_t *map = arg;

    switch (request) {
    case IOCTL_PRIVCMD_HYPERCALL:
        return describe_hypercall(line, size, arg);
    case IOCTL_PRIVCMD_MMAPBATCH_V2:
        return snprintf(line, size, "mapping %u", map->num);
    case IOCTL_PRIVCMD_MMAP_RESOURCE:
        return snprintf(line, size, "mapping resource");
    default:
        return 0;
    }
}

static unsigned long long now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long long)t.tv_sec * 1000000 +
           (unsigned long long)t.tv_nsec / 1000;
}

/* Does this one fail?  Then *error says how. */
static int interfere(int *error)
{
    int sig;
    unsigned long fail = setting("PRIVTRACE_FAIL", error);
    unsigned long kill_at = setting("PRIVTRACE_KILL", &sig);

    calls++;
    if (calls == kill_at)
        raise(sig);
    return calls == fail;
}

int ioctl(int fd, unsigned long request, ...)
{
    unsigned long long start;
    char line[160];
    va_list ap;
    void *arg;
    int len, r, error;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (!real_ioctl)
        *(void **)&real_ioctl = dlsym(RTLD_NEXT, "ioctl");
    len = describe(line, sizeof(line), request, arg);
    if (!len)
        return real_ioctl(fd, request, arg);

    start = now_us();
    if (interfere(&error)) {
        r = -1;
    } else {
        r = real_ioctl(fd, request, arg);
        error = errno;
    }
    len +=
        snprintf(line + len, sizeof(line) - (size_t)len,
                 " = %d at %llu us took %llu us\n", r, start, now_us() - start);
    note(line, len);
    errno = error;
    return r;
}
