/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_state.h - the parts of a vCPU beside its context that are saved and
 * restored.
 */
#ifndef FX_VCPU_STATE_H
#define FX_VCPU_STATE_H

#include <stdint.h>

#include <xen/domctl.h>

#include "domain/caller.h"
#include "domain/state.h"

/* A new one's, that begins to wait now. */
void fx_vcpu_state_init(struct fx_vcpu_state *v, int64_t now);
long fx_ext_context(const struct fx_caller *caller, struct fx_domain *domain,
                    struct xen_domctl *op);
long fx_vcpu_xstate(const struct fx_caller *caller, struct fx_domain *domain,
                    struct xen_domctl *op);
long fx_vcpu_msrs(const struct fx_caller *caller, struct fx_domain *domain,
                  struct xen_domctl *op);

#endif /* FX_VCPU_STATE_H */
