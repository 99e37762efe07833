/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_channel.c - __HYPERVISOR_event_channel_op (xen/event_channel.h): ports
 * and what they are bound to.
 */
#include "hypercall/event_channel.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/event_channel.h>

#include "domain/event.h"
#include "domain/ports.h"
#include "machine/wake.h"

static long alloc_unbound(const struct fx_caller *caller, uint64_t at)
{
    struct fx_host *host = caller->host;
    evtchn_alloc_unbound_t asked;
    struct fx_domain *domain;
    uint32_t port;
    int rc;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.dom);
    if (!domain)
        return -ESRCH;
    rc = fx_free_port(host, domain, &port);
    if (rc)
        return rc;
    if (!fx_may_target(caller, domain))
        return -EPERM;
    *fx_port(host, domain, port) = (struct fx_evtchn){
        .state = EVTCHNSTAT_unbound,
        .remote_dom = asked.remote_dom == DOMID_SELF ? caller->domain->id
                                                     : asked.remote_dom,
    };
    asked.port = port;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static long bind_interdomain(const struct fx_caller *caller, uint64_t at)
{
    struct fx_host *host = caller->host;
    struct fx_domain *local = caller->domain, *remote;
    struct fx_evtchn *channel;
    evtchn_bind_interdomain_t asked;
    uint32_t port;
    int rc;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    remote = fx_caller_domain(caller, asked.remote_dom);
    if (!remote || !local)
        return -ESRCH;
    rc = fx_free_port(host, local, &port);
    if (rc)
        return rc;
    channel = fx_port(host, remote, asked.remote_port);
    if (!channel || channel->state != EVTCHNSTAT_unbound ||
        channel->remote_dom != local->id)
        return -EINVAL;
    *fx_port(host, local, port) =
        (struct fx_evtchn){.state = EVTCHNSTAT_interdomain,
                           .remote_dom = remote->id,
                           .remote_port = (uint16_t)asked.remote_port};
    channel->state = EVTCHNSTAT_interdomain;
    channel->remote_dom = local->id;
    channel->remote_port = (uint16_t)port;
    /* What the other end sent before was lost. */
    fx_event_set_pending(host, local, port);
    asked.local_port = port;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static long status(const struct fx_caller *caller, uint64_t at)
{
    const struct fx_evtchn *channel;
    const struct fx_domain *domain;
    evtchn_status_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.dom);
    if (!domain)
        return -ESRCH;
    channel = fx_port(caller->host, domain, asked.port);
    if (!channel)
        return -EINVAL;
    if (!fx_may_target(caller, domain))
        return -EPERM;
    asked.status = channel->state;
    asked.vcpu = channel->vcpu;
    if (channel->state == EVTCHNSTAT_virq)
        asked.u.virq = channel->virq;
    if (channel->state == EVTCHNSTAT_unbound)
        asked.u.unbound.dom = channel->remote_dom;
    if (channel->state == EVTCHNSTAT_interdomain) {
        asked.u.interdomain.dom = channel->remote_dom;
        asked.u.interdomain.port = channel->remote_port;
    }
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static long reset(const struct fx_caller *caller, uint64_t at)
{
    struct fx_domain *domain;
    evtchn_reset_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.dom);
    if (!domain)
        return -ESRCH;
    if (!fx_may_target(caller, domain))
        return -EPERM;
    if (domain != caller->domain && !domain->pause_count)
        return -EINVAL;
    fx_close_ports(caller->host, domain);
    return 0;
}

/* The vCPU of the caller's own; NULL: there is none. */
static const struct fx_vcpu *own_vcpu(const struct fx_caller *caller,
                                      uint32_t vcpu)
{
    const struct fx_vcpu *slot = fx_vcpu(caller->host, caller->domain, vcpu);

    /* The control domain's are its kernel's: it has one. */
    return slot && (slot->exists || fx_is_control(caller)) ? slot : NULL;
}

static long bind_virq(const struct fx_caller *caller, uint64_t at)
{
    struct fx_host *host = caller->host;
    evtchn_bind_virq_t asked;
    uint32_t port;
    int rc;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.virq >= NR_VIRQS || (fx_virq_is_global(asked.virq) && asked.vcpu))
        return -EINVAL;
    if (!own_vcpu(caller, asked.vcpu))
        return -ENOENT;
    if (fx_virq_port(host, caller->domain, asked.vcpu, asked.virq))
        return -EEXIST;
    rc = fx_free_port(host, caller->domain, &port);
    if (rc)
        return rc;
    *fx_port(host, caller->domain, port) =
        (struct fx_evtchn){.state = EVTCHNSTAT_virq,
                           .virq = (uint8_t)asked.virq,
                           .vcpu = (uint16_t)asked.vcpu};
    asked.port = port;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static long bind_ipi(const struct fx_caller *caller, uint64_t at)
{
    evtchn_bind_ipi_t asked;
    uint32_t port;
    int rc;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (!own_vcpu(caller, asked.vcpu))
        return -ENOENT;
    rc = fx_free_port(caller->host, caller->domain, &port);
    if (rc)
        return rc;
    *fx_port(caller->host, caller->domain, port) = (struct fx_evtchn){
        .state = EVTCHNSTAT_ipi, .vcpu = (uint16_t)asked.vcpu};
    asked.port = port;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static long bind_vcpu(const struct fx_caller *caller, uint64_t at)
{
    evtchn_bind_vcpu_t asked;
    struct fx_evtchn *channel;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (!own_vcpu(caller, asked.vcpu))
        return -ENOENT;
    channel = fx_port(caller->host, caller->domain, asked.port);
    if (!channel)
        return -EINVAL;
    switch (channel->state) {
    case EVTCHNSTAT_virq:
        if (!fx_virq_is_global(channel->virq))
            return -EINVAL;
        break;
    case EVTCHNSTAT_unbound:
    case EVTCHNSTAT_interdomain:
        break;
    default:
        return -EINVAL;
    }
    channel->vcpu = (uint16_t)asked.vcpu;
    return 0;
}

/* What has a port and nothing else as its argument. */
static long port_op(const struct fx_caller *caller, int command, uint64_t at)
{
    evtchn_port_t port;

    if (fx_copy_in(caller, &port, at, sizeof(port)))
        return -EFAULT;
    switch (command) {
    case EVTCHNOP_close:
        return fx_close_port(caller->host, caller->domain, port);
    case EVTCHNOP_send:
        return fx_event_send(caller->host, caller->domain, port);
    default:
        if (!fx_port(caller->host, caller->domain, port))
            return -EINVAL;
        fx_event_unmask(caller->host, caller->domain, port);
        return 0;
    }
}

/* The machine has no interrupts to bind. */
static long bind_pirq(const struct fx_caller *caller, uint64_t at)
{
    evtchn_bind_pirq_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    return fx_is_control(caller) ? -EINVAL : -EPERM;
}

long fx_event_channel_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    switch ((int)arg[0]) {
    case EVTCHNOP_alloc_unbound:
        return alloc_unbound(caller, arg[1]);
    case EVTCHNOP_bind_interdomain:
        return bind_interdomain(caller, arg[1]);
    case EVTCHNOP_bind_virq:
        return bind_virq(caller, arg[1]);
    case EVTCHNOP_bind_ipi:
        return bind_ipi(caller, arg[1]);
    case EVTCHNOP_bind_pirq:
        return bind_pirq(caller, arg[1]);
    case EVTCHNOP_bind_vcpu:
        return bind_vcpu(caller, arg[1]);
    case EVTCHNOP_close:
    case EVTCHNOP_send:
    case EVTCHNOP_unmask:
        return port_op(caller, (int)arg[0], arg[1]);
    case EVTCHNOP_status:
        return status(caller, arg[1]);
    case EVTCHNOP_reset:
        return reset(caller, arg[1]);
    default: /* also what belongs to the FIFO ABI */
        return -ENOSYS;
    }
}
