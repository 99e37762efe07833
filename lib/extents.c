/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "extents.h"

const unsigned int extent_orders[EXTENT_ORDERS] = {9, 4, 0};

struct pfn_range extents_aligned(struct pfn_range range, unsigned int order)
{
    uint64_t mask = (UINT64_C(1) << order) - 1;
    uint64_t first = (range.first.v + mask) & ~mask;
    uint64_t end = range.end.v & ~mask;

    if (first >= end)
        return (struct pfn_range){range.end, range.end};
    return (struct pfn_range){PFN(first), PFN(end)};
}
