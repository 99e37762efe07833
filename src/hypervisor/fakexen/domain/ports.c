/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ports.c - a domain's event channels.
 */
#include "domain/ports.h"

#include <errno.h>
#include <string.h>

#include <xen/event_channel.h>

#include "domain/event.h"
#include "machine/frames.h"

_Static_assert(sizeof(struct fx_evtchn) * FX_MAX_EVTCHN <=
                   FX_PAGE_SIZE << FX_EVTCHN_ORDER,
               "the event channels' frames");

static struct fx_evtchn *ports(struct fx_host *host,
                               const struct fx_domain *domain)
{
    if (domain == &host->super->domain[FX_CONTROL_DOMID])
        return host->super->control_evtchn;
    return domain->evtchns && fx_is_ram(host, domain->evtchns)
               ? fx_page(host, domain->evtchns)
               : NULL;
}

struct fx_evtchn *fx_port(struct fx_host *host, const struct fx_domain *domain,
                          uint32_t port)
{
    struct fx_evtchn *all = ports(host, domain);

    return all && port < FX_MAX_EVTCHN && port < domain->valid_ports
               ? &all[port]
               : NULL;
}

int fx_free_port(struct fx_host *host, struct fx_domain *domain, uint32_t *port)
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

int fx_close_port(struct fx_host *host, const struct fx_domain *domain,
                  uint32_t port)
{
    struct fx_evtchn *channel = fx_port(host, domain, port);
    struct fx_evtchn *other = NULL;
    struct fx_domain *remote;

    if (!channel || channel->state == EVTCHNSTAT_closed)
        return -EINVAL;
    if (channel->state == EVTCHNSTAT_interdomain) {
        remote = fx_domain(host, channel->remote_dom);
        if (remote)
            other = fx_port(host, remote, channel->remote_port);
    }
    fx_event_clear_pending(host, domain, port);
    memset(channel, 0, sizeof(*channel));
    if (other && other != channel) {
        other->state = EVTCHNSTAT_unbound;
        other->remote_dom = domain->id;
        other->remote_port = 0;
    }
    return 0;
}

void fx_close_ports(struct fx_host *host, const struct fx_domain *domain)
{
    uint32_t i;

    for (i = 1; i < FX_MAX_EVTCHN; i++)
        if (fx_port(host, domain, i))
            (void)fx_close_port(host, domain, i);
}
