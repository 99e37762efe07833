/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/low_tables.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <xenctrl.h>

/* xc_domain_populate_physmap_exact() has no argument for it. */
static struct low_tables *guest;

void low_tables_of(struct low_tables *new)
{
    guest = new;
}

static bool is_low(xen_pfn_t pfn)
{
    return guest && guest->low == LOW_ROOTS && pfn < guest->saved->pfns &&
           saved_level(saved_type(guest->saved, pfn)) == 3;
}

/* Is one of that extent's pages? */
static bool has_low(xen_pfn_t first, unsigned int order)
{
    for (xen_pfn_t i = 0; i < (xen_pfn_t)1 << order; i++)
        if (is_low(first + i))
            return true;
    return false;
}

static int populate(xc_interface *xch, uint32_t domid, unsigned long n,
                    unsigned int order, unsigned int flags, xen_pfn_t *extent)
{
    int r =
        n ? xc_domain_populate_physmap(xch, domid, n, order, flags, extent) : 0;

    if (r >= 0 && (unsigned long)r != n)
        errno = EBUSY; /* as libxenctrl's own has it */
    return r >= 0 && (unsigned long)r == n ? 0 : -1;
}

/* Each page that is to be low by itself; the others, which are moved together
 * at the front of `rest`, at once. */
static int populate_low(xc_interface *xch, uint32_t domid, unsigned long n,
                        unsigned int flags, xen_pfn_t *extent, xen_pfn_t *rest)
{
    unsigned long i, others = 0;
    int r = 0;

    for (i = 0; !r && i < n; i++) {
        if (is_low(extent[i]))
            r = populate(xch, domid, 1, 0, flags | XENMEMF_address_bits(32),
                         &extent[i]);
        else
            rest[others++] = extent[i];
    }
    return r ? r : populate(xch, domid, others, 0, flags, rest);
}

int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid,
                                     unsigned long nr_extents,
                                     unsigned int extent_order,
                                     unsigned int mem_flags,
                                     xen_pfn_t *extent_start)
{
    unsigned long i, low = 0, others = 0;
    xen_pfn_t *rest;
    bool *is;
    int r;

    if (guest && !extent_order &&
        guest->tell(guest->arg, guest->done, guest->total)) {
        errno = EINTR;
        return -1;
    }
    if (guest && guest->low == LOW_ALL)
        mem_flags |= XENMEMF_address_bits(32);
    for (i = 0; i < nr_extents; i++)
        low += has_low(extent_start[i], extent_order);
    /* From 4.21 on it tries 2 MiB first, and where that fails page by page. */
    if (low && extent_order) {
        errno = EBUSY;
        return -1;
    }
    if (guest)
        guest->done += nr_extents << extent_order;
    if (!low)
        return populate(xch, domid, nr_extents, extent_order, mem_flags,
                        extent_start);
    rest = malloc(nr_extents * sizeof(*rest));
    is = malloc(nr_extents * sizeof(*is));
    if (!rest || !is) {
        free(rest);
        free(is);
        errno = ENOMEM;
        return -1;
    }
    for (i = 0; i < nr_extents; i++)
        is[i] = is_low(extent_start[i]);
    r = populate_low(xch, domid, nr_extents, mem_flags, extent_start, rest);
    for (i = 0; !r && i < nr_extents; i++)
        if (!is[i])
            extent_start[i] = rest[others++];
    free(rest);
    free(is);
    return r;
}
