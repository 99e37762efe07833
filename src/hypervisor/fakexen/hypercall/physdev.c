/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev.c - __HYPERVISOR_physdev_op (xen/physdev.h). The machine has no
 * devices: nothing to map, nothing to unmap.
 */
#include "hypercall/physdev.h"

#include <errno.h>
#include <stdint.h>

#include <xen/physdev.h>

/* Both structures begin with the domain. */
static long no_interrupt(const struct fx_caller *caller, uint64_t at)
{
    domid_t domid;

    if (fx_copy_in(caller, &domid, at, sizeof(domid)))
        return -EFAULT;
    return fx_caller_domain(caller, domid) ? -EINVAL : -ESRCH;
}

long fx_physdev_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    switch ((int)arg[0]) {
    case PHYSDEVOP_map_pirq:
    case PHYSDEVOP_unmap_pirq:
        return no_interrupt(caller, arg[1]);
    default:
        return -ENOSYS;
    }
}
