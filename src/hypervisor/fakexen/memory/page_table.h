/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_table.h - tables and their entries: the part of page_type.c that reads
 * the frames' contents.
 */
#ifndef FX_PAGE_TABLE_H
#define FX_PAGE_TABLE_H

#include "machine/host.h"

/*
 * Checks what is in a frame that becomes a table (or a descriptor table) of
 * `domain`, its owner, and takes the references of all its entries.  The frame
 * has its type already, but not FX_T_VALIDATED.  On failure no reference is
 * left; the entries before the bad one stay adjusted, as on Xen.
 */
int fx_promote(struct fx_host *host, struct fx_domain *domain, uint64_t mfn);

/* Gives the references of a table's entries back. */
void fx_demote(struct fx_host *host, struct fx_domain *domain, uint64_t mfn);

/*
 * One present entry in the table `table` of that level.  `owner` is the domain
 * whose frame an L1 entry may map, if not the table's own.
 */
int fx_get_entry(struct fx_host *host, struct fx_domain *domain, uint16_t owner,
                 unsigned int level, uint64_t table, uint64_t entry);

/* Gives back what any entry, present or not, holds. */
void fx_put_entry(struct fx_host *host, unsigned int level, uint64_t table,
                  uint64_t entry);

/* Puts Xen's M2P into a 64-bit root for the guest to read, if it is not there,
 * or takes it out. */
void fx_show_m2p(struct fx_host *host, uint64_t root, bool shown);

#endif /* FX_PAGE_TABLE_H */
