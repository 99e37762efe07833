/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_op.h - a guest's vCPUs: up, down, and what they learn of time
 * (xen/vcpu.h).
 */
#ifndef FX_VCPU_OP_H
#define FX_VCPU_OP_H

#include "domain/caller.h"

long fx_vcpu_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_set_timer_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_VCPU_OP_H */
