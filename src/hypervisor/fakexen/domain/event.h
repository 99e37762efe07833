/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - events as a guest sees them: bits in its shared_info, and whether a
 * vCPU waits for one.
 *
 * Call everything with the lock held.  Whoever waits for an event without the
 * lock waits for the machine's word (wake.h), which moves with each event that
 * makes a vCPU runnable, and then asks again here.
 */
#ifndef FX_EVENT_H
#define FX_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/vcpu_info.h"
#include "machine/host.h"

/* A vCPU that waits for nothing but an event. */
#define FX_WAIT_EVENT INT64_MAX

/* Its upcall is pending and not masked: its event callback is to be called. */
bool fx_vcpu_event_due(struct fx_host *host, const struct fx_domain *domain,
                       uint32_t vcpu);

/*
 * 0: the vCPU can run.  Otherwise it is down, its domain is paused, shut down
 * or dying, or it blocks or polls: nanoseconds until its next timer or timeout
 * is due, 1 at least (fx_timers() is who makes it runnable then), or
 * FX_WAIT_EVENT.
 */
int64_t fx_vcpu_wait(struct fx_host *host, struct fx_domain *domain,
                     uint32_t vcpu);

/*
 * Makes VIRQ_TIMER pending on all vCPUs of the domain whose timers are due at
 * `now` (time.h), and ends polls whose time is over.
 */
void fx_timers(struct fx_host *host, struct fx_domain *domain, int64_t now);

/* Makes a port pending, and wakes who waits for it; nothing for a port that is
 * not in use. */
void fx_event_set_pending(struct fx_host *host, struct fx_domain *domain,
                          uint32_t port);

/* Tells the other end of the domain's port.  -EINVAL: it has none. */
int fx_event_send(struct fx_host *host, struct fx_domain *domain,
                  uint32_t port);

/* A port that goes is not pending; of the control domain's it is nobody's. */
void fx_event_clear_pending(struct fx_host *host,
                            const struct fx_domain *domain, uint32_t port);
bool fx_event_is_pending(struct fx_host *host, const struct fx_domain *domain,
                         uint32_t port);
void fx_event_unmask(struct fx_host *host, struct fx_domain *domain,
                     uint32_t port);

/* Blocks the vCPU, unless an event is due; ends that, or a poll. */
void fx_vcpu_block(struct fx_host *host, const struct fx_domain *domain,
                   uint32_t vcpu);
void fx_vcpu_wake(struct fx_host *host, const struct fx_domain *domain,
                  uint32_t vcpu);

/* Nothing keeps it from running. */
bool fx_vcpu_runnable(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu);

/* Has the domain it once, rather than each of its vCPUs? */
bool fx_virq_is_global(unsigned int virq);

/* The port that it is bound to, or 0. */
uint32_t fx_virq_port(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu, unsigned int virq);

/* A virtual interrupt: of one vCPU (VIRQ_TIMER, VIRQ_DEBUG), or of the domain,
 * which vCPU 0 takes.  Nothing where it is not bound. */
void fx_event_virq(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu, unsigned int virq);

#endif /* FX_EVENT_H */
