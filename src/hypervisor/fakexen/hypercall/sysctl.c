/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctl.c - __HYPERVISOR_sysctl (xen/sysctl.h): the machine as a whole.
 */
#include "hypercall/sysctl.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/sysctl.h>

#include "machine/alloc.h"
#include "domain/affinity.h"
#include "domain/domain.h"
#include "domain/policy.h"
#include "domain/pool.h"

#define NODE_DISTANCE_SELF  10
#define NODE_DISTANCE_OTHER 20

/* How long a vCPU runs at least (xen/common/sched/private.h). */
#define RATELIMIT_US 1000
#define TIMESLICE_MS 30

static long physinfo(struct fx_host *host, struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *info = &op->u.physinfo;
    const struct fx_super *super = host->super;
    uint32_t features[FX_FEATURE_WORDS];
    int rc = fx_policy_features(XEN_SYSCTL_cpu_featureset_host, features);

    if (rc)
        return rc;
    memset(info, 0, sizeof(*info));
    info->threads_per_core = 1;
    info->cores_per_socket = FX_CPUS;
    info->nr_cpus = FX_CPUS;
    info->max_cpu_id = FX_CPUS - 1;
    info->nr_nodes = super->nr_nodes;
    info->max_node_id = 63; /* Xen's limit, not the machine's last */
    info->cpu_khz = FX_CPU_KHZ;
    info->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 |
                         XEN_SYSCTL_PHYSCAP_gnttab_v2;
    if (super->shadow)
        info->capabilities |= XEN_SYSCTL_PHYSCAP_shadow;
    info->total_pages = super->ram_frames;
    info->free_pages = fx_free_frames_count(host);
    info->outstanding_pages = super->claimed_frames;
    info->max_mfn = super->nr_frames - 1;
    memcpy(info->hw_cap, features, sizeof(info->hw_cap));
    return 0;
}

static long domain_list(const struct fx_caller *caller, struct xen_sysctl *op)
{
    struct fx_host *host = caller->host;
    struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
    uint64_t at = (uint64_t)(uintptr_t)list->buffer.p;
    const struct fx_domain *domain;
    uint32_t next = list->first_domain;
    uint32_t done = 0;

    while (done < list->max_domains) {
        struct xen_domctl_getdomaininfo info;

        domain = fx_domain_next(host, next);
        if (!domain)
            break;
        fx_domain_info(host, domain, &info);
        if (fx_copy_out(caller, at + done * sizeof(info), &info, sizeof(info)))
            return -EFAULT;
        done++;
        next = domain->id + 1u;
    }
    list->num_domains = done;
    return 0;
}

static uint64_t node_frames(const struct fx_super *super, uint32_t node)
{
    uint64_t frames = 0;
    uint32_t i;

    for (i = 0; i < super->nr_ram && i < FX_MAX_E820; i++)
        if (super->ram_node[i] == node)
            frames += super->ram[i].end - super->ram[i].first;
    return frames;
}

/* Of a node, or of all where it is negative, between two frames. */
static uint64_t free_between(struct fx_host *host, int32_t node, uint64_t first,
                             uint64_t end)
{
    const struct fx_super *super = host->super;
    uint64_t frames = 0, mfn;
    uint32_t i;

    for (i = 0; i < super->nr_ram && i < FX_MAX_E820; i++) {
        if (node >= 0 && super->ram_node[i] != (uint32_t)node)
            continue;
        mfn = super->ram[i].first < first ? first : super->ram[i].first;
        for (; mfn < super->ram[i].end && mfn < end; mfn++)
            frames += fx_is_free(host, mfn);
    }
    return frames;
}

/* The free map knows all nodes together only; few ask for one. */
static uint64_t node_free(struct fx_host *host, uint32_t node)
{
    if (host->super->nr_nodes == 1)
        return node ? 0 : fx_free_frames_count(host);
    return node > INT32_MAX ? 0
                            : free_between(host, (int32_t)node, 0, UINT64_MAX);
}

static long numa_info(const struct fx_caller *caller, struct xen_sysctl *op)
{
    struct fx_host *host = caller->host;
    struct xen_sysctl_numainfo *info = &op->u.numainfo;
    uint64_t memory = (uint64_t)(uintptr_t)info->meminfo.p;
    uint64_t distance = (uint64_t)(uintptr_t)info->distance.p;
    uint32_t nodes = host->super->nr_nodes, i, j;

    if ((memory || distance) && nodes > info->num_nodes)
        nodes = info->num_nodes;
    for (i = 0; i < nodes; i++) {
        xen_sysctl_meminfo_t entry = {
            .memsize = node_frames(host->super, i) << FX_PAGE_SHIFT,
            .memfree = node_free(host, i) << FX_PAGE_SHIFT,
        };

        if (memory && fx_copy_out(caller, memory + i * sizeof(entry), &entry,
                                  sizeof(entry)))
            return -EFAULT;
        for (j = 0; distance && j < nodes; j++) {
            uint32_t d = i == j ? NODE_DISTANCE_SELF : NODE_DISTANCE_OTHER;

            if (fx_copy_out(caller, distance + (i * nodes + j) * sizeof(d), &d,
                            sizeof(d)))
                return -EFAULT;
        }
    }
    info->num_nodes = nodes;
    return 0;
}

static long cpu_topology(const struct fx_caller *caller, struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *info = &op->u.cputopoinfo;
    uint64_t at = (uint64_t)(uintptr_t)info->cputopo.p;
    uint32_t cpus = FX_CPUS, i;

    if (at && cpus > info->num_cpus)
        cpus = info->num_cpus;
    for (i = 0; at && i < cpus; i++) {
        xen_sysctl_cputopo_t entry = {.core = i,
                                      .node = fx_cpu_node(caller->host, i)};

        if (fx_copy_out(caller, at + i * sizeof(entry), &entry, sizeof(entry)))
            return -EFAULT;
    }
    info->num_cpus = cpus;
    return 0;
}

/* The machine has no devices, whichever are asked for. */
static long pci_topology(const struct fx_caller *caller, struct xen_sysctl *op)
{
    const struct xen_sysctl_pcitopoinfo *info = &op->u.pcitopoinfo;
    uint64_t devices = (uint64_t)(uintptr_t)info->devs.p;
    uint64_t nodes = (uint64_t)(uintptr_t)info->nodes.p;
    uint32_t node = XEN_INVALID_DEV, i;
    physdev_pci_device_t device;

    if (!devices || !nodes)
        return -EINVAL;
    for (i = 0; i < info->num_devs; i++)
        if (fx_copy_in(caller, &device, devices + i * sizeof(device),
                       sizeof(device)) ||
            fx_copy_out(caller, nodes + i * sizeof(node), &node, sizeof(node)))
            return -EFAULT;
    return 0;
}

static long cpu_info(const struct fx_caller *caller, struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *info = &op->u.getcpuinfo;
    uint64_t at = (uint64_t)(uintptr_t)info->info.p;
    uint32_t cpus = info->max_cpus < FX_CPUS ? info->max_cpus : FX_CPUS, i;
    xen_sysctl_cpuinfo_t entry = {.idletime = (uint64_t)fx_system_time()};

    for (i = 0; i < cpus; i++)
        if (fx_copy_out(caller, at + i * sizeof(entry), &entry, sizeof(entry)))
            return -EFAULT;
    info->nr_cpus = cpus;
    return 0;
}

static long feature_set(const struct fx_caller *caller, struct xen_sysctl *op)
{
    struct xen_sysctl_cpu_featureset *asked = &op->u.cpu_featureset;
    uint64_t at = (uint64_t)(uintptr_t)asked->features.p;
    uint32_t features[FX_FEATURE_WORDS];
    int rc;

    if (!at) {
        asked->nr_features = FX_FEATURE_WORDS;
        return 0;
    }
    if (asked->nr_features > FX_FEATURE_WORDS)
        asked->nr_features = FX_FEATURE_WORDS;
    rc = fx_policy_features(asked->index, features);
    if (rc)
        return rc;
    if (asked->nr_features &&
        fx_copy_out(caller, at, features,
                    asked->nr_features * sizeof(features[0])))
        return -EFAULT;
    return asked->nr_features < FX_FEATURE_WORDS ? -ENOBUFS : 0;
}

/* A width is the zone of frames that have as many bits, but for the offset. */
static uint64_t zone_begin(uint32_t bits)
{
    return bits > FX_PAGE_SHIFT + 1 && bits < 64
               ? UINT64_C(1) << (bits - FX_PAGE_SHIFT - 1)
               : 0;
}

/* Without a node, the whole heap. */
static long available(struct fx_host *host, struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *asked = &op->u.availheap;
    const uint32_t min = asked->min_bitwidth, max = asked->max_bitwidth;
    uint64_t frames;

    if (min || max)
        frames = free_between(host, asked->node, zone_begin(min),
                              max ? 2 * zone_begin(max) : UINT64_MAX);
    else
        frames = asked->node < 0 ? fx_free_frames_count(host)
                                 : node_free(host, (uint32_t)asked->node);
    asked->avail_bytes = frames << FX_PAGE_SHIFT;
    return 0;
}

/* Parameters of credit and credit2, to be read. */
static long scheduler(const struct fx_host *host, struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *asked = &op->u.scheduler_op;
    const struct fx_pool *pool = fx_pool(host, asked->cpupool_id);

    if (asked->cmd != XEN_SYSCTL_SCHEDOP_getinfo &&
        asked->cmd != XEN_SYSCTL_SCHEDOP_putinfo)
        return -EINVAL;
    if (!pool)
        return -ESRCH;
    if (asked->sched_id != pool->scheduler)
        return -EINVAL;
    if (asked->cmd == XEN_SYSCTL_SCHEDOP_putinfo)
        return -EOPNOTSUPP;
    if (asked->sched_id == XEN_SCHEDULER_CREDIT2) {
        asked->u.sched_credit2.ratelimit_us = RATELIMIT_US;
    } else if (asked->sched_id == XEN_SCHEDULER_CREDIT) {
        asked->u.sched_credit.tslice_ms = TIMESLICE_MS;
        asked->u.sched_credit.ratelimit_us = RATELIMIT_US;
        asked->u.sched_credit.vcpu_migr_delay_us = 0;
    } else {
        return -EOPNOTSUPP;
    }
    return 0;
}

/* No processor here shares its caches out. */
static long cache_allocation(const struct xen_sysctl *op)
{
    switch (op->u.psr_alloc.cmd) {
    case XEN_SYSCTL_PSR_get_l3_info:
    case XEN_SYSCTL_PSR_get_l2_info:
    case XEN_SYSCTL_PSR_get_mba_info:
        return -ENODEV;
    default:
        return -EOPNOTSUPP;
    }
}

/* There is no console: nothing to read, no key does anything. */
static long read_console(struct xen_sysctl *op)
{
    op->u.readconsole.count = 0;
    return 0;
}

static long answer(const struct fx_caller *caller, struct xen_sysctl *op)
{
    struct fx_host *host = caller->host;
    switch (op->cmd) {
    case XEN_SYSCTL_physinfo:
        return physinfo(host, op);
    case XEN_SYSCTL_getdomaininfolist:
        return domain_list(caller, op);
    case XEN_SYSCTL_numainfo:
        return numa_info(caller, op);
    case XEN_SYSCTL_cputopoinfo:
        return cpu_topology(caller, op);
    case XEN_SYSCTL_pcitopoinfo:
        return pci_topology(caller, op);
    case XEN_SYSCTL_getcpuinfo:
        return cpu_info(caller, op);
    case XEN_SYSCTL_get_cpu_featureset:
        return feature_set(caller, op);
    case XEN_SYSCTL_get_cpu_policy:
        return fx_policy_system(caller, &op->u.cpu_policy);
    case XEN_SYSCTL_availheap:
        return available(host, op);
    case XEN_SYSCTL_sched_id:
        op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
        return 0;
    case XEN_SYSCTL_scheduler_op:
        return scheduler(host, op);
    case XEN_SYSCTL_cpupool_op:
        return fx_cpupool_op(caller, &op->u.cpupool_op);
    case XEN_SYSCTL_psr_cmt_op:
        return -ENODEV;
    case XEN_SYSCTL_psr_alloc:
        return cache_allocation(op);
    case XEN_SYSCTL_readconsole:
        return read_console(op);
    case XEN_SYSCTL_debug_keys:
        return 0;
    default:
        return -ENOSYS;
    }
}

long fx_sysctl(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct xen_sysctl op;
    long rc;

    if (fx_copy_in(caller, &op, arg[0], sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    if (!fx_is_control(caller))
        return -EPERM;
    rc = answer(caller, &op);
    /* A short feature set is told, with how much there was room for. */
    if ((!rc || (rc == -ENOBUFS && op.cmd == XEN_SYSCTL_get_cpu_featureset)) &&
        fx_copy_out(caller, arg[0], &op, sizeof(op)))
        return -EFAULT;
    return rc;
}
