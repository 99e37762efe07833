/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain.h - a PV domain in the hypervisor: made, built, destroyed.
 *
 * Order of calls: domain_create(), domain_build(), both paused; then
 * xc_domain_unpause(), or domain_destroy() at any point after domain_create()
 * was called.
 */
#ifndef DW_DOMAIN_H
#define DW_DOMAIN_H

#include "config/guest_config.h"
#include "host/host.h"
#include "guest/image.h"
#include "host/xenstore.h"

struct domain {
    uint32_t domid;
    bool exists; /* from the moment that Xen made it */
    uint32_t store_port, console_port;
    mfn_t store_mfn, console_mfn; /* the rings, from when it is filled */
    struct store_backends backends;
};

/*
 * A domain without memory: its vCPUs, limits, CPU policy, affinity and the
 * event channels to xenstore and the console.  domain->backends says to whom.
 */
int __attribute__((warn_unused_result))
domain_create(struct domain *domain, struct host *host,
              const struct config *cfg);

/*
 * Fills it, which restore.h does otherwise: memory, kernel, tables, vCPU 0,
 * grant table, by libxenguest's sequence and the hooks that are registered
 * there.
 */
int __attribute__((warn_unused_result))
domain_build(struct domain *domain, struct host *host, struct image *image);

/* Nothing where it does not exist; may be called again. */
int __attribute__((warn_unused_result))
domain_destroy(struct domain *domain, struct host *host);

#endif /* DW_DOMAIN_H */
