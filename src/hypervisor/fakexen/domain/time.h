/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * time.h - time as guests see it: system time, the TSC that goes with it, the
 * wall clock, and how long vCPUs ran.
 *
 * Call everything with the lock held.
 */
#ifndef FX_TIME_H
#define FX_TIME_H

#include <stdint.h>

#include <xen/xen.h>
#include <xen/vcpu.h>

#include "domain/caller.h"

/* Nanoseconds of Xen's system time, as the domain sees it: the machine's clock,
 * or, on a machine with a seed, one of the domain's own, which its runner moves
 * by what its vCPUs execute. */
int64_t fx_now(const struct fx_host *host, const struct fx_domain *domain);

/* Where a domain's own clock begins: the machine was not switched on just now,
 * and 0 is no time in some places. */
#define FX_CLOCK_START INT64_C(1000000000)

/* It is never set to more than that, 146 years, whatever a guest waits for. */
#define FX_CLOCK_MAX (INT64_C(1) << 62)

/* What the guest's rdtsc reads at that time: it counts FX_CPU_KHZ. */
uint64_t fx_guest_tsc(const struct fx_domain *domain, int64_t now);

/* The vCPU's time in its vcpu_info, for a guest that is about to run: to be
 * called when it begins to, and once a second at most after that. */
void fx_update_time(struct fx_host *host, struct fx_domain *domain,
                    uint32_t vcpu, int64_t now);

/* The wall clock in its shared_info: when it begins to run, and after its
 * suspension. */
void fx_update_wallclock(struct fx_host *host, struct fx_domain *domain);

/* The vCPU's state from now on, RUNSTATE_* (public/vcpu.h): for its runstate
 * area, cpu_time and getdomaininfo's flags.  The runner says when it runs
 * (running), waits for the lock (runnable), or has nothing to do (blocked). */
void fx_runstate(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu,
                 int state, int64_t now);

/* What VCPUOP_get_runstate_info says of it; and that, or the like, to a guest's
 * memory, in its width: 0 or -EFAULT. */
void fx_runstate_get(struct fx_host *host, const struct fx_domain *domain,
                     uint32_t vcpu, int64_t now, vcpu_runstate_info_t *info);
int __attribute__((warn_unused_result))
fx_runstate_out(const struct fx_caller *caller, uint64_t to,
                const vcpu_runstate_info_t *info);

/* Writes it to where the guest asked for it, if it did. */
void fx_runstate_show(struct fx_host *host, struct fx_domain *domain,
                      uint32_t vcpu);

#endif /* FX_TIME_H */
