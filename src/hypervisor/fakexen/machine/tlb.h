/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlb.h - what processors remember of page tables, and that they forget it in
 * time.
 *
 * A guest's code is executed without the lock, by a CPU that remembers which
 * frame an address leads to.  All of it is forgotten where the machine's count
 * moves, or the domain's, at the next block of code at the latest.  Before a
 * frame is given to somebody else or becomes a table, one waits until no CPU
 * executes: each that comes back takes the lock first, and sees the count.
 */
#ifndef FX_TLB_H
#define FX_TLB_H

#include <stdint.h>

struct fx_domain;
struct fx_host;

/* With or without the lock: the machine's count and the domain's in one, and
 * that the domain's moves. */
uint32_t fx_tlb_count(const struct fx_host *host,
                      const struct fx_domain *domain);
void fx_tlb_flush(struct fx_domain *domain);

/* That the machine's moves, with the lock held, and no CPU executes from then
 * on until the lock is left. */
void fx_tlb_shootdown(struct fx_host *host);

/* A CPU of the domain's runner (struct fx_domain) begins to execute, with the
 * lock held; it has stopped, with or without. */
void fx_tlb_enter(struct fx_host *host, const struct fx_domain *domain);
void fx_tlb_leave(struct fx_host *host, const struct fx_domain *domain);

#endif /* FX_TLB_H */
