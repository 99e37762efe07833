/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmuext.h - __HYPERVISOR_mmuext_op (xen/xen.h).
 */
#ifndef FX_MMUEXT_H
#define FX_MMUEXT_H

#include "domain/caller.h"

long fx_mmuext_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_MMUEXT_H */
