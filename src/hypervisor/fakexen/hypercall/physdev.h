/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev.h - __HYPERVISOR_physdev_op (xen/physdev.h).
 */
#ifndef FX_PHYSDEV_H
#define FX_PHYSDEV_H

#include "domain/caller.h"

long fx_physdev_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_PHYSDEV_H */
