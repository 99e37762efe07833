/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/tour.h - through the address space of one top-level table, in order.
 *
 * Each table is looked at once, however often others lead to it, so that no
 * guest makes it long: where it is met again, that is all that is said.
 */
#ifndef DW_INSPECT_TOUR_H
#define DW_INSPECT_TOUR_H

#include "inspect/survey.h"

/* What a frame is; where it is mapped once more, it is memory. */
struct tour_frame {
    enum run_kind kind;
    mfn_t mfn;
    bool seen;
};
#define TOUR_FRAMES 4

/* What is known to lie at an address, [first, end), beside such frames. */
struct tour_range {
    enum run_kind kind;
    uint64_t first, end;
};
#define TOUR_RANGES 8

struct tour_names {
    struct tour_range range[TOUR_RANGES]; /* the first one counts */
    struct tour_frame frame[TOUR_FRAMES];
    unsigned int nr_ranges, nr_frames;
};

/*
 * After view_ask_all(): adds to survey->areas, and to survey->level what is of
 * tables that are reached.  0, or a negative errno and the failure in view->dg.
 */
int __attribute__((warn_unused_result))
tour(struct domain_view *view, mfn_t root, struct tour_names *names,
     struct survey *survey);

#endif /* DW_INSPECT_TOUR_H */
