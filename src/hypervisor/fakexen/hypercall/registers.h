/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * registers.h - registers that a guest's kernel cannot write by itself
 * (xen/xen.h).
 */
#ifndef FX_REGISTERS_H
#define FX_REGISTERS_H

#include "domain/caller.h"

long fx_stack_switch(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_fpu_taskswitch(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_set_debugreg(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_get_debugreg(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_set_segment_base(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_REGISTERS_H */
