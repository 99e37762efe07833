/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_table.h - __HYPERVISOR_grant_table_op (xen/grant_table.h).
 */
#ifndef FX_GRANT_TABLE_H
#define FX_GRANT_TABLE_H

#include "domain/caller.h"

long fx_grant_table_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_GRANT_TABLE_H */
