/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * context.h - vCPU contexts: XEN_DOMCTL_{set,get}vcpucontext.
 */
#ifndef FX_CONTEXT_H
#define FX_CONTEXT_H

#include "domain/caller.h"

/* The structure at `from`, `to`. */
long fx_set_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t from);
long fx_get_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t to);
void fx_reset_vcpu(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu);
/* Gives the roots and the GDT back, and leaves the rest of a context. */
void fx_put_tables(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu);

#endif /* FX_CONTEXT_H */
