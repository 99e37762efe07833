/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.c - __HYPERVISOR_sched_op (xen/sched.h): what the control domain does
 * to others.
 */
#include "hypercall/sched.h"

#include <errno.h>
#include <stdint.h>

#include <xen/sched.h>

#include "domain/domain.h"
#include "machine/wake.h"

/* The first reason stays. */
static long remote_shutdown(const struct fx_caller *caller, uint64_t at)
{
    struct fx_host *host = caller->host;
    sched_remote_shutdown_t asked;
    struct fx_domain *domain;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_domain(host, asked.domain_id);
    if (!domain)
        return -ESRCH;
    if (domain->id == FX_CONTROL_DOMID) /* the machine would go down */
        return -EPERM;
    if (domain->shutdown_code == FX_NOT_SHUT_DOWN)
        domain->shutdown_code = (uint8_t)asked.reason;
    domain->shutdown = true;
    fx_wake(host);
    return 0;
}

long fx_sched_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    switch ((int)arg[0]) {
    case SCHEDOP_yield:
        return 0;
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(caller, arg[1]);
    default:
        return -ENOSYS;
    }
}
