/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "hooks/vm_assist.h"

static int vm_assist_op(xc_interface *xch, uint32_t domid,
                        struct xen_domctl_vm_assist *op)
{
    struct xen_domctl domctl = {.cmd = XEN_DOMCTL_vm_assist,
                                .domain = (domid_t)domid};

    memcpy(&domctl.u, op, sizeof(*op));
    /* FLASK denies what it has not heard of, before Xen looks for it. */
    if (xc_domctl(xch, &domctl))
        return errno == EPERM ? -ENOSYS : -errno;
    memcpy(op, &domctl.u, sizeof(*op));
    return 0;
}

int vm_assist_declare(xc_interface *xch, uint32_t domid, uint64_t assists)
{
    struct xen_domctl_vm_assist op = {.op = XEN_DOMCTL_VM_ASSIST_set,
                                      .assists = assists};

    return vm_assist_op(xch, domid, &op);
}

int vm_assist_probe(xc_interface *xch, bool *offered)
{
    struct xen_domctl_vm_assist op = {.op = XEN_DOMCTL_VM_ASSIST_get};
    int rc = vm_assist_op(xch, 0, &op);

    *offered = !rc;
    return rc == -ENOSYS ? 0 : rc;
}
