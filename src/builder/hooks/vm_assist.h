/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_assist.h - telling Xen a domain's VM assists before it has memory.
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
#define XEN_DOMCTL_VM_ASSIST_get 0
#define XEN_DOMCTL_VM_ASSIST_set 1
    uint32_t op;      /* IN: XEN_DOMCTL_VM_ASSIST_* */
    uint32_t pad;     /* IN: 0 */
    uint64_t assists; /* IN (set), OUT (get): a bit for each VMASST_TYPE_*
                         (xen/xen.h) */
};

/*
 * Declares that a domain has `assists` and no others.  It must have its width
 * and no pages yet.
 * 0: these are in force, and vCPU 0's context has to name the same.
 * -ENOSYS: this hypervisor lacks the operation, or its security policy does not
 * know it.  -EBUSY: the domain has pages, or was unpaused once.  -EINVAL: an
 * assist that this kind of domain may not have.
 */
int __attribute__((warn_unused_result))
vm_assist_declare(xc_interface *xch, uint32_t domid, uint64_t assists);

/*
 * Does this hypervisor have the operation?  By asking for domain 0's assists.
 * A negative errno where Xen does not say.
 */
int __attribute__((warn_unused_result))
vm_assist_probe(xc_interface *xch, bool *offered);

#endif /* DW_VM_ASSIST_H */
