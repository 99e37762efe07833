/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen-bench.c - what one build costs on an embedded host, and one call.
 *
 *     fakexen-bench ours|stock KERNEL MIB     one guest comes and goes
 *     fakexen-bench call N                    N plain hypercalls
 *
 * A process builds one guest, as xl's and domwright's do, so that what it takes
 * from the kernel is its own; fakexen-bench.sh runs them in turn. Prints words:
 *
 *   outside    microseconds of CPU time outside fakexen, from the layout of the
 *              guest to its grant table, user's and system's
 *   inside     microseconds of CPU time in fakexen for it
 *   calls      hypercalls
 *   mappings   foreign mappings
 *   own        KiB of the process's own memory at the end of the build
 *   peak       KiB resident at most, pages of the host file included
 *   wall       microseconds from nothing to the guest's end
 *
 * and for `call` the nanoseconds of one.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "hooks/hooks.h"
#include "pv_guest.h"
#include "preload/trace.h"

struct cost {
    int64_t cpu_us;
    struct fx_usage usage;
};

struct bench {
    struct pv_guest guest;
    void (*usage)(struct fx_usage *usage); /* fakexen's */
};

static int fail(const char *what)
{
    fprintf(stderr, "fakexen-bench: %s: %s\n", what, strerror(errno));
    return -1;
}

static int64_t wall_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t microseconds(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static void measure(const struct bench *b, struct cost *cost)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    cost->cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
    b->usage(&cost->usage);
}

/* A line of /proc/self/status, in KiB. */
static long status_kib(const char *name)
{
    FILE *f = fopen("/proc/self/status", "r");
    size_t len = strlen(name);
    char line[256];
    long kib = -1;

    while (f && kib < 0 && fgets(line, sizeof(line), f))
        if (!strncmp(line, name, len) && line[len] == ':')
            kib = strtol(line + len + 1, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

/*
 * A virtual machine may have given its free memory back to its own host, and
 * who touches a page of it first, waits for all of it: up to six milliseconds
 * for 2 MiB. To have either way pay for that would measure that host; so as
 * much as a toolstack's P2M takes is fetched beforehand, and freed again.
 */
static void warm_memory(const struct pv_guest *guest)
{
    size_t large = (size_t)2 << 20;
    size_t size = (((size_t)guest->mib << 11) + 2 * large) & -large;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return;
    madvise(memory, size, MADV_HUGEPAGE);
    madvise(memory, size, MADV_POPULATE_WRITE);
    munmap(memory, size);
}

static void print_cost(const struct cost *before, const struct cost *after,
                       long own_kib, int64_t wall_us)
{
    uint64_t inside = (after->usage.cpu_ns - before->usage.cpu_ns) / 1000;

    printf("%" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %ld %ld %" PRId64
           "\n",
           after->cpu_us - before->cpu_us - (int64_t)inside, inside,
           after->usage.hypercalls - before->usage.hypercalls,
           after->usage.mappings - before->usage.mappings, own_kib,
           status_kib("VmHWM"), wall_us);
}

static int run_build(struct bench *b)
{
    struct pv_guest *guest = &b->guest;
    int64_t start = wall_ns();
    struct cost before, after;
    long own_kib = 0;
    int rc;

    rc = pv_guest_create(guest);
    if (!rc)
        rc = pv_guest_load(guest);
    if (!rc) {
        warm_memory(guest);
        measure(b, &before);
        rc = pv_guest_build(guest);
        measure(b, &after);
        own_kib = status_kib("RssAnon");
    }
    pv_guest_release(guest);
    if (pv_guest_destroy(guest))
        rc = -1;
    if (!rc)
        print_cost(&before, &after, own_kib, (wall_ns() - start) / 1000);
    return rc;
}

static int run_calls(xc_interface *xch, long n)
{
    int64_t start;
    long i;

    if (n < 1)
        return -1;
    start = wall_ns();
    for (i = 0; i < n; i++)
        if (xc_version(xch, XENVER_version, NULL) < 0)
            return fail("xc_version");
    printf("%" PRId64 "\n", (wall_ns() - start) / n);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench b = {.guest = {.vcpus = 1}};
    bool calls = argc == 3 && !strcmp(argv[1], "call");
    bool ours = argc == 4 && !strcmp(argv[1], "ours");
    int rc;

    if (!calls && !ours && !(argc == 4 && !strcmp(argv[1], "stock"))) {
        fprintf(stderr, "usage: fakexen-bench ours|stock KERNEL MIB\n"
                        "       fakexen-bench call N\n");
        return 2;
    }
    *(void **)&b.usage = dlsym(RTLD_DEFAULT, "fx_usage_so_far");
    if (!b.usage) {
        fprintf(stderr, "fakexen-bench: run me by fakexen\n");
        return 1;
    }
    b.guest.xch = xc_interface_open(NULL, NULL, 0);
    if (!b.guest.xch) {
        fail("xc_interface_open");
        return 1;
    }
    if (ours)
        dw_hooks_register(PIN_LEVELS, NULL);
    if (calls) {
        rc = run_calls(b.guest.xch, strtol(argv[2], NULL, 10));
    } else {
        b.guest.kernel = argv[2];
        b.guest.mib = (unsigned int)strtoul(argv[3], NULL, 10);
        rc = run_build(&b);
    }
    xc_interface_close(b.guest.xch);
    return rc ? 1 : 0;
}
