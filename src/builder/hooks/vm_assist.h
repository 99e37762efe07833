/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_assist.h - telling Xen a domain's VM assists before it has a vCPU.
 *
 * The operation is this project's own addition to Xen; on stock Xen the assists
 * go into vCPU 0's context, as ever.
 */
#ifndef DW_VM_ASSIST_H
#define DW_VM_ASSIST_H

#include <stdbool.h>
#include <stdint.h>
#include <xenctrl.h>

/*
 * The command of struct xen_domctl, well away from upstream's numbers, and
 * its argument in that structure's union.
 */
#define XEN_DOMCTL_vm_assist 0x6477

struct xen_domctl_vm_assist {
    uint64_t enable;  /* IN: a bit for each VMASST_TYPE_* (xen/xen.h) */
    uint64_t enabled; /* OUT: those that are in force */
};

/*
 * Declares `assists` for a domain none of whose vCPUs is initialised.
 * 0: accepted, all of them are in force.
 * -ENOSYS: this hypervisor lacks the operation, or its security policy does not
 * know it.  -EBUSY: a vCPU is initialised.  -EINVAL: an assist that this kind
 * of domain may not have.
 */
int __attribute__((warn_unused_result))
vm_assist_declare(xc_interface *xch, uint32_t domid, uint64_t assists);

/*
 * Does this hypervisor have the operation?  Asked of domain 0, which is past
 * all declarations: nothing changes whatever the answer.  A negative errno
 * where Xen does not say.
 */
int __attribute__((warn_unused_result))
vm_assist_probe(xc_interface *xch, bool *offered);

#endif /* DW_VM_ASSIST_H */
