/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * extents.h - ranges of PFNs broken into the largest aligned blocks.
 *
 * A host may refuse an order, or be too fragmented for it; then what is left
 * is broken up again at the next lower one.
 */
#ifndef DW_EXTENTS_H
#define DW_EXTENTS_H

#include "frame.h"

/*
 * The orders that Xen's allocator is asked for: 2 MiB, 64 KiB, 4 KiB.  64 KiB
 * is for what a single page that is allocated apart leaves of its 2 MiB block:
 * 46 extents instead of 511.
 *
 * Not 1 GiB.  Xen prefers blocks that it has scrubbed already
 * (get_free_buddy(), xen/common/page_alloc.c), of which a host that others have
 * just left has plenty of 2 MiB, and perhaps none of 1 GiB: one of those is
 * scrubbed first, while the caller waits.  Pages are accounted for one by one
 * anyway, so that larger extents save next to nothing.
 */
#define EXTENT_ORDERS 3
extern const unsigned int extent_orders[EXTENT_ORDERS];

struct pfn_range {
    pfn_t first, end;
};

/* The part of `range` that consists of whole blocks, aligned to the order. */
struct pfn_range extents_aligned(struct pfn_range range, unsigned int order);

/* Blocks of the order in an aligned range. */
static inline uint64_t extents_count(struct pfn_range aligned,
                                     unsigned int order)
{
    return (aligned.end.v - aligned.first.v) >> order;
}

#endif /* DW_EXTENTS_H */
