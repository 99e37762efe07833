/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ports.h - a domain's event channels.
 *
 * A domain comes to know its ports a bucket at a time; port 0 is never given
 * out.
 */
#ifndef FX_PORTS_H
#define FX_PORTS_H

#include <stdint.h>

#include "machine/host.h"

/* The frames with the event channels, contiguous; and how many ports Xen comes
 * to know at once, as a domain needs more (EVTCHNS_PER_BUCKET). */
#define FX_EVTCHN_ORDER  1
#define FX_EVTCHN_BUCKET 64

/* NULL: the domain knows no such port. */
struct fx_evtchn *fx_port(struct fx_host *host, const struct fx_domain *domain,
                          uint32_t port);

/* A port that is not in use; -EINVAL where the domain cannot have any,
 * -ENOSPC. */
int __attribute__((warn_unused_result))
fx_free_port(struct fx_host *host, struct fx_domain *domain, uint32_t *port);

/* The other end of an interdomain channel waits for a new one.  -EINVAL. */
int fx_close_port(struct fx_host *host, const struct fx_domain *domain,
                  uint32_t port);
void fx_close_ports(struct fx_host *host, const struct fx_domain *domain);

#endif /* FX_PORTS_H */
