/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * save.h - a running guest becomes a stream, which xl restore and domwright
 * restore take.
 */
#ifndef DW_GUEST_SAVE_H
#define DW_GUEST_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/live.h"
#include "host/host.h"

/* Who wants to know how far it is, in pages: 0 to go on, or a negative errno
 * that ends it, with the reason in the diag. */
struct save_progress {
    int (*tell)(void *arg, uint64_t done, uint64_t total);
    /* A round of a guest that is copied while it runs is over; or NULL. */
    void (*round)(void *arg, const struct live_round *round);
    void *arg;
};

/* How its memory is copied. */
enum save_way {
    SAVE_SUSPENDED, /* when it is suspended */
    SAVE_LOG_DIRTY, /* while it runs, and again what Xen logs that it wrote to
                     */
    SAVE_HASHED,    /* while it runs, and again what differs: live.h */
};

struct save_terms {
    enum save_way way;
    int64_t max_downtime; /* of SAVE_HASHED: live.h */
    const char *to;       /* where it goes, for messages */
    /* Before the guest is asked to suspend, and while it is waited for, where
     * that is not NULL: 0, or a negative errno that ends it, with the reason in
     * the diag. */
    int (*suspends)(void *arg);
    int (*check)(void *arg);
    void *arg;
};

/* Has its kernel told what it takes to save it?  0, or a negative errno and the
 * failure in host->dg. */
int __attribute__((warn_unused_result))
guest_can_be_saved(struct host *host, const xc_domaininfo_t *info,
                   unsigned int width);

/* What a stream begins with alone, as far as it tells of the configuration.  0
 * or a negative errno and the failure in host->dg. */
int __attribute__((warn_unused_result))
guest_save_header(struct host *host, const xc_domaininfo_t *info,
                  unsigned int width, int fd, const char *to);

/*
 * Suspends the guest, of `width` 32 or 64 bits, and writes it, xl's and libxl's
 * headers around what libxenguest writes.  0: it is suspended, and its stream
 * is complete; or a negative errno and the failure in host->dg: it runs on, if
 * it ran, and what was written is of no use.  Signals are to be held
 * (signals.h).  Nobody else saves it or gives it away from then on, until
 * migration_clear_save(), where it was saved and stays.
 */
int __attribute__((warn_unused_result))
guest_save(struct host *host, const xc_domaininfo_t *info, unsigned int width,
           int fd, const char *to, const struct save_progress *progress);

/* The same on other terms; *facts: what it came to. */
int __attribute__((warn_unused_result))
guest_save_by(struct host *host, const xc_domaininfo_t *info,
              unsigned int width, int fd, const struct save_progress *progress,
              const struct save_terms *terms, struct live_facts *facts);

#endif /* DW_GUEST_SAVE_H */
