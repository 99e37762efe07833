/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wake.h - one word that moves with what others may wait for: xenstore changed,
 * or a domain was shut down or died, of which Xen would send VIRQ_DOM_EXC.
 *
 * Called with or without the lock.
 */
#ifndef FX_WAKE_H
#define FX_WAKE_H

#include <stdint.h>

struct fx_host;

/* Moves the word, and wakes all who wait for that. */
void fx_wake(struct fx_host *host);

/* The word as it is; and waits, a second at most, for another. */
uint32_t fx_wake_count(const struct fx_host *host);
void fx_wake_wait(const struct fx_host *host, uint32_t seen);

/* The same, with so many nanoseconds at most; a signal ends it, too. */
void fx_wake_wait_for(const struct fx_host *host, uint32_t seen, int64_t ns);

#endif /* FX_WAKE_H */
