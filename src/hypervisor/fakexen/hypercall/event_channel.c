/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_channel.c - __HYPERVISOR_event_channel_op (xen/event_channel.h): ports
 * and what they are bound to. Nobody waits for an event here.
 */
#include "hypercall/event_channel.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/event_channel.h>

#include "domain/ports.h"

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
                           .remote_port = asked.remote_port};
    *channel = (struct fx_evtchn){.state = EVTCHNSTAT_interdomain,
                                  .remote_dom = local->id,
                                  .remote_port = port};
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
    asked.status = channel->state;
    asked.vcpu = 0;
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
    if (domain->id && !domain->pause_count)
        return -EINVAL;
    fx_close_ports(caller->host, domain);
    return 0;
}

static long close_or_send(const struct fx_caller *caller, uint64_t at,
                          bool is_close)
{
    struct fx_host *host = caller->host;
    const struct fx_domain *local = caller->domain;
    const struct fx_evtchn *channel;
    evtchn_port_t port; /* all that both structures hold */

    if (fx_copy_in(caller, &port, at, sizeof(port)))
        return -EFAULT;
    if (is_close)
        return fx_close_port(host, local, port);
    channel = fx_port(host, local, port);
    return channel && channel->state != EVTCHNSTAT_closed ? 0 : -EINVAL;
}

long fx_event_channel_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    switch ((int)arg[0]) {
    case EVTCHNOP_alloc_unbound:
        return alloc_unbound(caller, arg[1]);
    case EVTCHNOP_bind_interdomain:
        return bind_interdomain(caller, arg[1]);
    case EVTCHNOP_close:
        return close_or_send(caller, arg[1], true);
    case EVTCHNOP_send:
        return close_or_send(caller, arg[1], false);
    case EVTCHNOP_status:
        return status(caller, arg[1]);
    case EVTCHNOP_reset:
        return reset(caller, arg[1]);
    default:
        return -ENOSYS;
    }
}
