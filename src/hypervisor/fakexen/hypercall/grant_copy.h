/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_copy.h - GNTTABOP_copy (xen/grant_table.h): what one frame has, to
 * another, each granted or the caller's own.
 */
#ifndef FX_GRANT_COPY_H
#define FX_GRANT_COPY_H

#include "domain/caller.h"

long fx_grant_copy_op(const struct fx_caller *caller, uint64_t at,
                      uint32_t count);

#endif /* FX_GRANT_COPY_H */
