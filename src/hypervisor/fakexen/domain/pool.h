/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.h - CPU pools: which CPUs a domain may run on at all, and by which
 * scheduler.  Number 0 is always there, and has all CPUs at first.
 *
 * Call everything with the lock held.
 */
#ifndef FX_POOL_H
#define FX_POOL_H

#include <stdint.h>

#include <xen/sysctl.h>

#include "domain/caller.h"
#include "machine/host.h"

/* XEN_SYSCTL_cpupool_op. */
long fx_cpupool_op(const struct fx_caller *caller,
                   struct xen_sysctl_cpupool_op *op);

/* NULL: there is none. */
const struct fx_pool *fx_pool(const struct fx_host *host, uint32_t id);

/* A new domain's: -ESRCH: no such pool, -ENODEV: it has no CPUs. */
int fx_pool_admits(const struct fx_host *host, uint32_t id);

/* The CPUs of the domain's pool. */
uint64_t fx_domain_cpus(const struct fx_host *host,
                        const struct fx_domain *domain);

/* XEN_SCHEDULER_*. */
uint32_t fx_domain_scheduler(const struct fx_host *host,
                             const struct fx_domain *domain);

#endif /* FX_POOL_H */
