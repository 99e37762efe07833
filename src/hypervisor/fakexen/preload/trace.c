/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "preload/process_memory.h"
#include "preload/names.h"
#include "preload/settings.h"

/* The process's: what the environment asked for. */
static struct {
    pthread_once_t set_up;
    bool is_set_up; /* asked first, as each call asks */
    int fd;         /* of the trace, or -1 */
    uint64_t fail_at;
    int fail_errno;
    struct fx_calls *calls;
    struct fx_calls own_calls; /* where the tree's cannot be had */
    bool counts;               /* into usage */
    struct fx_usage usage;
} process = {.set_up = PTHREAD_ONCE_INIT, .fd = -1};

/* The thread's CPU time at the start of the call that it is in. */
static _Thread_local uint64_t cpu_start;

/* -- what the environment asks for -- */

/* Far above what programs use, as some close or replace the first ones. */
#define TRACE_FD 900

static int open_trace(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    int high;

    if (fd < 0) {
        fprintf(stderr, "fakexen: %s: %s\n", path, strerror(errno));
        return fd;
    }
    high = fcntl(fd, F_DUPFD_CLOEXEC, TRACE_FD);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

/* The count that the process tree shares; NULL: this process counts alone. */
static struct fx_calls *map_calls(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *calls;

    if (fd < 0)
        return NULL;
    calls = mmap(NULL, sizeof(struct fx_calls), PROT_READ | PROT_WRITE,
                 MAP_SHARED, fd, 0);
    close(fd);
    return calls == MAP_FAILED ? NULL : calls;
}

static void read_environment(void)
{
    const char *trace = getenv("FAKEXEN_TRACE");
    const char *fail = getenv("FAKEXEN_FAIL");
    const char *calls = getenv("FAKEXEN_CALLS");

    if (trace && *trace)
        process.fd = open_trace(trace);
    if (fail && *fail &&
        fx_parse_fail(fail, &process.fail_at, &process.fail_errno))
        fprintf(stderr, "fakexen: FAKEXEN_FAIL: %s is no N[:ERRNO]\n", fail);
    if (process.fd < 0 && !process.fail_at)
        return;
    if (calls)
        process.calls = map_calls(calls);
    if (!process.calls)
        process.calls = &process.own_calls;
}

static void set_up(void)
{
    read_environment();
    __atomic_store_n(&process.is_set_up, true, __ATOMIC_RELEASE);
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static void start(struct fx_call *call)
{
    if (process.counts)
        cpu_start = read_clock(CLOCK_THREAD_CPUTIME_ID);
    call->start = now();
}

void fx_trace_begin_uncounted(struct fx_call *call)
{
    if (!__atomic_load_n(&process.is_set_up, __ATOMIC_ACQUIRE))
        pthread_once(&process.set_up, set_up);
    *call = (struct fx_call){0};
    if (process.fd >= 0 || process.counts)
        start(call);
}

int fx_trace_begin(struct fx_call *call)
{
    fx_trace_begin_uncounted(call);
    if (!process.calls)
        return 0;
    call->n = __atomic_add_fetch(&process.calls->made, 1, __ATOMIC_RELAXED);
    if (call->n != process.fail_at)
        return 0;
    if (process.fail_errno > 0)
        return -process.fail_errno;
    raise(-process.fail_errno);
    return 0;
}

void fx_usage_so_far(struct fx_usage *usage)
{
    process.counts = true;
    *usage = process.usage;
}

/* After a call, of whatever kind. */
static void count(uint64_t *calls)
{
    if (!process.counts)
        return;
    __atomic_add_fetch(calls, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&process.usage.cpu_ns,
                       read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu_start,
                       __ATOMIC_RELAXED);
}

/* -- one line -- */

/* The longest path of xenstore is in it as a whole. */
struct line {
    size_t used;
    char text[4096];
};

static void __attribute__((format(printf, 2, 3)))
add(struct line *line, const char *fmt, ...)
{
    size_t room = sizeof(line->text) - line->used;
    va_list al;
    int n;

    va_start(al, fmt);
    n = vsnprintf(line->text + line->used, room, fmt, al);
    va_end(al);
    if (n > 0 && (size_t)n < room)
        line->used += (size_t)n;
}

/* Names are identifiers: there is nothing to be escaped. */
static void add_name(struct line *line, const char *key, const char *name,
                     uint64_t number)
{
    if (name)
        add(line, ",\"%s\":\"%s\"", key, name);
    else
        add(line, ",\"%s\":%" PRIu64, key, number);
}

static void add_number(struct line *line, const char *key, uint64_t number)
{
    add(line, ",\"%s\":%" PRIu64, key, number);
}

static void add_mfn(struct line *line, const char *key, uint64_t mfn)
{
    add(line, ",\"%s\":\"%#" PRIx64 "\"", key, mfn);
}

/* Of a caller's: bytes that are no text by themselves are escaped, and what is
 * too long is cut off, so that there is room for the rest of the line. */
static void add_string(struct line *line, const char *key, const char *text)
{
    const size_t rest = 256;

    add(line, ",\"%s\":\"", key);
    for (; *text && line->used < sizeof(line->text) - rest; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            add(line, "\\u%04x", c);
        else
            add(line, "%c", c);
    }
    add(line, "\"");
}

static void line_start(struct line *line, const struct fx_call *call)
{
    line->used = 0;
    add(line, "{\"pid\":%d", (int)getpid());
    if (call->n)
        add_number(line, "n", call->n);
}

/* All of it at once, among those of other processes.  What does not get there
 * is told by who waits for the command. */
static void line_write(const struct line *line)
{
    ssize_t n = write(process.fd, line->text, line->used);

    if (n != (ssize_t)line->used)
        process.calls->trace_error = n < 0 ? errno : ENOSPC;
}

static void line_end(struct line *line, const struct fx_call *call, long result)
{
    uint64_t ns = now() - call->start;
    int saved = errno;

    add(line, ",\"result\":%ld", result);
    if (result < 0 && result >= -4095 && strerrorname_np((int)-result))
        add(line, ",\"errno\":\"%s\"", strerrorname_np((int)-result));
    add(line, ",\"us\":%" PRIu64 ".%03" PRIu64 "}\n", ns / 1000, ns % 1000);
    line_write(line);
    errno = saved;
}

/* -- arguments -- */

static void add_domctl(struct line *line, const uint64_t arg[5])
{
    struct xen_domctl op;

    if (fx_copy_from(&op, arg[0], sizeof(op)))
        return;
    add_name(line, "op", fx_domctl_name(op.cmd), op.cmd);
    add_number(line, "domid", op.domain);
    switch (op.cmd) {
    case XEN_DOMCTL_createdomain:
        add_number(line, "max_vcpus", op.u.createdomain.max_vcpus);
        add_number(line, "ssidref", op.u.createdomain.ssidref);
        break;
    case XEN_DOMCTL_max_mem:
        add_number(line, "max_memkb", op.u.max_mem.max_memkb);
        break;
    case XEN_DOMCTL_max_vcpus:
        add_number(line, "max", op.u.max_vcpus.max);
        break;
    case XEN_DOMCTL_set_address_size:
    case XEN_DOMCTL_get_address_size:
        add_number(line, "size", op.u.address_size.size);
        break;
    case XEN_DOMCTL_setvcpucontext:
    case XEN_DOMCTL_getvcpucontext:
        add_number(line, "vcpu", op.u.vcpucontext.vcpu);
        break;
    case XEN_DOMCTL_getpageframeinfo3:
        add_number(line, "nr", op.u.getpageframeinfo3.num);
        break;
    case XEN_DOMCTL_shadow_op:
        add_number(line, "shadow_op", op.u.shadow_op.op);
        add_number(line, "pages", op.u.shadow_op.pages);
        break;
    default:
        break;
    }
}

static void add_sysctl(struct line *line, const uint64_t arg[5])
{
    uint32_t cmd;

    if (!fx_copy_from(&cmd, arg[0] + offsetof(struct xen_sysctl, cmd),
                      sizeof(cmd)))
        add_name(line, "op", fx_sysctl_name(cmd), cmd);
}

/* The first word says what to do. */
static void add_command(struct line *line, uint64_t number,
                        const uint64_t arg[5])
{
    add_name(line, "op", fx_command_name(number, arg[0]), arg[0]);
}

static void add_reservation(struct line *line, const uint64_t arg[5])
{
    struct xen_memory_reservation r;
    uint64_t op = arg[0];

    if (op != XENMEM_increase_reservation &&
        op != XENMEM_decrease_reservation && op != XENMEM_populate_physmap &&
        op != XENMEM_claim_pages)
        return;
    if (fx_copy_from(&r, arg[1], sizeof(r)))
        return;
    add_number(line, "domid", r.domid);
    add_number(line, "nr", r.nr_extents);
    add_number(line, "order", r.extent_order);
    if (r.mem_flags)
        add_mfn(line, "flags", r.mem_flags);
}

/* Its first range, which is the only one that toolstacks give a PV guest. */
static void add_memory_map(struct line *line, const uint64_t arg[5])
{
    struct xen_foreign_memory_map map;
    struct {
        uint64_t first, size;
    } __attribute__((packed)) range;

    if (arg[0] != XENMEM_set_memory_map ||
        fx_copy_from(&map, arg[1], sizeof(map)))
        return;
    add_number(line, "domid", map.domid);
    add_number(line, "nr", map.map.nr_entries);
    if (!map.map.nr_entries ||
        fx_copy_from(&range, (uint64_t)(uintptr_t)map.map.buffer.p,
                     sizeof(range)))
        return;
    add_mfn(line, "first", range.first);
    add_mfn(line, "bytes", range.size);
}

/* mmuext_op, mmu_update: a list, its length, a count, and whose. */
static void add_mmuext(struct line *line, const uint64_t arg[5])
{
    struct mmuext_op op;

    add_number(line, "domid", arg[3] & 0xffff);
    add_number(line, "nr", arg[1]);
    if (!arg[1] || fx_copy_from(&op, arg[0], sizeof(op)))
        return;
    add_name(line, "op", fx_mmuext_name(op.cmd), op.cmd);
    add_mfn(line, "mfn", op.arg1.mfn);
}

static void add_mmu_update(struct line *line, const uint64_t arg[5])
{
    struct mmu_update op;

    /* The page tables' owner is in the upper half, one more than it is. */
    add_number(line, "domid", arg[3] & 0xffff);
    add_number(line, "nr", arg[1]);
    if (!arg[1] || fx_copy_from(&op, arg[0], sizeof(op)))
        return;
    add_mfn(line, "ptr", op.ptr);
    add_mfn(line, "val", op.val);
}

static void add_call(struct line *line, uint64_t number, const uint64_t arg[5]);

/* The first of them, which is the only one that libxenctrl's have. */
static void add_multicall(struct line *line, const uint64_t arg[5])
{
    multicall_entry_t entry;
    uint64_t words[5];
    int i;

    add_number(line, "multicall", (uint32_t)arg[1]);
    if (!arg[1] || fx_copy_from(&entry, arg[0], sizeof(entry)) ||
        entry.op == __HYPERVISOR_multicall)
        return;
    for (i = 0; i < 5; i++)
        words[i] = entry.args[i];
    add(line, ",\"first_result\":%ld", (long)entry.result);
    add_call(line, entry.op, words);
}

static void add_call(struct line *line, uint64_t number, const uint64_t arg[5])
{
    if (number != __HYPERVISOR_multicall)
        add_name(line, "call", fx_hypercall_name(number), number);
    switch (number) {
    case __HYPERVISOR_domctl:
        add_domctl(line, arg);
        break;
    case __HYPERVISOR_sysctl:
        add_sysctl(line, arg);
        break;
    case __HYPERVISOR_memory_op:
        add_command(line, number, arg);
        add_reservation(line, arg);
        add_memory_map(line, arg);
        break;
    case __HYPERVISOR_mmuext_op:
        add_mmuext(line, arg);
        break;
    case __HYPERVISOR_mmu_update:
        add_mmu_update(line, arg);
        break;
    case __HYPERVISOR_multicall:
        add_multicall(line, arg);
        break;
    default:
        add_command(line, number, arg);
        break;
    }
}

void fx_trace_hypercall(const struct fx_call *call, unsigned int number,
                        const uint64_t arg[5], long result)
{
    struct line line;

    if (!call->start)
        return;
    count(&process.usage.hypercalls);
    if (process.fd < 0)
        return;
    line_start(&line, call);
    add_call(&line, number, arg);
    line_end(&line, call, result);
}

void fx_trace_mapping(const struct fx_call *call, const char *name,
                      uint32_t domid, uint64_t address, uint64_t pages,
                      int prot, long result)
{
    struct line line;
    uint64_t undone = 0;

    if (!call->start)
        return;
    count(strcmp(name, "unmap") ? &process.usage.mappings : &undone);
    if (process.fd < 0)
        return;
    line_start(&line, call);
    add_name(&line, "call", name, 0);
    add_number(&line, "domid", domid);
    add_mfn(&line, "address", address);
    add_number(&line, "pages", pages);
    add(&line, ",\"prot\":\"%s%s\"", prot & PROT_READ ? "r" : "",
        prot & PROT_WRITE ? "w" : "");
    line_end(&line, call, result);
}

void fx_trace_store(const struct fx_call *call,
                    const struct fx_trace_request *request, long result)
{
    struct line line;

    if (!call->start || process.fd < 0)
        return;
    line_start(&line, call);
    add_name(&line, "call", request->name, 0);
    if (request->path)
        add_string(&line, "path", request->path);
    if (request->transaction)
        add_number(&line, "transaction", *request->transaction);
    if (request->domid)
        add_number(&line, "domid", *request->domid);
    if (request->bytes)
        add_number(&line, "bytes", *request->bytes);
    line_end(&line, call, result);
}
