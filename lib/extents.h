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
 * The orders that Xen's allocator is asked for: 1 GiB, 2 MiB, 64 KiB, 4 KiB.
 * 64 KiB is for what a single page that is allocated apart leaves of its 2 MiB
 * block: 46 extents instead of 511.
 */
#define EXTENT_ORDERS 4
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
