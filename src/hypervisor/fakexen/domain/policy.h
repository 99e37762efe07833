/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - the CPU policies of the machine, which is the same one always:
 * what a guest sees must not depend on where fakexen runs; and the domains'.
 */
#ifndef FX_POLICY_H
#define FX_POLICY_H

#include <stdint.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>

#include "domain/caller.h"

/* Words of a feature set, in XEN_SYSCTL_get_cpu_featureset's order. */
#define FX_FEATURE_WORDS 19

/*
 * System policy `index` (XEN_SYSCTL_cpu_policy_*): to the caller's buffers, and
 * the counts to `op`.  -EINVAL, -ENOBUFS, -EFAULT.
 */
long fx_policy_system(const struct fx_caller *caller,
                      struct xen_sysctl_cpu_policy *op);

/* The feature set `index`, or -EINVAL. */
int __attribute__((warn_unused_result))
fx_policy_features(uint32_t index, uint32_t features[FX_FEATURE_WORDS]);

/* A domain's. */
void fx_policy_init(struct fx_host *host, struct fx_domain *domain);
void fx_policy_recalculate(struct fx_host *host, struct fx_domain *domain);
long fx_policy_get(const struct fx_caller *caller,
                   const struct fx_domain *domain,
                   struct xen_domctl_cpu_policy *op);
long fx_policy_set(const struct fx_caller *caller, struct fx_domain *domain,
                   struct xen_domctl_cpu_policy *op);

/* What CPUID tells the domain: eax, ebx, ecx, edx.  With the lock held. */
void fx_policy_cpuid(struct fx_host *host, const struct fx_domain *domain,
                     uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

#endif /* FX_POLICY_H */
