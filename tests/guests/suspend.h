/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suspend.h - the parts of the guest that can be saved and restored.
 */
#ifndef GUEST_SUSPEND_H
#define GUEST_SUSPEND_H

#include "guest.h"

/* suspend_domain.c */

/*
 * Tells the tools where the P2M is; they read it to save the domain, and put
 * the new frames into it when they restore it. Again after each restore.
 * By three levels of frame lists, or, `linear`, by its address.
 */
void publish_p2m(bool linear);
/*
 * Returns when the domain runs again, 0 in a new domain and 1 in the old one,
 * where it was not to be ended (xl save -c). In a new one shared_info, the
 * rings and the channels are other ones, and the P2M has to be published.
 */
long suspend_domain(void);

/* suspend_count.c: has the other vCPUs count, for ever; how many there are, the
 * first included.  Do they all, still? */
unsigned int start_counting(void);
bool all_count(void);

/* suspend_check.c: what has to come through unchanged */

/* Writes `seed` and more all over the pages that nothing else uses. */
void fill_memory(uint32_t seed);
/* How many of these pages do not hold that. */
unsigned long wrong_memory(uint32_t seed);
/* How many PFNs have no frame, or a frame for which the M2P disagrees. */
unsigned long wrong_p2m(void);
/* A sum over all entries of all tables, by PFN instead of MFN. */
uint64_t tables_sum(void);

#endif /* GUEST_SUSPEND_H */
