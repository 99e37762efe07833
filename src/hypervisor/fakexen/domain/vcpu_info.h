/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_info.h - what a guest and Xen share: the domain's shared_info, and for
 * each vCPU a vcpu_info, in that or where the guest has put it.
 *
 * Call everything with the lock held.
 */
#ifndef FX_VCPU_INFO_H
#define FX_VCPU_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/host.h"

/* NULL: there is none. */
uint8_t *fx_shared_info(struct fx_host *host, const struct fx_domain *domain);

/* The vCPU's vcpu_info; NULL where it has none, which is as good as one whose
 * events are masked. */
uint8_t *fx_vcpu_info(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu);

/* Bytes of it: evtchn_upcall_pending and evtchn_upcall_mask (public/xen.h). */
enum { FX_UPCALL_PENDING, FX_UPCALL_MASK };

/* Its arch.cr2, as for a page fault. */
void fx_vcpu_info_cr2(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu, uint64_t cr2);

/*
 * VCPUOP_register_vcpu_info: it moves to that frame of the domain's, which gets
 * a reference and its type for as long as the domain lives; every event is
 * pending afterwards, lest one be lost.  `own`: the vCPU asks for itself.
 * -ENXIO: it does not fit there, -EINVAL.
 */
int __attribute__((warn_unused_result))
fx_map_vcpu_info(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu,
                 bool own, uint64_t mfn, uint32_t offset);
void fx_unmap_vcpu_info(struct fx_host *host, const struct fx_domain *domain,
                        uint32_t vcpu);

#endif /* FX_VCPU_INFO_H */
