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

#include "machine/host.h"

/* Nanoseconds of Xen's system time: the machine's clock, or what
 * fx_host.virtual_time points to. */
int64_t fx_now(const struct fx_host *host);

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

#endif /* FX_TIME_H */
