/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pin_plan.h - in which order the page tables of a plan are pinned.
 *
 * Pinning makes Xen validate a table and hold it to its type.  From the
 * bottom up, each promotion finds the tables below promoted already, and Xen
 * has nothing to recurse into.  Pinning the root alone leaves the recursion to
 * Xen.  Either way the root alone stays pinned, as guests expect: the lower
 * tables are held by the types that the tree above them references.
 */
#ifndef DW_PV_PIN_PLAN_H
#define DW_PV_PIN_PLAN_H

#include "pv/layout.h"

enum pin_order {
    PIN_LEVELS, /* L1 to root, then drop the lower pins */
    PIN_ROOT,   /* the root only */
};

struct pin_step {
    bool pin;           /* or unpin */
    unsigned int level; /* 0 is L1 */
    pfn_t pfn;
};

/*
 * Fills steps[0 .. max - 1] and returns how many there are in all; call with
 * max 0 to learn the number.
 */
uint64_t pin_plan(const struct pv_layout *layout, enum pin_order order,
                  struct pin_step *steps, uint64_t max);

#endif /* DW_PV_PIN_PLAN_H */
