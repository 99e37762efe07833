/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vnuma.h - the virtual NUMA topology of a domain.
 *
 * The hypervisor goes by which physical node a virtual one stands for; the rest
 * is kept for the domain, and for who saves it.
 */
#ifndef FX_VNUMA_H
#define FX_VNUMA_H

#include <stdint.h>

#include <xen/domctl.h>

#include "domain/caller.h"
#include "domain/state.h"

/* Frames of Xen's: a power of two of them. */
#define FX_VNUMA_ORDER  2
#define FX_VNUMA_FRAMES (1u << FX_VNUMA_ORDER)

/* XEN_DOMCTL_setvnumainfo. */
long fx_set_vnuma(const struct fx_caller *caller, struct fx_domain *domain,
                  const struct xen_domctl_vnuma *asked);

/* XENMEM_get_vnumainfo, of whatever domain the caller names at `at`. */
long fx_get_vnuma(const struct fx_caller *caller, uint64_t at);

void fx_free_vnuma(struct fx_host *host, struct fx_domain_state *state);

#endif /* FX_VNUMA_H */
