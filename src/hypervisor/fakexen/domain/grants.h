/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grants.h - a frame that a domain has granted, for another one.
 *
 * Call everything with the lock held.
 */
#ifndef FX_GRANTS_H
#define FX_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/host.h"
#include "memory/grant_use.h"

/* Which grant, for whom and for what. */
struct fx_grant_call {
    uint16_t domid; /* whose */
    uint32_t ref;
    struct fx_grant_wish wish;
    /* The page of this process that shows it, and all that are mapped with it;
     * zero, where it is a copy. */
    uint64_t address, first, pages;
};

/*
 * A reference to the frame, for a use that may write a type reference besides,
 * and the record of it in this process's name.  GNTST_okay, or why not, in the
 * order in which Xen looks (xen/grant_table.h): GNTST_bad_domain,
 * GNTST_bad_gntref, GNTST_general_error, GNTST_bad_page; GNTST_no_space where
 * there is no room for it here.
 */
struct fx_grant_hold {
    uint64_t mfn;
    unsigned int slot; /* of the record */
};
int16_t __attribute__((warn_unused_result))
fx_grant_hold(struct fx_host *host, const struct fx_grant_call *call,
              struct fx_grant_hold *hold);

/* All of that back.  Mappings end when they are unmapped. */
void fx_grant_release(struct fx_host *host, const struct fx_grant_hold *hold);

#endif /* FX_GRANTS_H */
