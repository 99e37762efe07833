/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * version.h - __HYPERVISOR_xen_version (xen/version.h).
 */
#ifndef FX_VERSION_H
#define FX_VERSION_H

#include "domain/caller.h"

long fx_xen_version(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_VERSION_H */
