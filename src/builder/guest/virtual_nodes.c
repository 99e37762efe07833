/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/virtual_nodes.h"

#include <errno.h>
#include <stdlib.h>

static void set_ranges(const struct vnuma *v, xen_vmemrange_t *range)
{
    uint64_t at = 0;

    for (unsigned int i = 0; i < v->n_nodes; i++) {
        range[i] = (xen_vmemrange_t){.start = at, .nid = i};
        at += (uint64_t)v->node[i].mib << 20;
        range[i].end = at;
    }
}

static void set_pnodes(const struct vnuma *v, unsigned int *pnode)
{
    for (unsigned int i = 0; i < v->n_nodes; i++)
        pnode[i] = v->node[i].pnode;
}

int virtual_nodes_plan(struct xc_dom_image *dom, const struct config *cfg)
{
    const struct vnuma *v = cfg->vnuma;

    if (!v)
        return 0;
    dom->vmemranges = xc_dom_malloc(dom, v->n_nodes * sizeof(*dom->vmemranges));
    dom->vnode_to_pnode =
        xc_dom_malloc(dom, v->n_nodes * sizeof(*dom->vnode_to_pnode));
    if (!dom->vmemranges || !dom->vnode_to_pnode)
        return -ENOMEM;
    dom->nr_vmemranges = dom->nr_vnodes = v->n_nodes;
    set_ranges(v, dom->vmemranges);
    set_pnodes(v, dom->vnode_to_pnode);
    return 0;
}

static int check_host(struct host *host, const struct config *cfg,
                      const xc_physinfo_t *phys)
{
    const struct vnuma *v = cfg->vnuma;

    for (unsigned int i = 0; i < v->n_nodes; i++)
        if (v->node[i].pnode >= phys->nr_nodes)
            return config_fail(cfg, host->dg, DW_CONFIG, -EINVAL, "vnuma",
                               "node %u: its pnode is %u, and the host has %u "
                               "nodes",
                               i, v->node[i].pnode, phys->nr_nodes);
    /* xl's rule: so many are a slip, unless they are named twice. */
    if (!config_has(cfg, "maxvcpus") && v->n_vcpus > phys->nr_cpus)
        return config_fail(cfg, host->dg, DW_CONFIG, -EINVAL, "vnuma",
                           "it has %u vCPUs, and the host %u CPUs; maxvcpus=%u "
                           "says that this is meant",
                           v->n_vcpus, phys->nr_cpus, v->n_vcpus);
    return 0;
}

static int set(struct host *host, uint32_t domid, const struct vnuma *v,
               unsigned int *node_of)
{
    unsigned int distance[VNUMA_MAX_NODES * VNUMA_MAX_NODES];
    unsigned int pnode[VNUMA_MAX_NODES];
    xen_vmemrange_t range[VNUMA_MAX_NODES];

    set_ranges(v, range);
    set_pnodes(v, pnode);
    for (unsigned int i = 0; i < v->n_nodes * v->n_nodes; i++)
        distance[i] = v->node[i / v->n_nodes].distance[i % v->n_nodes];
    for (unsigned int i = 0; i < v->n_vcpus; i++)
        node_of[i] = v->node_of[i] - 1u;
    if (xc_domain_setvnuma(host->xc, domid, v->n_nodes, v->n_nodes, v->n_vcpus,
                           range, distance, node_of, pnode))
        return diag_fail_xc(host->dg, "setting the guest's NUMA nodes");
    return 0;
}

int virtual_nodes_set(struct host *host, uint32_t domid,
                      const struct config *cfg, const xc_physinfo_t *phys)
{
    unsigned int *node_of;
    int rc = cfg->vnuma ? check_host(host, cfg, phys) : 0;

    if (rc || !cfg->vnuma)
        return rc;
    node_of = calloc(cfg->vnuma->n_vcpus, sizeof(*node_of));
    if (!node_of)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    rc = set(host, domid, cfg->vnuma, node_of);
    free(node_of);
    return rc;
}
