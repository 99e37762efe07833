/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a toolstack asks of the machine. Only what all machines have in common
 * is printed: how much is told, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

static long sysctl(struct test *t, struct xen_sysctl *op, uint32_t cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return failed(xc_sysctl(t->xch, op));
}

static void physinfo(struct test *t)
{
    struct xen_sysctl op = {0};
    const struct xen_sysctl_physinfo *info = &op.u.physinfo;

    report(t, sysctl(t, &op, XEN_SYSCTL_physinfo), "physinfo");
    say(t,
        "  CPUs: %s, nodes: %s, memory: %s, some free: %s, 32-bit frames: %s",
        info->nr_cpus ? "yes" : "no", info->nr_nodes ? "yes" : "no",
        info->total_pages ? "yes" : "no",
        info->free_pages && info->free_pages <= info->total_pages ? "yes"
                                                                  : "no",
        info->max_mfn > UINT32_MAX ? "no" : "yes");
    say(t, "  PV: %s, CPU IDs up to the last CPU's: %s",
        info->capabilities & XEN_SYSCTL_PHYSCAP_pv ? "yes" : "no",
        info->max_cpu_id + 1 >= info->nr_cpus ? "yes" : "no");
}

static void topology(struct test *t)
{
    void *buffer = xencall_alloc_buffer_pages(t->call, 1);
    struct xen_sysctl op = {0};

    if (!buffer)
        abort();
    report(t, sysctl(t, &op, XEN_SYSCTL_numainfo), "numainfo, how many");
    say(t, "  some: %s", op.u.numainfo.num_nodes ? "yes" : "no");
    set_xen_guest_handle_raw(op.u.numainfo.meminfo, buffer);
    op.u.numainfo.num_nodes = 0;
    report(t, sysctl(t, &op, XEN_SYSCTL_numainfo), "numainfo of none");
    say(t, "  %u", op.u.numainfo.num_nodes);
    op.u.numainfo.num_nodes = 1;
    report(t, sysctl(t, &op, XEN_SYSCTL_numainfo), "numainfo of one");
    say(t, "  %u", op.u.numainfo.num_nodes);
    memset(&op, 0, sizeof(op));
    report(t, sysctl(t, &op, XEN_SYSCTL_cputopoinfo), "cputopoinfo, how many");
    say(t, "  some: %s", op.u.cputopoinfo.num_cpus ? "yes" : "no");
    set_xen_guest_handle_raw(op.u.cputopoinfo.cputopo, buffer);
    op.u.cputopoinfo.num_cpus = 1;
    report(t, sysctl(t, &op, XEN_SYSCTL_cputopoinfo), "cputopoinfo of one");
    say(t, "  %u", op.u.cputopoinfo.num_cpus);
    op.u.cputopoinfo.num_cpus = 0;
    report(t, sysctl(t, &op, XEN_SYSCTL_cputopoinfo), "cputopoinfo of none");
    say(t, "  %u", op.u.cputopoinfo.num_cpus);
    memset(&op, 0, sizeof(op));
    set_xen_guest_handle_raw(op.u.getcpuinfo.info, buffer);
    for (unsigned int n = 0; n < 2; n++) {
        op.u.getcpuinfo.max_cpus = n;
        report(t, sysctl(t, &op, XEN_SYSCTL_getcpuinfo), "getcpuinfo of %u", n);
        say(t, "  %u", op.u.getcpuinfo.nr_cpus);
    }
    xencall_free_buffer_pages(t->call, buffer, 1);
}

/* As many words as a set has is the version's, and so not printed. */
static void feature_sets(struct test *t)
{
    uint32_t *words = xencall_alloc_buffer_pages(t->call, 1);
    struct xen_sysctl op;
    uint32_t nr;

    if (!words)
        abort();
    for (unsigned int i = 0; i < 8; i++) {
        memset(&op, 0, sizeof(op));
        op.u.cpu_featureset.index = i;
        report(t, sysctl(t, &op, XEN_SYSCTL_get_cpu_featureset),
               "feature set %u, how many words", i);
        nr = op.u.cpu_featureset.nr_features;
        say(t, "  some: %s", nr ? "yes" : "no");
        set_xen_guest_handle_raw(op.u.cpu_featureset.features, words);
        report(t, sysctl(t, &op, XEN_SYSCTL_get_cpu_featureset), "  all");
        op.u.cpu_featureset.nr_features = 1;
        report(t, sysctl(t, &op, XEN_SYSCTL_get_cpu_featureset), "  the first");
        say(t, "  %u", op.u.cpu_featureset.nr_features);
        op.u.cpu_featureset.nr_features = 0;
        report(t, sysctl(t, &op, XEN_SYSCTL_get_cpu_featureset), "  none");
        op.u.cpu_featureset.nr_features = nr + 5;
        report(t, sysctl(t, &op, XEN_SYSCTL_get_cpu_featureset), "  more");
        say(t, "  as many as there are: %s",
            op.u.cpu_featureset.nr_features == nr ? "yes" : "no");
    }
    xencall_free_buffer_pages(t->call, words, 1);
}

static void heap(struct test *t)
{
    static const int32_t nodes[] = {-1, 0, 63, 64, INT32_MAX};
    struct xen_sysctl op;

    for (unsigned int i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        memset(&op, 0, sizeof(op));
        op.u.availheap.node = nodes[i];
        report(t, sysctl(t, &op, XEN_SYSCTL_availheap), "availheap of node %d",
               nodes[i]);
        say(t, "  some: %s", op.u.availheap.avail_bytes ? "yes" : "no");
    }
}

static void scheduling(struct test *t)
{
    static const uint32_t ops[] = {XEN_SYSCTL_CPUPOOL_OP_INFO,
                                   XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 99};
    struct xen_sysctl op = {0};
    uint64_t *map = xencall_alloc_buffer(t->call, sizeof(*map));

    if (!map)
        abort();
    report(t, sysctl(t, &op, XEN_SYSCTL_sched_id), "sched_id");
    say(t, "  %u", op.u.sched_id.sched_id);
    for (unsigned int id = 4; id < 8; id++) {
        memset(&op, 0, sizeof(op));
        op.u.scheduler_op.sched_id = id;
        op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
        report(t, sysctl(t, &op, XEN_SYSCTL_scheduler_op),
               "scheduler %u's parameters", id);
    }
    memset(&op, 0, sizeof(op));
    op.u.scheduler_op.cpupool_id = 77;
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    report(t, sysctl(t, &op, XEN_SYSCTL_scheduler_op), "of no such pool");
    for (unsigned int i = 0; i < 3; i++) {
        for (uint32_t pool = 0; pool < 2; pool++) {
            memset(&op, 0, sizeof(op));
            op.u.cpupool_op.op = ops[i];
            op.u.cpupool_op.cpupool_id = pool;
            op.u.cpupool_op.cpumap.nr_bits = 64;
            set_xen_guest_handle_raw(op.u.cpupool_op.cpumap.bitmap,
                                     (uint8_t *)map);
            *map = 0;
            report(t, sysctl(t, &op, XEN_SYSCTL_cpupool_op),
                   "cpupool_op %u, pool %u", ops[i], pool);
            say(t, "  pool %u, scheduler %u, CPU 0: %s",
                op.u.cpupool_op.cpupool_id, op.u.cpupool_op.sched_id,
                *map & 1 ? "yes" : "no");
        }
    }
    xencall_free_buffer(t->call, map);
}

/* What the lab's processor, and that of fakexen's machine, lack. */
static void caches(struct test *t)
{
    static const uint32_t told[] = {XEN_SYSCTL_PSR_get_l3_info,
                                    XEN_SYSCTL_PSR_get_l2_info,
                                    XEN_SYSCTL_PSR_get_mba_info, 99};
    struct xen_sysctl op;

    for (uint32_t cmd = 0; cmd < 5; cmd++) {
        op = (struct xen_sysctl){.u.psr_cmt_op.cmd = cmd};
        report(t, sysctl(t, &op, XEN_SYSCTL_psr_cmt_op), "psr_cmt_op %u", cmd);
    }
    for (unsigned int i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        op = (struct xen_sysctl){.u.psr_alloc.cmd = told[i]};
        report(t, sysctl(t, &op, XEN_SYSCTL_psr_alloc), "psr_alloc %u",
               told[i]);
    }
}

static void versions(struct test *t)
{
    static const uint32_t some[] = {0, XEN_SYSCTL_INTERFACE_VERSION - 1,
                                    XEN_SYSCTL_INTERFACE_VERSION,
                                    XEN_SYSCTL_INTERFACE_VERSION + 1};
    static const char *const named[] = {"0", "one less", "its own", "one more"};
    struct xen_sysctl *op = xencall_alloc_buffer(t->call, sizeof(*op));

    if (!op)
        abort();
    for (unsigned int i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        memset(op, 0, sizeof(*op));
        op->cmd = XEN_SYSCTL_sched_id;
        op->interface_version = some[i];
        report(t, failed(xencall1(t->call, __HYPERVISOR_sysctl, (uintptr_t)op)),
               "sysctl interface %s", named[i]);
    }
    xencall_free_buffer(t->call, op);
    report(t, failed(xencall1(t->call, __HYPERVISOR_sysctl, 0)),
           "sysctl of a null pointer");
}

/* Sizes of what is told are ABI; the text is the host's own. */
static void version_texts(struct test *t)
{
    static const struct {
        const char *name;
        int cmd;
    } texts[] = {
        {"extraversion", XENVER_extraversion},
        {"compile_info", XENVER_compile_info},
        {"changeset", XENVER_changeset},
        {"commandline", XENVER_commandline},
        {"platform_parameters", XENVER_platform_parameters},
        {"guest_handle", XENVER_guest_handle},
    };
    void *page = xencall_alloc_buffer_pages(t->call, 1);
    xen_feature_info_t info;

    if (!page)
        abort();
    for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        report(t,
               failed(xencall2(t->call, __HYPERVISOR_xen_version, texts[i].cmd,
                               (uintptr_t)page)),
               "%s", texts[i].name);
        report(t,
               failed(xencall2(t->call, __HYPERVISOR_xen_version, texts[i].cmd,
                               0)),
               "  into no buffer");
    }
    for (unsigned int i = 0; i < 3; i++) {
        info = (xen_feature_info_t){.submap_idx = i};
        report(t, failed(xc_version(t->xch, XENVER_get_features, &info)),
               "features, word %u", i);
    }
    xencall_free_buffer_pages(t->call, page, 1);
}

/* Which it is, is the host's; how long it is, its linker's. */
static void build_id(struct test *t)
{
    static const uint32_t lengths[] = {0, 1, 256};
    xen_build_id_t *id = xencall_alloc_buffer(t->call, sizeof(*id) + 256);

    if (!id)
        abort();
    report(
        t,
        failed(xencall2(t->call, __HYPERVISOR_xen_version, XENVER_build_id, 0)),
        "build_id, how long");
    for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        id->len = lengths[i];
        report(t,
               failed(xencall2(t->call, __HYPERVISOR_xen_version,
                               XENVER_build_id, (uintptr_t)id)),
               "  with room for %u", lengths[i]);
        say(t, "  %u", id->len);
    }
    xencall_free_buffer(t->call, id);
}

void section_system(struct test *t, unsigned int width)
{
    (void)width;
    physinfo(t);
    topology(t);
    feature_sets(t);
    heap(t);
    scheduling(t);
    caches(t);
    versions(t);
    version_texts(t);
    build_id(t);
}
