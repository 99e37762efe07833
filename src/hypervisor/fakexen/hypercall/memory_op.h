/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op.h - __HYPERVISOR_memory_op (xen/memory.h).
 */
#ifndef FX_MEMORY_OP_H
#define FX_MEMORY_OP_H

#include "domain/caller.h"

long fx_memory_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_MEMORY_OP_H */
