/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctl.h - __HYPERVISOR_sysctl (xen/sysctl.h).
 */
#ifndef FX_SYSCTL_H
#define FX_SYSCTL_H

#include "domain/caller.h"

long fx_sysctl(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_SYSCTL_H */
