/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_assist_op.h - __HYPERVISOR_vm_assist (xen/xen.h).
 */
#ifndef FX_VM_ASSIST_OP_H
#define FX_VM_ASSIST_OP_H

#include "domain/caller.h"

long fx_vm_assist_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_VM_ASSIST_OP_H */
