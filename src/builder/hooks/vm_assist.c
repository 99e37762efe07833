/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include <xencall.h>

#include "hooks/vm_assist.h"
#include "xen_versions.h"

/* xc_domctl() knows no operation that is stable. */
#define DOMCTL_VERSION                                                         \
    (XEN_HAS_STABLE_DOMCTLS ? 0 : XEN_DOMCTL_INTERFACE_VERSION)

/* FLASK denies what it has not heard of, before Xen looks for it; and Xen takes
 * 0 for a version that it is not, where it knows no such operation. */
static bool is_unknown(int rc)
{
    return rc == -EPERM || (XEN_HAS_STABLE_DOMCTLS && rc == -EACCES);
}

static int vm_assist_op(xc_interface *xch, uint32_t domid,
                        struct xen_domctl_vm_assist *op)
{
    xencall_handle *xcall = xc_interface_xcall_handle(xch);
    struct xen_domctl *domctl = xencall_alloc_buffer(xcall, sizeof(*domctl));
    int rc;

    if (!domctl)
        return -ENOMEM;
    *domctl = (struct xen_domctl){.cmd = XEN_DOMCTL_vm_assist,
                                  .interface_version = DOMCTL_VERSION,
                                  .domain = (domid_t)domid};
    memcpy(&domctl->u, op, sizeof(*op));
    rc = xencall1(xcall, __HYPERVISOR_domctl, (uintptr_t)domctl) < 0 ? -errno
                                                                     : 0;
    if (!rc)
        memcpy(op, &domctl->u, sizeof(*op));
    xencall_free_buffer(xcall, domctl);
    return is_unknown(rc) ? -ENOSYS : rc;
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
