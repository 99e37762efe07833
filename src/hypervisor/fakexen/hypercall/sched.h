/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.h - __HYPERVISOR_sched_op (xen/sched.h).
 */
#ifndef FX_SCHED_H
#define FX_SCHED_H

#include "domain/caller.h"

long fx_sched_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_SCHED_H */
