/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * affinity.h - where a vCPU may run, where it had better, and which nodes are
 * its domain's because of that.
 */
#ifndef FX_AFFINITY_H
#define FX_AFFINITY_H

#include <stdint.h>

#include <xen/domctl.h>

#include "domain/caller.h"
#include "domain/state.h"

/* The most nodes that Xen can be told of, whatever the machine has. */
#define FX_ALL_NODES UINT64_MAX

/* The node of a CPU: they take turns. */
static inline uint32_t fx_cpu_node(const struct fx_host *host, uint32_t cpu)
{
    return cpu % host->super->nr_nodes;
}

/* XEN_DOMCTL_setvcpuaffinity and _getvcpuaffinity. */
long fx_vcpu_affinity(const struct fx_caller *caller, struct fx_domain *domain,
                      struct xen_domctl *op);

/* The CPU that a vCPU is on: one that it prefers of those where it may run. */
uint32_t fx_vcpu_cpu(const struct fx_host *host, const struct fx_domain *domain,
                     const struct fx_vcpu_state *v, uint32_t vcpu);

/*
 * The nodes that memory for the domain comes from first.  Unless a control tool
 * names them they follow where its vCPUs run: to be called when that changes.
 */
void fx_update_node_affinity(struct fx_host *host, struct fx_domain *domain);
uint64_t fx_node_affinity(struct fx_host *host, const struct fx_domain *domain);

/* FX_ALL_NODES: let them follow again. */
int __attribute__((warn_unused_result))
fx_set_node_affinity(struct fx_host *host, struct fx_domain *domain,
                     uint64_t nodes);

#endif /* FX_AFFINITY_H */
