/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "hooks/vm_assist.h"

int vm_assist_declare(xc_interface *xch, uint32_t domid, uint64_t assists)
{
    struct xen_domctl domctl = {.cmd = XEN_DOMCTL_vm_assist,
                                .domain = (domid_t)domid};
    struct xen_domctl_vm_assist op = {.enable = assists};

    memcpy(&domctl.u, &op, sizeof(op));
    /* FLASK denies what it has not heard of, before Xen looks for it. */
    if (xc_domctl(xch, &domctl))
        return errno == EPERM ? -ENOSYS : -errno;
    memcpy(&op, &domctl.u, sizeof(op));
    return (op.enabled & assists) == assists ? 0 : -EPROTO;
}

int vm_assist_probe(xc_interface *xch, bool *offered)
{
    int rc = vm_assist_declare(xch, 0, 0);

    *offered = !rc || rc == -EBUSY || rc == -EINVAL;
    return *offered || rc == -ENOSYS ? 0 : rc;
}
