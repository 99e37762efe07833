/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * placement.h - where the memory that a caller asks for may lie: XENMEMF_*.
 */
#ifndef FX_PLACEMENT_H
#define FX_PLACEMENT_H

#include "domain/caller.h"
#include "machine/alloc.h"

/* The most that the caller may ask for at once: 1 GiB, or 2 MiB (Xen:
 * max_order(); CONFIG_CTLDOM_MAX_ORDER, CONFIG_DOMU_MAX_ORDER). */
static inline unsigned int fx_max_extent_order(const struct fx_caller *caller)
{
    return fx_is_control(caller) ? 18 : 9;
}

/* Of a number of address bits, those in which the domain can use frames. */
unsigned int fx_clamp_bits(const struct fx_host *host,
                           const struct fx_domain *domain, unsigned int bits);

/* The node that the flags name; -EINVAL, -ENOMEM for one that is not there. */
int __attribute__((warn_unused_result))
fx_place_on_node(const struct fx_host *host, struct fx_alloc *want,
                 unsigned int flags);

/* Node, virtual node and address bits, as in a reservation. */
int __attribute__((warn_unused_result))
fx_place(struct fx_host *host, const struct fx_domain *domain,
         struct fx_alloc *want, unsigned int flags);

#endif /* FX_PLACEMENT_H */
