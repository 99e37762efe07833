/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restore.h - a saved guest's memory and vCPUs, for a domain that is new.
 */
#ifndef DW_GUEST_RESTORE_H
#define DW_GUEST_RESTORE_H

#include "guest/domain.h"
#include "guest/feed.h"
#include "host/host.h"
#include "stream/saved.h"

/* A stream: a file, all of which was read and found right, or one that comes.
 */
struct restore_from {
    struct feed *feed; /* it comes: feed_begin() was called; NULL: a file */
    const struct saved *saved; /* a file: */
    int fd;
    uint64_t at;        /* ... where libxenguest's part begins in it */
    uint64_t pages_max; /* that the guest may come to have: its configuration */
    /* How many pages are there.  Not 0: it ends, with the reason in the diag.
     */
    int (*tell)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

/*
 * Fills the domain by libxenguest's restore, in place of domain_build().  Its
 * VM assists are declared first.  A 32-bit guest without extended CR3 gets its
 * L3s below 4 GiB, which libxenguest does not see to.
 *
 * Which pages these are a file tells before there is memory.  A page of a
 * stream may become an L3 when it was sent before: all of the guest is put
 * there, if there is room for more than that; where there is not, or it is not
 * said what the guest is, a stream is kept in a file.
 */
int __attribute__((warn_unused_result))
restore_fill(struct domain *domain, struct host *host,
             const struct restore_from *from);

#endif /* DW_GUEST_RESTORE_H */
