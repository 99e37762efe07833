/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hypercalls.c - hypercalls with arguments that nobody should pass. Whatever
 * they answer, the host's accounting holds afterwards and memory comes back.
 *
 *     hypercalls [SEED [CALLS]]
 *
 * With FX_FUZZER defined, a libFuzzer target: the input is what the numbers
 * are taken from.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "machine/lock.h"
#include "recovery/audit.h"
#include "domain/domain.h"
#include "recovery/open.h"
#include "hypercall/dispatch.h"
#include "hypercall/memory_op.h"
#include "preload/process_memory.h"
#include "xen_versions.h"

/* Where pointers point to: behind it, nothing is mapped. */
#define ARENA_WORDS 8192
static uint64_t *arena;

struct source {
    const uint8_t *bytes; /* or NULL: `state` */
    size_t size;
    uint64_t state;
};

static uint64_t any(struct source *s)
{
    uint64_t value = 0;
    size_t n = s->size < 2 ? s->size : 2;

    if (s->bytes) {
        memcpy(&value, s->bytes, n);
        s->bytes += n;
        s->size -= n;
        return value * UINT64_C(0x9e3779b97f4a7c15);
    }
    s->state ^= s->state << 13;
    s->state ^= s->state >> 7;
    s->state ^= s->state << 17;
    return s->state;
}

static uint64_t below(struct source *s, uint64_t end)
{
    return any(s) % end;
}

/* Numbers that mean something somewhere; none is an address within what the
 * address sanitizer keeps for itself, which callers could well spoil. */
static uint64_t number(struct source *s)
{
    static const uint64_t known[] = {
        0,         1,          2,          3,
        8,         16,         32,         64,
        511,       512,        513,        1024,
        4095,      4096,       0xffff,     0x7ff0,
        0x7ff2,    0xfffff,    0x100000,   0x7ff00000,
        0x8004000, 0x40000,    0x1b0000,   UINT32_MAX,
        INT64_MAX, UINT64_MAX, 1ull << 63, UINT64_C(0xffff880000000000),
    };

    switch (below(s, 8)) {
    case 0:
        return any(s);
    case 1:
    case 2:
        return known[below(s, sizeof(known) / sizeof(known[0]))];
    case 3: /* an address: good, at an end, or bad */
        return (uint64_t)(uintptr_t)&arena[below(s, ARENA_WORDS)];
    case 4:
        return (uint64_t)(uintptr_t)&arena[ARENA_WORDS] - below(s, 64);
    default:
        return below(s, 24);
    }
}

static void fill(struct source *s, void *to, size_t size)
{
    uint64_t word;
    size_t at;

    for (at = 0; at < size; at += sizeof(word)) {
        word = number(s);
        if (below(s, 2)) /* two in one */
            word = (word & UINT32_MAX) | (1 + below(s, 24)) << 32;
        memcpy((uint8_t *)to + at, &word,
               size - at < sizeof(word) ? size - at : sizeof(word));
    }
}

/* A frame of the machine: often a domain's. */
static uint64_t frame(struct source *s, struct fx_host *host)
{
    const struct fx_domain *domain = &host->super->domain[1];

    switch (below(s, 4)) {
    case 0:
        return below(s, host->super->nr_frames);
    case 1:
        return domain->shared_info + below(s, 3);
    default:
        return host->super->nr_frames - 1 - below(s, 4096);
    }
}

/* Lists of frames, contexts, bitmaps: all of it is in one place. */
static void fill_arena(struct source *s, struct fx_host *host)
{
    unsigned int i, n = 16 + (unsigned int)below(s, 64);
    unsigned int at = (unsigned int)below(s, ARENA_WORDS - 128);

    for (i = 0; i < n; i++)
        arena[at + i] = below(s, 2) ? frame(s, host) : number(s);
}

/* Virtual nodes that Xen takes, if the domain has so many vCPUs. */
static void sane_vnuma(struct source *s, struct xen_domctl_vnuma *v)
{
    uint64_t *zeros = &arena[ARENA_WORDS - 64];

    memset(zeros, 0, 64 * sizeof(*zeros));
    v->nr_vnodes = 1 + (uint32_t)below(s, 4);
    v->nr_vmemranges = (uint32_t)below(s, 4);
    v->nr_vcpus = 1 + (uint32_t)below(s, 3);
    v->pad = 0;
    set_xen_guest_handle_raw(v->vdistance, (void *)zeros);
    set_xen_guest_handle_raw(v->vmemrange, (void *)zeros);
    set_xen_guest_handle_raw(v->vcpu_to_vnode, (void *)zeros);
    set_xen_guest_handle_raw(v->vnode_to_pnode, (void *)zeros);
}

static void domctl(struct source *s, uint64_t arg[5])
{
    struct xen_domctl *op = (void *)arena;

    fill(s, op, sizeof(*op));
    op->cmd = (uint32_t)below(s, 92);
    if (!below(s, 16))
        op->cmd = 0x6477;
    op->interface_version =
        XEN_HAS_STABLE_DOMCTLS && op->cmd >= XEN_DOMCTL_DOMAIN_STATE
            ? 0
            : XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)below(s, 4);
    if (op->cmd == XEN_DOMCTL_createdomain) {
        op->u.createdomain.flags &= below(s, 4) ? 0 : ~0u;
        op->u.createdomain.iommu_opts = 0;
        op->u.createdomain.vmtrace_size = 0;
        op->u.createdomain.grant_opts = 1;
        op->u.createdomain.max_vcpus = 1 + (uint32_t)below(s, 3);
        op->u.createdomain.cpupool_id = 0;
        memset(&op->u.createdomain.arch, 0, sizeof(op->u.createdomain.arch));
    }
    if (op->cmd == XEN_DOMCTL_setvnumainfo && below(s, 4))
        sane_vnuma(s, &op->u.vnuma);
    if (op->cmd == XEN_DOMCTL_max_mem)
        op->u.max_mem.max_memkb = 64 << 10;
    arg[0] = (uint64_t)(uintptr_t)op;
}

static void memory_op(struct source *s, uint64_t arg[5])
{
    uint64_t *words = &arena[64 * below(s, 16)];

    fill(s, words, 128);
    if (below(s, 2)) { /* a sane reservation, but for one field */
        struct xen_memory_reservation *r = (void *)words;

        set_xen_guest_handle_raw(r->extent_start,
                                 (void *)&arena[below(s, ARENA_WORDS)]);
        r->nr_extents = below(s, 100);
        r->extent_order = (unsigned int)below(s, 11);
        r->mem_flags = (unsigned int)(below(s, 4) ? 0 : number(s));
        r->domid = (domid_t)below(s, 4);
    }
    arg[0] = below(s, 32) | (below(s, 16) ? 0 : number(s) << 6);
    arg[1] = (uint64_t)(uintptr_t)words;
}

static void mmu(struct source *s, struct fx_host *host, uint64_t arg[5])
{
    unsigned int i;

    for (i = 0; i < 8; i++) {
        arena[2 * i] = frame(s, host) << 12 | below(s, 512) << 3 | below(s, 3);
        arena[2 * i + 1] = frame(s, host) << 12 | below(s, 0x1000);
    }
    arg[0] = (uint64_t)(uintptr_t)arena;
    arg[1] = below(s, 9);
    arg[2] = below(s, 4) ? 0 : number(s);
    arg[3] = below(s, 4) | (below(s, 2) ? (1 + below(s, 3)) << 16 : 0);
}

static void mmuext(struct source *s, struct fx_host *host, uint64_t arg[5])
{
    struct mmuext_op *ops = (void *)arena;
    unsigned int i;

    for (i = 0; i < 8; i++) {
        ops[i].cmd = (unsigned int)below(s, 22);
        ops[i].arg1.mfn = frame(s, host);
        ops[i].arg2.nr_ents = (unsigned int)number(s);
    }
    arg[0] = (uint64_t)(uintptr_t)ops;
    arg[1] = below(s, 9);
    arg[2] = below(s, 4) ? 0 : number(s);
    arg[3] = below(s, 4);
}

static unsigned int choose(struct source *s, struct fx_host *host,
                           uint64_t arg[5])
{
    unsigned int i;

    for (i = 0; i < 5; i++)
        arg[i] = number(s);
    switch (below(s, 10)) {
    case 0:
    case 1:
    case 2:
        domctl(s, arg);
        return __HYPERVISOR_domctl;
    case 3:
    case 4:
        memory_op(s, arg);
        return __HYPERVISOR_memory_op;
    case 5:
        mmu(s, host, arg);
        return __HYPERVISOR_mmu_update;
    case 6:
        mmuext(s, host, arg);
        return __HYPERVISOR_mmuext_op;
    case 7:
        fill(s, arena, sizeof(struct xen_sysctl));
        ((struct xen_sysctl *)arena)->cmd = (uint32_t)below(s, 32);
        ((struct xen_sysctl *)arena)->interface_version =
            XEN_SYSCTL_INTERFACE_VERSION;
        arg[0] = (uint64_t)(uintptr_t)arena;
        return __HYPERVISOR_sysctl;
    case 8:
        fill(s, arena, 128);
        arg[0] = below(s, 16);
        arg[1] = (uint64_t)(uintptr_t)arena;
        arg[2] = below(s, 4);
        return (unsigned int)below(s, 64);
    default:
        return (unsigned int)below(s, 64);
    }
}

static void show(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "hypercalls: %s\n", line);
}

/* All domains go, and everything of theirs with them; the control domain
 * keeps what it took. */
static int finish(struct fx_host *host, uint64_t before)
{
    uint64_t after, wrong;
    unsigned int i;

    fx_lock(host);
    wrong = fx_audit(host, show, NULL);
    for (i = 1; i < FX_MAX_DOMAINS; i++)
        if (host->super->domain[i].exists)
            fx_domain_kill(host, &host->super->domain[i]);
    fx_reap_domains(host);
    wrong += fx_audit(host, show, NULL);
    after = fx_free_frames_count(host) + host->super->domain[0].tot_pages;
    fx_unlock(host);
    if (after != before)
        fprintf(stderr,
                "hypercalls: %" PRIu64 " free frames became %" PRIu64 "\n",
                before, after);
    return wrong || after != before ? -1 : 0;
}

static struct fx_host *open_host(void)
{
    struct fx_options options = {.memory_bytes = UINT64_C(256) << 20,
                                 .level = FX_PATCHED};
    size_t size = ARENA_WORDS * sizeof(*arena), guard = 1 << 20;
    uint8_t *map = mmap(NULL, size + 2 * guard, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct fx_host *host;
    char why[256];

    if (map == MAP_FAILED ||
        mprotect(map + guard, size, PROT_READ | PROT_WRITE))
        abort();
    arena = (uint64_t *)(void *)(map + guard);
    if (!fx_host_open(&options, &host, why, sizeof(why)))
        return host;
    fprintf(stderr, "hypercalls: %s\n", why);
    exit(1);
}

/* Two domains, one of each width, that hold most of the highest frames. */
static void make_domains(struct fx_host *host)
{
    struct xen_domctl_createdomain config = {.max_vcpus = 2,
                                             .max_evtchn_port = 100,
                                             .max_grant_frames = 4,
                                             .grant_opts = 1};
    struct xen_memory_reservation r = {.nr_extents = 1024};
    uint64_t arg[5] = {XENMEM_populate_physmap, (uint64_t)(uintptr_t)&r};
    const struct fx_caller caller = fx_process_caller(host);
    unsigned int i;

    for (i = 1; i <= 2; i++) {
        struct fx_domain *domain;

        if (fx_domain_create(host, (uint16_t)i, &config))
            abort();
        domain = fx_domain(host, i);
        if (!domain || fx_domain_make_vcpus(host, domain))
            abort();
        domain->is_32bit = i == 2;
        domain->max_pages = 4096;
        memset(arena, 0, ARENA_WORDS * sizeof(*arena));
        r.domid = (domid_t)i;
        set_xen_guest_handle_raw(r.extent_start, (void *)arena);
        if (fx_memory_op(&caller, arg) != 1024)
            abort();
    }
}

static int run(struct fx_host *host, struct source *s, uint64_t calls)
{
    const struct fx_caller caller = fx_process_caller(host);
    uint64_t before, i, counts[64] = {0}, good[64] = {0};

    fx_lock(host);
    before = fx_free_frames_count(host) + host->super->domain[0].tot_pages;
    make_domains(host);
    fx_unlock(host);
    for (i = 0; i < calls && (!s->bytes || s->size); i++) {
        uint64_t arg[5];
        unsigned int op = choose(s, host, arg);
        fx_hypercall call = fx_hypercall_for(&caller, op);

        if (below(s, 4) == 0)
            fill_arena(s, host);
        if (!call)
            continue;
        fx_lock(host);
        counts[op]++;
        good[op] += call(&caller, arg) >= 0;
        fx_unlock(host);
    }
    if (!s->bytes && getenv("VERBOSE"))
        for (i = 0; i < 64; i++)
            if (counts[i])
                printf("hypercall %" PRIu64 ": %" PRIu64 " of %" PRIu64
                       " succeeded\n",
                       i, good[i], counts[i]);
    return finish(host, before);
}

#ifdef FX_FUZZER
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct fx_host *host;
    struct source s = {.bytes = bytes, .size = size};

    if (!host)
        host = open_host();
    if (size && run(host, &s, UINT64_MAX))
        abort();
    return 0;
}
#else
int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t calls = argc > 2 ? strtoull(argv[2], NULL, 0) : 20000;
    struct source s = {.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    struct fx_host *host = open_host();
    int r = run(host, &s, calls);

    fx_host_close(host);
    if (r)
        fprintf(stderr, "hypercalls: with seed %" PRIu64 "\n", seed);
    return r ? 1 : 0;
}
#endif
