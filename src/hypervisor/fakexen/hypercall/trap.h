/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trap.h - where a guest's kernel is entered (xen/callback.h, xen/xen.h).
 */
#ifndef FX_TRAP_H
#define FX_TRAP_H

#include "domain/caller.h"

long fx_set_trap_table(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_set_callbacks(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_callback_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_nmi_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_TRAP_H */
