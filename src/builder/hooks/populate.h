/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * populate.h - a domain's memory, in the largest extents that Xen grants.
 */
#ifndef DW_POPULATE_H
#define DW_POPULATE_H

#include "hooks/progress.h"
#include "pv/layout.h"

struct xc_dom_image; /* xenguest.h */

/*
 * Allocates every page of `ranges`, node by node, and fills dom->pv_p2m
 * (dom->p2m_size entries, which the caller has set to ~0) with the MFNs.
 *
 * `low` is one PFN of them, allocated first and by itself below 4 GiB, or
 * PFN_INVALID.  Extents of 2 MiB, 64 KiB, 4 KiB (extents.h), in that
 * order; one that is refused, or that the host is too fragmented for, falls
 * through to the next.  `memflags` (XENMEMF_*, xen/memory.h) is what a caller
 * of libxenguest asks of all its memory: the pages lie below as many bits,
 * `low` too, and on the node that is named there, rather than on their range's;
 * for `low` that node is where it is looked for first.  `progress` is told
 * after each call to Xen, of 8 GiB at most; it may be NULL.
 *
 * 0; what `progress` ended it with; or -ENOMEM and a line through dom's logger.
 * Pages that were granted stay with the domain: destroying it is what gives
 * them back.
 */
int __attribute__((warn_unused_result))
populate(struct xc_dom_image *dom, const struct pv_range *ranges,
         unsigned int nr_ranges, pfn_t low, unsigned int memflags,
         const struct dw_progress *progress);

#endif /* DW_POPULATE_H */
