/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * placement.c - where the memory that a caller asks for may lie.
 */
#include "hypercall/placement.h"

#include <errno.h>

#include <xen/memory.h>

#include "domain/affinity.h"
#include "domain/state.h"

/* The compat M2P that a 32-bit guest sees ends here, in entries: it has the
 * addresses from 0xf5800000 to 0xffe00000 (xen/arch-x86/xen-x86_32.h). */
#define COMPAT_M2P_ENTRIES ((0xffe00000u - 0xf5800000u) / 4)

static unsigned int bits_for(uint64_t number)
{
    return number > 1 ? 64 - (unsigned int)__builtin_clzll(number - 1) : 0;
}

/* A 32-bit guest can use no frame that its M2P does not reach. */
unsigned int fx_clamp_bits(const struct fx_host *host,
                           const struct fx_domain *domain, unsigned int bits)
{
    unsigned int limit = bits_for(COMPAT_M2P_ENTRIES + 1) - 1 + FX_PAGE_SHIFT;

    if (!domain->is_32bit || host->super->nr_frames <= COMPAT_M2P_ENTRIES)
        return bits;
    return bits && bits < limit ? bits : limit;
}

static int set_node(const struct fx_host *host, struct fx_alloc *want,
                    unsigned int flags, unsigned int node)
{
    if (node == FX_ANY_NODE)
        return 0;
    /* Xen has 64 nodes at most, which it may be asked for though absent. */
    if (node >= 64)
        return -EINVAL;
    want->exact_node = flags & XENMEMF_exact_node_request;
    if (node < host->super->nr_nodes)
        want->node = node;
    else if (want->exact_node)
        return -ENOMEM;
    return 0;
}

/* XENMEMF_node() keeps the node plus one, in eight bits. */
static unsigned int asked_node(unsigned int flags)
{
    unsigned int node = XENMEMF_get_node(flags);

    return (node & 0xff) == 0xff ? FX_ANY_NODE : node;
}

int fx_place_on_node(const struct fx_host *host, struct fx_alloc *want,
                     unsigned int flags)
{
    return set_node(host, want, flags, asked_node(flags));
}

static int virtual_node(struct fx_host *host, const struct fx_domain *domain,
                        unsigned int *node)
{
    const struct fx_domain_state *state = fx_domain_state(host, domain);

    if (!state || !state->nr_vnodes) {
        *node = FX_ANY_NODE;
        return 0;
    }
    if (*node >= state->nr_vnodes)
        return -EINVAL;
    *node = state->vnode_to_pnode[*node];
    return 0;
}

int fx_place(struct fx_host *host, const struct fx_domain *domain,
             struct fx_alloc *want, unsigned int flags)
{
    unsigned int bits = XENMEMF_get_address_bits(flags);
    unsigned int node = asked_node(flags);
    int rc;

    if (bits && bits < bits_for(host->super->nr_frames) + FX_PAGE_SHIFT) {
        if (bits <= FX_PAGE_SHIFT)
            return -EINVAL;
        want->bits = bits;
    }
    want->bits = fx_clamp_bits(host, domain, want->bits);
    want->nodes = fx_node_affinity(host, domain);
    if (flags & XENMEMF_vnode) {
        rc = virtual_node(host, domain, &node);
        if (rc)
            return rc;
    }
    return set_node(host, want, flags, node);
}
