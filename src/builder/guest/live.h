/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * live.h - a guest's memory is copied while it runs, where Xen cannot log what
 * it writes to.
 *
 * Rounds over all of its memory: in the first all is sent, in the others what
 * has another type or other contents than what was sent, by a keyed hash of
 * each page as the stream has it.  When a round does not bring less than the
 * one before, the guest is suspended, and the last round alone decides what it
 * is: whatever the others met while it changed things under them is sent again
 * there, if it is not as it was sent.  The stream is libxenguest's.
 */
#ifndef DW_GUEST_LIVE_H
#define DW_GUEST_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

/* What a round came to. */
struct live_round {
    unsigned int number; /* from 1 on */
    uint64_t pages;      /* with contents, that it sent */
    int64_t ms;          /* that it took */
    double rate;         /* pages a second that were sent, all in all */
    double dirty_rate;   /* ... and that changed; negative: not known yet */
    int64_t remaining;   /* ms, if the guest stood still from now on; negative:
                          * not known */
};

struct live_terms {
    int64_t max_downtime; /* ms that it may stand still; negative: any */
    /* A round is over. */
    void (*round)(void *arg, const struct live_round *round);
    /* How far a round is, in pages: 0 to go on, or a negative errno that ends
     * it, with the reason in the diag. */
    int (*tell)(void *arg, uint64_t done, uint64_t total);
    void *tell_arg; /* of both */
    /* Before the guest is asked to suspend, and while it is waited for, where
     * that is not NULL: the same. */
    int (*suspends)(void *arg);
    int (*check)(void *arg);
    /* When it is suspended: the same. */
    int (*suspended)(void *arg);
    void *suspends_arg, *suspended_arg;
};

/* What it came to. */
struct live_facts {
    unsigned int rounds;    /* while it ran */
    uint64_t pages_live;    /* pages with contents that were sent then */
    uint64_t pages_stopped; /* ... and when it was suspended */
    int64_t foretold;       /* ms that it would stand still */
    int64_t since;          /* when it was suspended: CLOCK_MONOTONIC, ms */
    bool is_suspended;      /* by us */
};

/*
 * Writes libxenguest's part of the stream, and suspends the guest on the way.
 * 0; or a negative errno and the failure in host->dg.  Where
 * facts->is_suspended, it is the caller's to let it go on.
 */
int __attribute__((warn_unused_result))
live_send(struct host *host, const xc_domaininfo_t *info, unsigned int width,
          int fd, const struct live_terms *terms, struct live_facts *facts);

int64_t live_now(void);

#endif /* DW_GUEST_LIVE_H */
