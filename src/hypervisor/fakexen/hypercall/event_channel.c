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

#include "domain/domain.h"
#include "domain/caller.h"

/* A domain's ports; NULL where it has none: the control domain's are its
 * kernel's. */
static struct fx_evtchn *ports(struct fx_host *host,
                               const struct fx_domain *domain)
{
    return domain->evtchns && fx_is_ram(host, domain->evtchns)
               ? fx_page(host, domain->evtchns)
               : NULL;
}

static struct fx_evtchn *
find_port(struct fx_host *host, const struct fx_domain *domain, uint32_t port)
{
    struct fx_evtchn *all = ports(host, domain);

    return all && port < FX_MAX_EVTCHN && port < domain->valid_ports
               ? &all[port]
               : NULL;
}

/* Port 0 is never given out. */
static int free_port(struct fx_host *host, struct fx_domain *domain,
                     uint32_t *port)
{
    const struct fx_evtchn *all = ports(host, domain);
    uint32_t i;

    if (!all || domain->dying)
        return -EINVAL;
    for (i = 1; i < FX_MAX_EVTCHN && i <= domain->max_evtchn_port; i++)
        if (i >= domain->valid_ports || all[i].state == EVTCHNSTAT_closed) {
            if (i >= domain->valid_ports)
                domain->valid_ports += FX_EVTCHN_BUCKET;
            *port = i;
            return 0;
        }
    return -ENOSPC;
}

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
    rc = free_port(host, domain, &port);
    if (rc)
        return rc;
    *find_port(host, domain, port) = (struct fx_evtchn){
        .state = EVTCHNSTAT_unbound,
        .remote_dom = asked.remote_dom == DOMID_SELF ? caller->domain->id
                                                     : asked.remote_dom,
    };
    asked.port = port;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

/* The other end of an interdomain channel waits for a new one. */
static long close_port(struct fx_host *host, const struct fx_domain *domain,
                       uint32_t port)
{
    struct fx_evtchn *channel = find_port(host, domain, port);
    struct fx_evtchn *other = NULL;
    struct fx_domain *remote;

    if (!channel || channel->state == EVTCHNSTAT_closed)
        return -EINVAL;
    if (channel->state == EVTCHNSTAT_interdomain) {
        remote = fx_domain(host, channel->remote_dom);
        if (remote)
            other = find_port(host, remote, channel->remote_port);
    }
    if (other && other != channel) {
        other->state = EVTCHNSTAT_unbound;
        other->remote_dom = domain->id;
        other->remote_port = 0;
    }
    memset(channel, 0, sizeof(*channel));
    return 0;
}

void fx_evtchn_close_all(struct fx_host *host, struct fx_domain *domain)
{
    uint32_t i;

    for (i = 1; i < FX_MAX_EVTCHN; i++)
        if (find_port(host, domain, i))
            (void)close_port(host, domain, i);
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
    rc = free_port(host, local, &port);
    if (rc)
        return rc;
    channel = find_port(host, remote, asked.remote_port);
    if (!channel || channel->state != EVTCHNSTAT_unbound ||
        channel->remote_dom != local->id)
        return -EINVAL;
    *find_port(host, local, port) =
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
    channel = find_port(caller->host, domain, asked.port);
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
    fx_evtchn_close_all(caller->host, domain);
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
        return close_port(host, local, port);
    channel = find_port(host, local, port);
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
