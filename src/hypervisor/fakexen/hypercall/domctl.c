/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl.c - __HYPERVISOR_domctl, command by command.
 */
#include "hypercall/domctl.h"

#include <errno.h>

#include "domain/vm_assist.h"
#include "hypercall/domctl_domain.h"
#include "hypercall/domctl_memory.h"
#include "hypercall/domctl_time.h"
#include "hypercall/domctl_vcpu.h"
#include "xen_versions.h"

/* Accepted for the guest's sake, to which it makes no difference here. */
static long nothing_to_do(struct fx_domctl *call)
{
    (void)call;
    return 0;
}

/* Only an interrupt that the machine has once can be handed on. */
static long set_virq_handler(struct fx_domctl *call)
{
    uint32_t virq = call->op->u.set_virq_handler.virq;

    return virq >= NR_VIRQS || virq == VIRQ_TIMER || virq == VIRQ_DEBUG ||
                   virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU ||
                   (XEN_NO_VIRQ_WHEN_DYING && call->domain->dying)
               ? -EINVAL
               : 0;
}

/* There is no colouring. */
static long no_colors(struct fx_domctl *call)
{
    (void)call;
    return -EOPNOTSUPP;
}

static fx_domctl_function other(uint32_t command)
{
    switch (command) {
    case XEN_DOMCTL_settimeoffset:
    case XEN_DOMCTL_subscribe:
        return nothing_to_do;
    case XEN_DOMCTL_set_virq_handler:
        return set_virq_handler;
    case XEN_DOMCTL_LLC_COLORS:
        return XEN_KNOWS_LLC_COLORS ? no_colors : NULL;
    default:
        return NULL;
    }
}

static fx_domctl_function function_for(uint32_t command)
{
    fx_domctl_function (*const subject[])(uint32_t) = {
        fx_domctl_domain, fx_domctl_vcpu, fx_domctl_memory,
        fx_domctl_time,   other,
    };
    fx_domctl_function function = NULL;

    for (unsigned int i = 0;
         !function && i < sizeof(subject) / sizeof(*subject); i++)
        function = subject[i](command);
    return function;
}

static uint32_t version_of(const struct fx_host *host, uint32_t command)
{
    bool stable =
        command == XEN_DOMCTL_DOMAIN_STATE ||
        (command == XEN_DOMCTL_vm_assist && host->super->level == FX_PATCHED);

    return XEN_HAS_STABLE_DOMCTLS && stable ? 0 : XEN_DOMCTL_INTERFACE_VERSION;
}

/* Is it to be answered although there is no such domain? */
static bool goes_without(const struct xen_domctl *op)
{
    return op->cmd == XEN_DOMCTL_getdomaininfo ||
           (XEN_KNOWS_DOMAIN_STATE && op->cmd == XEN_DOMCTL_DOMAIN_STATE &&
            op->domain == DOMID_INVALID);
}

long fx_domctl(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct xen_domctl op;
    struct fx_domctl call = {.caller = caller, .host = caller->host, .op = &op};
    fx_domctl_function function;
    long rc;

    if (fx_copy_in(caller, &op, arg[0], sizeof(op)))
        return -EFAULT;
    if (op.interface_version != version_of(caller->host, op.cmd))
        return -EACCES;
    if (op.cmd != XEN_DOMCTL_createdomain) {
        call.domain = fx_domain(caller->host, op.domain);
        if (!call.domain && !goes_without(&op))
            return -ESRCH;
    }
    if (!fx_is_control(caller))
        return -EPERM;
    function = function_for(op.cmd);
    rc = function ? function(&call) : -ENOSYS;
    if (call.copy_back && fx_copy_out(caller, arg[0], &op, sizeof(op)))
        return -EFAULT;
    return rc;
}
