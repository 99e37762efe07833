/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_assist_op.c - __HYPERVISOR_vm_assist: a guest's own assists, as it runs.
 */
#include "hypercall/vm_assist_op.h"

#include "domain/vm_assist.h"

long fx_vm_assist_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    return fx_change_assist(caller->host, caller->domain, (unsigned int)arg[0],
                            (unsigned int)arg[1]);
}
