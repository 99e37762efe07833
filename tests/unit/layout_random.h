/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layout_random.h - random domains to be laid out: mostly ones that can be,
 * near every border that matters, some that cannot.
 */
#ifndef DW_LAYOUT_RANDOM_H
#define DW_LAYOUT_RANDOM_H

#include "pv/layout.h"
#include "unit_random.h"

#define RANDOM_RANGES 4

struct random_request {
    struct pv_request req;
    struct pv_range range[RANDOM_RANGES];
};

/* `big`: up to 128 GiB of memory and large modules; otherwise up to 96 MiB. */
void random_request(struct unit_random *r, bool big,
                    struct random_request *out);

/* The same request with this much memory in one piece. */
void random_request_memory(struct random_request *out, uint64_t pages);

/* Fields of any value at all. */
void hostile_request(struct unit_random *r, struct random_request *out);

/* All tables of a plan, of both its maps. */
static inline uint64_t all_tables(const struct pv_layout *layout)
{
    return layout->item[PV_TABLES].pages + layout->item[PV_P2M_TABLES].pages;
}

#endif /* DW_LAYOUT_RANDOM_H */
