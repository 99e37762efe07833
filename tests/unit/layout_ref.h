/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layout_ref.h - where everything of a PV domain goes, found the slow way.
 *
 * Written from xen/xen.h, "Start-of-day memory layout", the address-space
 * constants of xen/arch-x86/, and the promises of pv/layout.h: items are laid
 * one after the other; then the end of the boot region is tried 4 MiB after
 * 4 MiB, with the *set* of tables that the pages up to there need, until all
 * of it fits.  Addresses have 128 bits here, so that nothing wraps.
 */
#ifndef DW_LAYOUT_REF_H
#define DW_LAYOUT_REF_H

#include "pv/layout.h"

typedef unsigned __int128 u128;

/* The tables of one level, in the order in which they were first needed. */
struct ref_level {
    uint64_t *number;
    uint64_t *pfn;
    uint64_t count, size;
    uint64_t boot; /* so many of them are the boot region's */
    uint64_t last; /* the one visited last */
};

struct layout_ref {
    /* Which refusals there are reasons for; neither: there is a plan. */
    bool invalid, no_space;
    uint64_t next, limit; /* while laying */
    struct pv_item item[PV_ITEMS];
    u128 first[2], end[2]; /* of the maps, in bytes */
    unsigned int nr_maps;
    unsigned int levels;
    struct ref_level level[PT_MAX_LEVELS];
    uint64_t total_pages, p2m_entries;
};

void layout_ref_plan(const struct pv_request *req, struct layout_ref *ref);
void layout_ref_dispose(struct layout_ref *ref);

/* The PFN of a table, or UINT64_MAX. */
uint64_t layout_ref_table(const struct layout_ref *ref, unsigned int level,
                          uint64_t number);

#endif /* DW_LAYOUT_REF_H */
