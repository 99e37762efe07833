/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vnuma.c - the virtual NUMA topology of a domain, in frames of Xen's own.
 */
#include "domain/vnuma.h"

#include <errno.h>
#include <string.h>

#include <xen/memory.h>

#include "machine/frames.h"

/* Xen keeps them in a page. */
#define MAX_RANGES (FX_PAGE_SIZE / sizeof(xen_vmemrange_t))

/* Xen knows physical nodes up to 63 (MAX_NUMNODES), present or not. */
#define MAX_NODES 64

struct vnuma {
    xen_vmemrange_t range[MAX_RANGES];
    uint32_t distance[FX_MAX_VNODES * FX_MAX_VNODES];
    uint32_t nr_ranges;
    uint8_t vcpu_to_vnode[FX_MAX_VCPUS];
};

_Static_assert(sizeof(struct vnuma) <= FX_VNUMA_FRAMES * FX_PAGE_SIZE,
               "its frames");

static struct vnuma *tables(struct fx_host *host,
                            const struct fx_domain_state *state)
{
    struct vnuma *vnuma;

    if (!state || !state->nr_vnodes || !fx_is_ram(host, state->vnuma) ||
        !fx_is_ram(host, state->vnuma + FX_VNUMA_FRAMES - 1))
        return NULL;
    vnuma = fx_page(host, state->vnuma);
    return vnuma && vnuma->nr_ranges <= MAX_RANGES ? vnuma : NULL;
}

void fx_free_vnuma(struct fx_host *host, struct fx_domain_state *state)
{
    if (tables(host, state))
        fx_free_xen_frames(host, state->vnuma, FX_VNUMA_ORDER);
    state->nr_vnodes = 0;
}

/* ---- as control tools set it ---- */

static uint64_t address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static int read_vcpus(const struct fx_caller *caller, uint8_t *to, uint64_t at,
                      const struct xen_domctl_vnuma *asked)
{
    uint32_t vnode, i;
    int rc = 0;

    /* Xen copies all of them before it looks at one. */
    for (i = 0; i < asked->nr_vcpus; i++) {
        if (fx_copy_in(caller, &vnode, at + i * sizeof(vnode), sizeof(vnode)))
            return -EFAULT;
        if (vnode >= asked->nr_vnodes)
            rc = -E2BIG;
        to[i] = (uint8_t)vnode;
    }
    return rc;
}

static int read_nodes(const struct fx_caller *caller, uint8_t *to, uint64_t at,
                      uint32_t nr)
{
    uint32_t node, i;

    for (i = 0; i < nr; i++) {
        if (fx_copy_in(caller, &node, at + i * sizeof(node), sizeof(node)))
            return -EFAULT;
        if (node >= MAX_NODES)
            return -E2BIG;
        to[i] = (uint8_t)node;
    }
    return 0;
}

/* In Xen's order, which decides what is told of several faults. */
static int read_tables(const struct fx_caller *caller, struct vnuma *to,
                       uint8_t *nodes, const struct xen_domctl_vnuma *asked)
{
    uint32_t n = asked->nr_vnodes, i;
    int rc;

    to->nr_ranges = asked->nr_vmemranges;
    if (fx_copy_in(caller, to->distance, address(asked->vdistance.p),
                   (size_t)n * n * sizeof(to->distance[0])) ||
        fx_copy_in(caller, to->range, address(asked->vmemrange.p),
                   to->nr_ranges * sizeof(to->range[0])))
        return -EFAULT;
    rc = read_vcpus(caller, to->vcpu_to_vnode, address(asked->vcpu_to_vnode.p),
                    asked);
    if (!rc)
        rc = read_nodes(caller, nodes, address(asked->vnode_to_pnode.p), n);
    for (i = 0; !rc && i < to->nr_ranges; i++)
        rc = to->range[i].flags ? -EINVAL : 0;
    return rc;
}

long fx_set_vnuma(const struct fx_caller *caller, struct fx_domain *domain,
                  const struct xen_domctl_vnuma *asked)
{
    struct fx_host *host = caller->host;
    struct fx_domain_state *state = fx_domain_state(host, domain);
    uint8_t nodes[FX_MAX_VNODES] = {0};
    uint64_t mfn;
    int rc;

    if (!state || asked->nr_vcpus != domain->max_vcpus || asked->pad ||
        !asked->nr_vnodes || asked->nr_vnodes > FX_MAX_VNODES ||
        asked->nr_vmemranges > MAX_RANGES)
        return -EINVAL;
    mfn = fx_xen_frames(host, FX_VNUMA_ORDER);
    if (mfn == FX_NO_MFN)
        return -ENOMEM;
    rc = read_tables(caller, fx_page(host, mfn), nodes, asked);
    if (rc) {
        fx_free_xen_frames(host, mfn, FX_VNUMA_ORDER);
        return rc;
    }
    fx_free_vnuma(host, state);
    memcpy(state->vnode_to_pnode, nodes, sizeof(nodes));
    state->vnuma = mfn;
    state->nr_vnodes = asked->nr_vnodes;
    return 0;
}

/* ---- as it is told ---- */

static long write_tables(const struct fx_caller *caller,
                         const struct vnuma *vnuma, uint32_t vcpus,
                         uint32_t vnodes,
                         const struct xen_vnuma_topology_info *to)
{
    uint32_t i;

    if (fx_copy_out(caller, address(to->vmemrange.h.p), vnuma->range,
                    vnuma->nr_ranges * sizeof(vnuma->range[0])) ||
        fx_copy_out(caller, address(to->vdistance.h.p), vnuma->distance,
                    (size_t)vnodes * vnodes * sizeof(vnuma->distance[0])))
        return -EFAULT;
    for (i = 0; i < vcpus; i++) {
        uint32_t vnode = vnuma->vcpu_to_vnode[i];

        if (fx_copy_out(caller,
                        address(to->vcpu_to_vnode.h.p) + i * sizeof(vnode),
                        &vnode, sizeof(vnode)))
            return -EFAULT;
    }
    return 0;
}

long fx_get_vnuma(const struct fx_caller *caller, uint64_t at)
{
    struct xen_vnuma_topology_info asked;
    const struct fx_domain_state *state;
    const struct vnuma *vnuma;
    struct fx_domain *domain;
    bool fits;
    long rc;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.pad)
        return -EINVAL;
    domain = fx_caller_domain(caller, asked.domid);
    if (!domain)
        return -ESRCH;
    state = fx_domain_state(caller->host, domain);
    vnuma = tables(caller->host, state);
    if (!vnuma)
        return -EOPNOTSUPP;
    fits = asked.nr_vnodes >= state->nr_vnodes &&
           asked.nr_vcpus >= domain->max_vcpus &&
           asked.nr_vmemranges >= vnuma->nr_ranges;
    rc = fits ? write_tables(caller, vnuma, domain->max_vcpus, state->nr_vnodes,
                             &asked)
              : -ENOBUFS;
    if (rc == -EFAULT)
        return rc;
    asked.nr_vnodes = state->nr_vnodes;
    asked.nr_vcpus = domain->max_vcpus;
    asked.nr_vmemranges = vnuma->nr_ranges;
    return fx_copy_out(caller, at, &asked, sizeof(asked)) ? -EFAULT : rc;
}
