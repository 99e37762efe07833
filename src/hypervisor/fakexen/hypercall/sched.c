/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.c - __HYPERVISOR_sched_op (xen/sched.h): what a guest's vCPUs wait for,
 * how a domain ends, and what the control domain does to others.
 */
#include "hypercall/sched.h"

#include <errno.h>
#include <stdint.h>

#include <xen/sched.h>

#include "domain/domain.h"
#include "domain/event.h"
#include "domain/ports.h"
#include "domain/state.h"
#include "hypercall/compat.h"

/* Ports that Xen looks at for one poll. */
#define MAX_POLLED 128

static long shutdown(const struct fx_caller *caller, uint64_t at,
                     bool code_alone)
{
    sched_shutdown_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (!code_alone)
        fx_domain_shutdown(caller->host, caller->domain, (uint8_t)asked.reason);
    else if (caller->domain->shutdown_code == FX_NOT_SHUT_DOWN)
        caller->domain->shutdown_code = (uint8_t)asked.reason;
    return 0;
}

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
    /* Of the control domain: the machine would go down. */
    if (!fx_is_control(caller) || domain->id == FX_CONTROL_DOMID)
        return -EPERM;
    fx_domain_shutdown(host, domain, (uint8_t)asked.reason);
    return 0;
}

/* Until one of the ports is pending, or the time has come. */
static long poll(const struct fx_caller *caller, uint64_t at)
{
    struct fx_host *host = caller->host;
    struct fx_vcpu_state *v = fx_vcpu_state(host, caller->domain, caller->vcpu);
    evtchn_port_t port = 0;
    sched_poll_t asked;
    uint64_t ports;
    uint32_t i;

    if (fx_struct_in(caller, FX_SCHED_POLL, &asked, at))
        return -EFAULT;
    if (asked.nr_ports > MAX_POLLED)
        return -EINVAL;
    if (!v || fx_vcpu_event_due(host, caller->domain, caller->vcpu))
        return 0;
    ports = (uint64_t)(uintptr_t)asked.ports.p;
    for (i = 0; i < asked.nr_ports; i++) {
        if (fx_copy_in(caller, &port, ports + i * sizeof(port), sizeof(port)))
            return -EFAULT;
        if (!fx_port(host, caller->domain, port))
            return -EINVAL;
        if (fx_event_is_pending(host, caller->domain, port))
            return 0;
    }
    v->blocked = true;
    v->poll_port = asked.nr_ports == 1 ? port : FX_POLL_MANY;
    v->poll_until = (int64_t)asked.timeout;
    return 0;
}

static long yield(const struct fx_caller *caller)
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);

    if (caller->is_guest && v)
        v->yields = 1;
    return 0;
}

static long block(const struct fx_caller *caller)
{
    uint8_t *info = fx_vcpu_info(caller->host, caller->domain, caller->vcpu);

    if (info)
        __atomic_store_n(&info[FX_UPCALL_MASK], 0, __ATOMIC_SEQ_CST);
    fx_vcpu_block(caller->host, caller->domain, caller->vcpu);
    return 0;
}

static long guest_op(const struct fx_caller *caller, int command, uint64_t at)
{
    switch (command) {
    case SCHEDOP_block:
        return block(caller);
    case SCHEDOP_shutdown:
        return shutdown(caller, at, false);
    case SCHEDOP_shutdown_code:
        return shutdown(caller, at, true);
    case SCHEDOP_poll:
        return poll(caller, at);
    case SCHEDOP_pin_override:
        return -EPERM;
    default:
        return -ENOSYS;
    }
}

long fx_sched_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    switch ((int)arg[0]) {
    case SCHEDOP_yield:
        return yield(caller);
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(caller, arg[1]);
    default:
        return caller->is_guest ? guest_op(caller, (int)arg[0], arg[1])
                                : -ENOSYS;
    }
}
