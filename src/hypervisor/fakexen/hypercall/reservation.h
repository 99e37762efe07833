/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reservation.h - memory of domains, by extents: more, less, and claimed.
 */
#ifndef FX_RESERVATION_H
#define FX_RESERVATION_H

#include "domain/caller.h"

/* The number of the extent to go on with stands above the command's 6 bits,
 * and has to fit an unsigned int with them (Xen: MEMOP_EXTENT_SHIFT). */
#define FX_EXTENT_SHIFT 6
#define FX_MAX_EXTENTS  (UINT32_MAX >> FX_EXTENT_SHIFT)

/*
 * XENMEM_{increase,decrease}_reservation, XENMEM_populate_physmap of what is at
 * `at`, from extent `start` on: the number of extents done, and never an error.
 */
long fx_reservation_op(const struct fx_caller *caller, unsigned int command,
                       uint64_t start, uint64_t at);

/* XENMEM_claim_pages. */
long fx_claim_op(const struct fx_caller *caller, uint64_t at);

/* Gives frames from `mfn` on their PFNs, from `pfn` on. */
void fx_name_frames(struct fx_host *host, uint64_t mfn, uint64_t pfn,
                    uint64_t pages);

#endif /* FX_RESERVATION_H */
