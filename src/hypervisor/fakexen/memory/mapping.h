/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapping.h - the record of which process has which frames mapped.
 *
 * Each frame of a mapping has a reference, a writable one a type reference
 * besides.  They are dropped when the process unmaps it or is gone.  The lock
 * is held throughout.
 */
#ifndef FX_MAPPING_H
#define FX_MAPPING_H

#include "machine/host.h"

/* Slots of mappings that may be in use. */
unsigned int fx_mapping_slots(const struct fx_host *host);

/* The mapping in the slot; NULL where there is none, or a damaged one. */
struct fx_mapping *fx_mapping_at(struct fx_host *host, unsigned int slot);

/*
 * Where the list has the frame of the mapping's page *k, or of the first one
 * behind it that was ever written, which becomes *k; NULL: there is none.  A
 * damaged mapping may have any number of pages that were not.
 */
uint64_t *fx_mapping_frame(struct fx_host *host, const struct fx_mapping *m,
                           uint64_t *k);

/*
 * Records a mapping of this process; `frames` get room for the frame numbers,
 * which the caller fills in, FX_NO_MFN where nothing is mapped, after it has
 * taken their references.  -ENOMEM: no slot; or why this process has no number
 * (process.h).
 */
int __attribute__((warn_unused_result))
fx_mapping_add(struct fx_host *host, uint64_t address, uint64_t pages,
               uint16_t domid, bool writable, uint64_t **frames);

/*
 * The same for a page that its domain has granted, whose frame `mfn` the caller
 * has the references to.  Its slot, or -ENOMEM.
 */
int __attribute__((warn_unused_result))
fx_mapping_add_grant(struct fx_host *host, uint64_t address, uint16_t domid,
                     bool writable, const struct fx_grant_mapping *grant,
                     uint64_t mfn);

/* This process's mapping of a grant at that address; NULL: there is none. */
struct fx_mapping *fx_mapping_of_grant(struct fx_host *host, uint64_t address);

/* Drops the mapping in that slot. */
void fx_mapping_end(struct fx_host *host, unsigned int slot);

/*
 * Drops what this process has mapped in [first, end), addresses; how many
 * pages.  -ENOMEM: it would leave two parts and there is no slot for one;
 * nothing is changed then.
 */
int64_t fx_mapping_drop(struct fx_host *host, uint64_t first, uint64_t end);

/* Could fx_mapping_drop() do that, and is the machine in order? */
bool fx_mapping_can_drop(struct fx_host *host, uint64_t first, uint64_t end);

/* Drops the mappings of processes that are gone; how many pages. */
uint64_t fx_mapping_reap(struct fx_host *host);

#endif /* FX_MAPPING_H */
