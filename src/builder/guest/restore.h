/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restore.h - a saved guest's memory and vCPUs, for a domain that is new.
 */
#ifndef DW_GUEST_RESTORE_H
#define DW_GUEST_RESTORE_H

#include "guest/domain.h"
#include "host/host.h"
#include "stream/saved.h"

/* The stream, all of which was read and found right: it is a file. */
struct restore_from {
    const struct saved *saved;
    int fd;
    /* How many pages are there.  Not 0: it ends, with the reason in the diag.
     */
    int (*tell)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

/*
 * Fills the domain by libxenguest's restore, in place of domain_build().  Its
 * VM assists are declared first.  A 32-bit guest without extended CR3 gets its
 * L3s below 4 GiB, which libxenguest does not see to.
 */
int __attribute__((warn_unused_result))
restore_fill(struct domain *domain, struct host *host,
             const struct restore_from *from);

#endif /* DW_GUEST_RESTORE_H */
