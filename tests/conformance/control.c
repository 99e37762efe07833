/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a toolstack sets of a domain beside its life, memory and contexts. */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define NO_DOMAIN 0x7eee
#define NR_VCPUS  2

/* A domain with vCPUs. */
static uint32_t domain_with_vcpus(struct test *t)
{
    uint32_t domid;

    if (domain_new(t, &domid, NR_VCPUS) ||
        xc_domain_max_vcpus(t->xch, domid, NR_VCPUS))
        abort();
    return domid;
}

/* For that domain, and for one that there is not. */
static void try_op(struct test *t, uint32_t domid, uint32_t cmd,
                   struct xen_domctl *op, const char *what)
{
    struct xen_domctl copy = *op;

    report(t, domctl(t, op, cmd, domid), "%s", what);
    report(t, domctl(t, &copy, cmd, NO_DOMAIN), "  no domain");
}

static void debugging(struct test *t)
{
    uint32_t domid = domain_with_vcpus(t);
    struct xen_domctl op;

    for (unsigned int enable = 0; enable < 3; enable++) {
        op = (struct xen_domctl){.u.setdebugging.enable = (uint8_t)enable};
        try_op(t, domid, XEN_DOMCTL_setdebugging, &op, "setdebugging");
        memset(&op, 0, sizeof(op));
        (void)domctl(t, &op, XEN_DOMCTL_getdomaininfo, domid);
        say(t, "  flags %x", op.u.getdomaininfo.flags);
    }
    op = (struct xen_domctl){0};
    report(t, domctl(t, &op, XEN_DOMCTL_setdebugging, 0),
           "setdebugging of domain 0");
    (void)xc_domain_destroy(t->xch, domid);
}

static void debugger_pauses(struct test *t)
{
    static const uint32_t vcpus[] = {0, 1, NR_VCPUS, UINT32_MAX};
    uint32_t domid = domain_with_vcpus(t);
    struct xen_domctl op;

    for (unsigned int i = 0; i < 4; i++) {
        op = (struct xen_domctl){.u.gdbsx_pauseunp_vcpu.vcpu = vcpus[i]};
        try_op(t, domid, XEN_DOMCTL_gdbsx_unpausevcpu, &op, "unpause a vCPU");
        try_op(t, domid, XEN_DOMCTL_gdbsx_pausevcpu, &op, "pause a vCPU");
        try_op(t, domid, XEN_DOMCTL_gdbsx_pausevcpu, &op, "pause it twice");
        try_op(t, domid, XEN_DOMCTL_gdbsx_unpausevcpu, &op, "unpause it");
    }
    (void)xc_domain_unpause(t->xch, domid);
    op = (struct xen_domctl){.u.gdbsx_pauseunp_vcpu.vcpu = 0};
    try_op(t, domid, XEN_DOMCTL_gdbsx_pausevcpu, &op,
           "pause a vCPU of a domain that runs");
    (void)xc_domain_destroy(t->xch, domid);
}

static void affinity(struct test *t, uint32_t domid, uint32_t vcpu,
                     uint32_t flags, int hard, int soft)
{
    size_t bytes = 2 * sizeof(uint64_t);
    uint64_t *maps = xencall_alloc_buffer(t->call, bytes);
    struct xen_domctl op = {.u.vcpuaffinity = {.vcpu = vcpu, .flags = flags}};
    struct xen_domctl_vcpuaffinity *asked = &op.u.vcpuaffinity;

    if (!maps)
        abort();
    memset(maps, 0, bytes);
    if (hard >= 0)
        maps[0] = UINT64_C(1) << hard;
    if (soft >= 0)
        maps[1] = UINT64_C(1) << soft;
    asked->cpumap_hard.nr_bits = asked->cpumap_soft.nr_bits = 64;
    set_xen_guest_handle_raw(asked->cpumap_hard.bitmap, (uint8_t *)&maps[0]);
    set_xen_guest_handle_raw(asked->cpumap_soft.bitmap, (uint8_t *)&maps[1]);
    report(t, domctl(t, &op, XEN_DOMCTL_setvcpuaffinity, domid),
           "vCPU %u's affinity, flags %x, hard %d, soft %d", vcpu, flags, hard,
           soft);
    say(t, "  told: %llx, %llx", (unsigned long long)maps[0],
        (unsigned long long)maps[1]);
    maps[0] = maps[1] = 0;
    report(t, domctl(t, &op, XEN_DOMCTL_getvcpuaffinity, domid), "  is");
    say(t, "  on CPU 0 and 63: hard %llx %llx, soft %llx %llx",
        (unsigned long long)maps[0] & 1, (unsigned long long)maps[0] >> 63,
        (unsigned long long)maps[1] & 1, (unsigned long long)maps[1] >> 63);
    xencall_free_buffer(t->call, maps);
}

/* A machine has a CPU 0, and no CPU 60. */
static void affinities(struct test *t)
{
    static const uint32_t vcpus[] = {0, NR_VCPUS, UINT32_MAX};
    uint32_t domid;

    (void)domain_new(t, &domid, NR_VCPUS);
    affinity(t, domid, 0, XEN_VCPUAFFINITY_HARD, 0, -1);
    (void)xc_domain_max_vcpus(t->xch, domid, NR_VCPUS);
    for (uint32_t flags = 0; flags < 8; flags++) {
        affinity(t, domid, 0, flags, 0, 0);
        affinity(t, domid, 0, flags, -1, 0);
        affinity(t, domid, 0, flags, 0, -1);
        affinity(t, domid, 0, flags, 60, 0);
        affinity(t, domid, 0, flags, 0, 60);
    }
    for (unsigned int i = 0; i < 3; i++)
        affinity(t, domid, vcpus[i], XEN_VCPUAFFINITY_HARD, 0, -1);
    affinity(t, NO_DOMAIN, 0, XEN_VCPUAFFINITY_HARD, 0, -1);
    (void)xc_domain_destroy(t->xch, domid);
}

static void nodes(struct test *t)
{
    static const uint64_t maps[] = {1, 0, UINT64_C(1) << 60,
                                    UINT64_C(1) << 60 | 1, UINT64_MAX};
    uint64_t *map = xencall_alloc_buffer(t->call, sizeof(*map));
    uint32_t domid = domain_with_vcpus(t);
    struct xen_domctl op = {.u.nodeaffinity.nodemap.nr_bits = 64};

    if (!map)
        abort();
    set_xen_guest_handle_raw(op.u.nodeaffinity.nodemap.bitmap, (uint8_t *)map);
    for (unsigned int i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        *map = maps[i];
        try_op(t, domid, XEN_DOMCTL_setnodeaffinity, &op, "nodes");
        *map = 0;
        try_op(t, domid, XEN_DOMCTL_getnodeaffinity, &op, "  are");
        say(t, "  %llx", (unsigned long long)*map);
    }
    set_xen_guest_handle_raw(op.u.nodeaffinity.nodemap.bitmap, (uint8_t *)NULL);
    try_op(t, domid, XEN_DOMCTL_setnodeaffinity, &op, "nodes from nowhere");
    try_op(t, domid, XEN_DOMCTL_getnodeaffinity, &op, "nodes to nowhere");
    xencall_free_buffer(t->call, map);
    (void)xc_domain_destroy(t->xch, domid);
}

static long scheduler(struct test *t, uint32_t domid, uint32_t scheduler_id,
                      uint32_t cmd, unsigned int weight, unsigned int cap)
{
    struct xen_domctl op = {
        .u.scheduler_op = {
            .sched_id = scheduler_id,
            .cmd = cmd,
            .u.credit2 = {.weight = (uint16_t)weight, .cap = (uint16_t)cap}}};
    long r = domctl(t, &op, XEN_DOMCTL_scheduler_op, domid);

    if (!r)
        say(t, "  weight %u, cap %u", op.u.scheduler_op.u.credit2.weight,
            op.u.scheduler_op.u.credit2.cap);
    return r;
}

static void schedulers(struct test *t)
{
    const uint32_t id = XEN_SCHEDULER_CREDIT2;
    const uint32_t put = XEN_DOMCTL_SCHEDOP_putinfo;
    const uint32_t get = XEN_DOMCTL_SCHEDOP_getinfo;
    uint32_t domid = domain_with_vcpus(t);

    report(t, scheduler(t, domid, id, get, 0, 0), "get the parameters");
    report(t, scheduler(t, domid, id, put, 512, 50), "set both");
    report(t, scheduler(t, domid, id, get, 0, 0), "get");
    report(t, scheduler(t, domid, id, put, 0, 0), "set no weight, no cap");
    report(t, scheduler(t, domid, id, get, 0, 0), "get");
    report(t, scheduler(t, domid, id, put, 1, UINT16_MAX), "set no new cap");
    report(t, scheduler(t, domid, id, get, 0, 0), "get");
    report(t, scheduler(t, domid, id, put, 65535, 65534), "set the most");
    report(t, scheduler(t, domid, id, get, 0, 0), "get");
    report(t, scheduler(t, domid, XEN_SCHEDULER_CREDIT, get, 0, 0),
           "another scheduler's");
    report(t, scheduler(t, domid, 99, get, 0, 0), "no scheduler's");
    report(t, scheduler(t, domid, id, 99, 0, 0), "no such command");
    report(t, scheduler(t, NO_DOMAIN, id, get, 0, 0), "no domain");
    (void)xc_domain_destroy(t->xch, domid);
}

static void vnuma(struct test *t, uint32_t domid, unsigned int nodes,
                  unsigned int vcpus, unsigned int ranges, unsigned int pnode)
{
    struct xen_domctl op = {.u.vnuma = {.nr_vnodes = nodes,
                                        .nr_vmemranges = ranges,
                                        .nr_vcpus = vcpus}};
    struct tables {
        unsigned int distance[4], to_node[NR_VCPUS], to_pnode[2];
        xen_vmemrange_t range[2];
    } *v = xencall_alloc_buffer(t->call, sizeof(*v));

    if (!v)
        abort();
    memset(v, 0, sizeof(*v));
    v->to_pnode[0] = pnode;
    v->range[0].end = v->range[1].start = 4096;
    v->range[1].end = 8192;
    set_xen_guest_handle_raw(op.u.vnuma.vdistance, v->distance);
    set_xen_guest_handle_raw(op.u.vnuma.vcpu_to_vnode, v->to_node);
    set_xen_guest_handle_raw(op.u.vnuma.vnode_to_pnode, v->to_pnode);
    set_xen_guest_handle_raw(op.u.vnuma.vmemrange, v->range);
    report(t, domctl(t, &op, XEN_DOMCTL_setvnumainfo, domid),
           "%u virtual nodes, %u vCPUs, %u ranges, on node %u", nodes, vcpus,
           ranges, pnode);
    xencall_free_buffer(t->call, v);
}

static void vnumas(struct test *t)
{
    uint32_t domid = domain_with_vcpus(t);

    vnuma(t, domid, 1, NR_VCPUS, 1, 0);
    vnuma(t, domid, 2, NR_VCPUS, 2, 0);
    vnuma(t, domid, 0, NR_VCPUS, 1, 0);
    vnuma(t, domid, 1, NR_VCPUS + 1, 1, 0);
    vnuma(t, domid, 1, 0, 1, 0);
    vnuma(t, domid, 1, NR_VCPUS, 0, 0);
    vnuma(t, domid, UINT32_MAX, NR_VCPUS, 1, 0);
    vnuma(t, domid, 1, NR_VCPUS, 1, 63);
    vnuma(t, domid, 1, NR_VCPUS, 1, 64);
    vnuma(t, NO_DOMAIN, 1, NR_VCPUS, 1, 0);
    (void)xc_domain_destroy(t->xch, domid);
}

/* What a domain that never runs makes of it is not to be seen. */
static void triggers(struct test *t)
{
    static const uint32_t some[] = {
        XEN_DOMCTL_SENDTRIGGER_NMI,   XEN_DOMCTL_SENDTRIGGER_RESET,
        XEN_DOMCTL_SENDTRIGGER_INIT,  XEN_DOMCTL_SENDTRIGGER_POWER,
        XEN_DOMCTL_SENDTRIGGER_SLEEP, 99,
    };
    static const uint32_t vcpus[] = {0, NR_VCPUS, UINT32_MAX};
    uint32_t domid = domain_with_vcpus(t);

    for (unsigned int i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        for (unsigned int v = 0; v < 3; v++) {
            struct xen_domctl op = {
                .u.sendtrigger = {.trigger = some[i], .vcpu = vcpus[v]}};

            report(t, domctl(t, &op, XEN_DOMCTL_sendtrigger, domid),
                   "trigger %u for vCPU %u", some[i], vcpus[v]);
        }
    (void)xc_domain_destroy(t->xch, domid);
}

static void others(struct test *t)
{
    static const uint32_t virqs[] = {VIRQ_TBUF,     VIRQ_TIMER,  VIRQ_DEBUG,
                                     VIRQ_XENOPROF, VIRQ_XENPMU, NR_VIRQS,
                                     UINT32_MAX};
    uint32_t domid = domain_with_vcpus(t);
    struct xen_domctl op = {0};

    op.u.settimeoffset.time_offset_seconds = -3600;
    try_op(t, domid, XEN_DOMCTL_settimeoffset, &op, "settimeoffset");
    memset(&op, 0, sizeof(op));
    try_op(t, domid, XEN_DOMCTL_subscribe, &op, "subscribe");
    for (unsigned int i = 0; i < sizeof(virqs) / sizeof(virqs[0]); i++) {
        op = (struct xen_domctl){.u.set_virq_handler.virq = virqs[i]};
        try_op(t, domid, XEN_DOMCTL_set_virq_handler, &op, "set_virq_handler");
    }
    op.u.paging_mempool.size = 1 << 20;
    try_op(t, domid, XEN_DOMCTL_set_paging_mempool_size, &op,
           "set_paging_mempool_size");
    try_op(t, domid, XEN_DOMCTL_get_paging_mempool_size, &op,
           "get_paging_mempool_size");
    (void)xc_domain_destroy(t->xch, domid);
}

static void allocation(struct test *t, uint32_t domid, uint32_t what,
                       uint32_t mb)
{
    struct xen_domctl op = {.u.shadow_op = {.op = what, .mb = mb}};
    long r = domctl(t, &op, XEN_DOMCTL_shadow_op, domid);

    report(t, r, "%s %u MiB for shadows",
           what == XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION ? "set" : "get", mb);
    say(t, "  %u MiB", op.u.shadow_op.mb);
}

static void shadow_mode(struct test *t, uint32_t domid, uint32_t mode)
{
    struct xen_domctl op = {
        .u.shadow_op = {.op = XEN_DOMCTL_SHADOW_OP_ENABLE, .mode = mode}};

    report(t, domctl(t, &op, XEN_DOMCTL_shadow_op, domid),
           "enable shadow mode %x", mode);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_OFF;
    report(t, domctl(t, &op, XEN_DOMCTL_shadow_op, domid), "  and off");
}

static void shadows(struct test *t)
{
    uint32_t domid;

    (void)domain_new(t, &domid, NR_VCPUS);
    allocation(t, domid, XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION, 0);
    (void)xc_domain_max_vcpus(t->xch, domid, NR_VCPUS);
    allocation(t, domid, XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION, 0);
    allocation(t, domid, XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, 4);
    allocation(t, domid, XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION, 0);
    allocation(t, domid, XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, 1);
    allocation(t, domid, XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, 0);
    for (unsigned int bit = 0; bit < 6; bit++)
        shadow_mode(t, domid, 1u << bit);
    shadow_mode(t, domid, 0);
    (void)xc_domain_destroy(t->xch, domid);
}

/* States that are set as they were told, cut short, or with what cannot be. */
static void extended_state(struct test *t, uint32_t domid)
{
    uint64_t *area = xencall_alloc_buffer_pages(t->call, 1);
    struct xen_domctl op = {0};

    if (!area)
        abort();
    op.u.vcpuextstate.vcpu = 0;
    op.u.vcpuextstate.size = PAGE_BYTES;
    op.u.vcpuextstate.xfeature_mask = 1;
    set_xen_guest_handle_raw(op.u.vcpuextstate.buffer, area);
    report(t, domctl(t, &op, XEN_DOMCTL_getvcpuextstate, domid),
           "extended state, a mask of another machine's");
    for (uint64_t size = 0; size <= 32; size += 8) {
        memset(area, 0, PAGE_BYTES);
        op.u.vcpuextstate.size = size;
        report(t, domctl(t, &op, XEN_DOMCTL_setvcpuextstate, domid),
               "set %llu bytes of it", (unsigned long long)size);
    }
    op.u.vcpuextstate.size = 16 + 576;
    for (uint64_t bits = 0; bits < 8; bits++) {
        memset(area, 0, PAGE_BYTES);
        area[0] = area[1] = bits;
        report(t, domctl(t, &op, XEN_DOMCTL_setvcpuextstate, domid),
               "set it with XCR0 %llx", (unsigned long long)bits);
        area[0] = 1;
        report(t, domctl(t, &op, XEN_DOMCTL_setvcpuextstate, domid),
               "  with less in force");
    }
    op.u.vcpuextstate.vcpu = NR_VCPUS;
    try_op(t, domid, XEN_DOMCTL_setvcpuextstate, &op, "no such vCPU's");
    xencall_free_buffer_pages(t->call, area, 1);
}

static void msrs(struct test *t, uint32_t domid)
{
    static const struct xen_domctl_vcpu_msr some[] = {
        {.index = 0xc0000103, .value = 7}, /* TSC_AUX */
        {.index = 0xc0000103, .value = UINT64_C(1) << 32},
        {.index = 0xc0000103, .reserved = 1},
        {.index = 0xc0000080, .value = 1}, /* EFER */
        {.index = 0x10, .value = 1},       /* the TSC */
    };
    struct xen_domctl_vcpu_msr *list =
        xencall_alloc_buffer(t->call, 2 * sizeof(*list));
    struct xen_domctl op = {0};

    if (!list)
        abort();
    for (unsigned int i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        list[0] = list[1] = some[i];
        op.u.vcpu_msrs.vcpu = 0;
        op.u.vcpu_msrs.msr_count = 2;
        set_xen_guest_handle_raw(op.u.vcpu_msrs.msrs, list);
        report(t, domctl(t, &op, XEN_DOMCTL_set_vcpu_msrs, domid),
               "set MSR %x twice to %llx", some[i].index,
               (unsigned long long)some[i].value);
        say(t, "  %u", op.u.vcpu_msrs.msr_count);
    }
    op.u.vcpu_msrs.msr_count = 1000;
    report(t, domctl(t, &op, XEN_DOMCTL_set_vcpu_msrs, domid),
           "set too many MSRs");
    op.u.vcpu_msrs.msr_count = 0;
    op.u.vcpu_msrs.vcpu = NR_VCPUS;
    try_op(t, domid, XEN_DOMCTL_set_vcpu_msrs, &op, "no such vCPU's");
    xencall_free_buffer(t->call, list);
}

static void callbacks(struct test *t, uint32_t domid)
{
    static const uint32_t sizes[] = {0, 8, 32, 40, 48, 64, 127, 128, 1000};
    struct xen_domctl op;

    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        op = (struct xen_domctl){.u.ext_vcpucontext.size = sizes[i]};
        report(t, domctl(t, &op, XEN_DOMCTL_set_ext_vcpucontext, domid),
               "set %u bytes of the callbacks", sizes[i]);
    }
    op = (struct xen_domctl){
        .u.ext_vcpucontext = {.size = 128,
                              .syscall32_callback_eip = UINT64_C(1) << 60}};
    report(t, domctl(t, &op, XEN_DOMCTL_set_ext_vcpucontext, domid),
           "set a callback that no processor takes");
}

static void vcpu_states(struct test *t)
{
    uint32_t domid = domain_with_vcpus(t);

    extended_state(t, domid);
    msrs(t, domid);
    callbacks(t, domid);
    (void)xc_domain_destroy(t->xch, domid);
}

/* A policy that is told may be set, until the domain has run. */
static void policies(struct test *t)
{
    const unsigned int nr_leaves = 1024, nr_msrs = 64;
    xen_cpuid_leaf_t *leaves =
        xencall_alloc_buffer(t->call, nr_leaves * sizeof(*leaves));
    xen_msr_entry_t *entries =
        xencall_alloc_buffer(t->call, nr_msrs * sizeof(*entries));
    uint32_t domid = domain_with_vcpus(t);
    struct xen_domctl op = {0};
    struct xen_domctl_cpu_policy told;

    if (!leaves || !entries)
        abort();
    op.u.cpu_policy.nr_leaves = 1;
    set_xen_guest_handle_raw(op.u.cpu_policy.leaves, leaves);
    set_xen_guest_handle_raw(op.u.cpu_policy.msrs, entries);
    report(t, domctl(t, &op, XEN_DOMCTL_get_cpu_policy, domid),
           "get the policy into too little");
    op.u.cpu_policy.nr_leaves = nr_leaves;
    op.u.cpu_policy.nr_msrs = nr_msrs;
    report(t, domctl(t, &op, XEN_DOMCTL_get_cpu_policy, domid),
           "get the policy");
    told = op.u.cpu_policy;
    report(t, domctl(t, &op, XEN_DOMCTL_set_cpu_policy, domid), "set it");
    op.u.cpu_policy = told;
    op.u.cpu_policy.nr_leaves = UINT32_MAX;
    report(t, domctl(t, &op, XEN_DOMCTL_set_cpu_policy, domid), "set too much");
    op.u.cpu_policy = told;
    leaves[0].leaf = 0x80000000 | 0x7fff;
    report(t, domctl(t, &op, XEN_DOMCTL_set_cpu_policy, domid),
           "set a leaf that there is not");
    say(t, "  leaf %x", op.u.cpu_policy.err_leaf);
    op.u.cpu_policy = told;
    op.u.cpu_policy.nr_leaves = 0;
    entries[0].idx = 0x10;
    report(t, domctl(t, &op, XEN_DOMCTL_set_cpu_policy, domid),
           "set an MSR that there is not");
    say(t, "  MSR %x", op.u.cpu_policy.err_msr);
    (void)xc_domain_unpause(t->xch, domid);
    op.u.cpu_policy = told;
    report(t, domctl(t, &op, XEN_DOMCTL_set_cpu_policy, domid),
           "set it when the domain has run");
    xencall_free_buffer(t->call, leaves);
    xencall_free_buffer(t->call, entries);
    (void)xc_domain_destroy(t->xch, domid);
}

void section_control(struct test *t, unsigned int width)
{
    (void)width;
    debugging(t);
    debugger_pauses(t);
    affinities(t);
    nodes(t);
    schedulers(t);
    vnumas(t);
    triggers(t);
    others(t);
    shadows(t);
    vcpu_states(t);
    policies(t);
}
