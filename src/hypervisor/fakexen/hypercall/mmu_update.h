/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmu_update.h - __HYPERVISOR_mmu_update (xen/xen.h).
 */
#ifndef FX_MMU_UPDATE_H
#define FX_MMU_UPDATE_H

#include "domain/caller.h"

long fx_mmu_update_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_MMU_UPDATE_H */
