/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * resource.h - XENMEM_acquire_resource: the frames that a domain shares with
 * Xen.
 */
#ifndef FX_RESOURCE_H
#define FX_RESOURCE_H

#include "domain/caller.h"

long fx_acquire_resource_op(const struct fx_caller *caller, uint64_t start,
                            uint64_t at);

#endif /* FX_RESOURCE_H */
