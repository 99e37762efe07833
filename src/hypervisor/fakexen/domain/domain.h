/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain.h - the life of a domain.
 *
 * Call everything here with the lock held; 0 or a negative errno.
 */
#ifndef FX_DOMAIN_H
#define FX_DOMAIN_H

#include <stdint.h>

#include <xen/domctl.h>

#include "machine/host.h"

#define FX_CPU_KHZ 2000000u /* of each of FX_CPUS */

/* Of a domain that is not shut down (Xen: SHUTDOWN_CODE_INVALID). */
#define FX_NOT_SHUT_DOWN UINT32_MAX

int __attribute__((warn_unused_result))
fx_domain_create(struct fx_host *host, uint16_t domid,
                 const struct xen_domctl_createdomain *config);
int __attribute__((warn_unused_result))
fx_domain_make_vcpus(struct fx_host *host, struct fx_domain *domain);
void fx_domain_kill(struct fx_host *host, struct fx_domain *domain);

/* It runs no more; the first reason (SHUTDOWN_*, xen/sched.h) stays. */
void fx_domain_shutdown(struct fx_host *host, struct fx_domain *domain,
                        uint8_t reason);

/* It is to be a 32-bit domain: its shared_info comes to lie below 4 GiB. */
int __attribute__((warn_unused_result))
fx_domain_lower_shared_info(struct fx_host *host, struct fx_domain *domain);

/*
 * Frees what is left of dying domains to whose frames nobody refers any more;
 * fx_unlock() calls it, through the host's hooks.
 */
void fx_reap_domains(struct fx_host *host);

/* Nanoseconds since the machine's start, as Xen's system time. */
int64_t fx_system_time(void);

/* Another for each domain that ever was; the control domain's is 1. */
uint64_t fx_domain_unique_id(struct fx_host *host,
                             const struct fx_domain *domain);

/* XEN_DOMCTL_getdomaininfo's answer. */
void fx_domain_info(struct fx_host *host, const struct fx_domain *domain,
                    struct xen_domctl_getdomaininfo *info);

#endif /* FX_DOMAIN_H */
