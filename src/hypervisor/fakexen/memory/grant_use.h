/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_use.h - which grants are in use, as those who made them see it.
 *
 * A grant is an entry of a domain's grant table, version 1 (xen/
 * grant_table.h), in a frame that the domain writes to whenever it likes.  Who
 * uses it has a record of that (mapping.h); what Xen counts in its active
 * entries follows from the records.  The lock is held throughout.
 */
#ifndef FX_GRANT_USE_H
#define FX_GRANT_USE_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/grant_table.h>

#include "machine/host.h"

/* All that use one entry. */
struct fx_grant_uses {
    uint32_t readers, writers;
    uint16_t user; /* the domain, if there are any */
    uint64_t mfn;  /* the frame, whatever the entry says by now */
};

static inline bool fx_grant_is_used(const struct fx_grant_uses *uses)
{
    return uses->readers || uses->writers;
}

/* The entry at that machine address; NULL where a table of the domain's has
 * none. */
grant_entry_v1_t *fx_grant_entry(struct fx_host *host, uint64_t at,
                                 uint16_t domid);

/* Those of the entry at that machine address, but for `except`. */
struct fx_grant_uses fx_grant_uses(struct fx_host *host, uint64_t at,
                                   const struct fx_mapping *except);

/* How somebody wants to use an entry. */
struct fx_grant_wish {
    uint16_t user;
    bool writable;
    bool is_copy; /* not a mapping */
};

/*
 * Would the entry, used so already, permit that?  And marks it as read and
 * written.  GNTST_okay or GNTST_general_error.
 */
int16_t fx_grant_permits(const grant_entry_v1_t *entry,
                         const struct fx_grant_uses *uses,
                         const struct fx_grant_wish *wish);
int16_t fx_grant_mark(grant_entry_v1_t *entry, const struct fx_grant_uses *uses,
                      const struct fx_grant_wish *wish);

/*
 * A mapping of a grant is about to end, which its frame and record do
 * afterwards: the entry is not marked by it any more, and who asked to be told
 * is.
 */
void fx_grant_end(struct fx_host *host, const struct fx_mapping *m,
                  uint64_t mfn);

#endif /* FX_GRANT_USE_H */
