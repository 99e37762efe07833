/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmu_update.h - __HYPERVISOR_mmu_update (xen/xen.h).
 */
#ifndef FX_MMU_UPDATE_H
#define FX_MMU_UPDATE_H

#include "domain/caller.h"

/* An entry of a table in use, which may map frames of `owner`. */
int __attribute__((warn_unused_result))
fx_update_table(struct fx_host *host, struct fx_domain *domain, uint16_t owner,
                uint64_t mfn, unsigned int slot, uint64_t value, bool keep_ad);

long fx_mmu_update_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_MMU_UPDATE_H */
