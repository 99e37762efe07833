/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev.c - __HYPERVISOR_physdev_op (xen/physdev.h). The machine has no
 * devices: nothing to map, nothing to unmap.
 */
#include "hypercall/physdev.h"

#include <errno.h>
#include <stdint.h>

#include <xen/physdev.h>

#include "domain/state.h"

/* Both structures begin with the domain. */
static long no_interrupt(const struct fx_caller *caller, uint64_t at)
{
    domid_t domid;

    if (fx_copy_in(caller, &domid, at, sizeof(domid)))
        return -EFAULT;
    if (!fx_caller_domain(caller, domid))
        return -ESRCH;
    return fx_is_control(caller) ? -EINVAL : -EPERM;
}

/* The I/O privilege level that the guest's kernel believes it has. */
static long set_iopl(const struct fx_caller *caller, uint64_t at)
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);
    physdev_set_iopl_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (!v || asked.iopl > 3)
        return -EINVAL;
    v->iopl = (uint8_t)asked.iopl;
    return 0;
}

long fx_physdev_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    switch ((int)arg[0]) {
    case PHYSDEVOP_map_pirq:
    case PHYSDEVOP_unmap_pirq:
        return no_interrupt(caller, arg[1]);
    case PHYSDEVOP_set_iopl:
        return caller->is_guest ? set_iopl(caller, arg[1]) : -ENOSYS;
    default:
        return -ENOSYS;
    }
}
