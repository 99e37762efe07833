/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * low_tables.h - where libxenguest's restore gets memory from.
 *
 * It asks for each page by its PFN, through libxenctrl's
 * xc_domain_populate_physmap_exact(), and knows nothing of 4 GiB.  This program
 * has a function of that name, which the dynamic linker prefers to the
 * library's; it asks for the pages that are to be low by themselves.
 */
#ifndef DW_GUEST_LOW_TABLES_H
#define DW_GUEST_LOW_TABLES_H

#include <stdint.h>

#include "stream/saved.h"

enum low_pages {
    LOW_NONE,
    LOW_ROOTS, /* what is an L3 in the end: `saved` is complete */
    LOW_ALL,
};

struct low_tables {
    const struct saved *saved; /* for LOW_ROOTS alone */
    enum low_pages low;        /* what is to lie below 4 GiB */
    /* How many pages are there, of about `total`, before there are more.  Not
     * 0: no more are wanted, and libxenguest fails. */
    int (*tell)(void *arg, uint64_t done, uint64_t total);
    void *arg;
    uint64_t done, total;
};

/*
 * From now on, until it is called with NULL: what is populated is that guest.
 * One at a time in a process.
 */
void low_tables_of(struct low_tables *guest);

#endif /* DW_GUEST_LOW_TABLES_H */
