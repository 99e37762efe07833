/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * va_mapping.h - __HYPERVISOR_update_va_mapping and its like (xen/xen.h).
 */
#ifndef FX_VA_MAPPING_H
#define FX_VA_MAPPING_H

#include "domain/caller.h"

long fx_update_va_mapping(const struct fx_caller *caller,
                          const uint64_t arg[5]);
long fx_update_va_mapping_otherdomain(const struct fx_caller *caller,
                                      const uint64_t arg[5]);

#endif /* FX_VA_MAPPING_H */
