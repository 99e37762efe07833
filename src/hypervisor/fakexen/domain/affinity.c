/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * affinity.c - where vCPUs may run, and which nodes are their domain's.
 */
#include "domain/affinity.h"

#include <errno.h>

#include "domain/domain.h"
#include "domain/pool.h"

static uint64_t online_nodes(const struct fx_host *host)
{
    return (UINT64_C(1) << host->super->nr_nodes) - 1;
}

static uint64_t nodes_of(const struct fx_host *host, uint64_t cpus)
{
    uint64_t nodes = 0;
    uint32_t cpu;

    for (cpu = 0; cpu < FX_CPUS; cpu++)
        if (cpus >> cpu & 1)
            nodes |= UINT64_C(1) << fx_cpu_node(host, cpu);
    return nodes;
}

/* What two vCPUs share they take turns in, as there is no load to go by. */
uint32_t fx_vcpu_cpu(const struct fx_host *host, const struct fx_domain *domain,
                     const struct fx_vcpu_state *v, uint32_t vcpu)
{
    uint64_t hard = v->hard_affinity & fx_domain_cpus(host, domain);
    uint64_t cpus = v->soft_affinity & hard ? v->soft_affinity & hard : hard;
    uint32_t nth = cpus ? vcpu % (uint32_t)__builtin_popcountll(cpus) : 0;

    while (nth--)
        cpus &= cpus - 1;
    return cpus ? (uint32_t)__builtin_ctzll(cpus) : 0;
}

/* The narrowest set of CPUs that the vCPUs have in common use: those that they
 * prefer, of those where they may run (Xen: domain_update_node_aff()). */
void fx_update_node_affinity(struct fx_host *host, struct fx_domain *domain)
{
    struct fx_domain_state *state = fx_domain_state(host, domain);
    uint64_t hard = 0, soft = 0;
    uint32_t i;

    if (!state || state->nodes_chosen || !fx_vcpu_state(host, domain, 0))
        return;
    for (i = 0; i < domain->max_vcpus; i++) {
        const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, i);

        if (!v)
            continue;
        hard |= v->hard_affinity;
        soft |= v->soft_affinity;
    }
    hard &= fx_domain_cpus(host, domain);
    soft &= hard;
    state->node_affinity = nodes_of(host, soft ? soft : hard);
}

uint64_t fx_node_affinity(struct fx_host *host, const struct fx_domain *domain)
{
    const struct fx_domain_state *state = fx_domain_state(host, domain);

    /* The control domain, which keeps none, has all. */
    return state ? state->node_affinity : online_nodes(host);
}

int fx_set_node_affinity(struct fx_host *host, struct fx_domain *domain,
                         uint64_t nodes)
{
    struct fx_domain_state *state = fx_domain_state(host, domain);

    if (!(nodes & online_nodes(host)))
        return -EINVAL;
    if (!state)
        return nodes == FX_ALL_NODES ? 0 : -EOPNOTSUPP;
    state->nodes_chosen = nodes != FX_ALL_NODES;
    if (state->nodes_chosen)
        state->node_affinity = nodes;
    else
        fx_update_node_affinity(host, domain);
    return 0;
}

static long set_affinity(const struct fx_caller *caller,
                         struct fx_domain *domain, struct fx_vcpu_state *v,
                         const struct xen_domctl_vcpuaffinity *asked)
{
    uint64_t hard = v->hard_affinity, soft = v->soft_affinity;
    uint64_t cpus = fx_domain_cpus(caller->host, domain);

    if (asked->flags & XEN_VCPUAFFINITY_HARD) {
        if (fx_bitmap_in(caller, &asked->cpumap_hard, &hard))
            return -EFAULT;
        if (!(hard & cpus))
            return -EINVAL;
    }
    if (asked->flags & XEN_VCPUAFFINITY_SOFT &&
        fx_bitmap_in(caller, &asked->cpumap_soft, &soft))
        return -EFAULT;
    v->hard_affinity = hard;
    v->soft_affinity = soft;
    fx_update_node_affinity(caller->host, domain);
    /* What comes of it is told at once. */
    if (asked->flags & XEN_VCPUAFFINITY_HARD &&
        fx_bitmap_out(caller, &asked->cpumap_hard, hard & cpus))
        return -EFAULT;
    if (asked->flags & XEN_VCPUAFFINITY_SOFT)
        return fx_bitmap_out(caller, &asked->cpumap_soft, soft & hard & cpus);
    return 0;
}

long fx_vcpu_affinity(const struct fx_caller *caller, struct fx_domain *domain,
                      struct xen_domctl *op)
{
    const struct xen_domctl_vcpuaffinity *asked = &op->u.vcpuaffinity;
    struct fx_vcpu_state *v = fx_vcpu_state(caller->host, domain, asked->vcpu);

    if (asked->vcpu >= domain->max_vcpus)
        return -EINVAL;
    if (!v)
        return -ESRCH;
    if (!asked->flags ||
        (asked->flags & XEN_VCPUAFFINITY_HARD &&
         !asked->cpumap_hard.bitmap.p) ||
        (asked->flags & XEN_VCPUAFFINITY_SOFT && !asked->cpumap_soft.bitmap.p))
        return -EINVAL;
    if (op->cmd == XEN_DOMCTL_setvcpuaffinity)
        return set_affinity(caller, domain, v, asked);
    if (asked->flags & XEN_VCPUAFFINITY_HARD &&
        fx_bitmap_out(caller, &asked->cpumap_hard, v->hard_affinity))
        return -EFAULT;
    if (asked->flags & XEN_VCPUAFFINITY_SOFT)
        return fx_bitmap_out(caller, &asked->cpumap_soft, v->soft_affinity);
    return 0;
}
