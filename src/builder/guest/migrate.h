/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * migrate.h - a guest goes to another host: this side of it.
 *
 * Whatever happens, one guest runs.  It is this side's until GO is written
 * (stream/handshake.h): what fails before that leaves it running here.  From
 * then on it is the other side's: it goes on here only when that side has said
 * that it is not there; where nobody can say, it stays here, suspended, under
 * another name, until migrate_settle() finds out.
 */
#ifndef DW_GUEST_MIGRATE_H
#define DW_GUEST_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/save.h"
#include "host/host.h"

struct migrate_to {
    const char *command; /* leads to a receiver: link.h */
    const char *name;    /* of the other side, for messages */
    bool ours;           /* the receiver is domwright's */
    enum save_way way;
    int64_t max_downtime; /* save.h */
};

/* What it came to. */
struct migrate_facts {
    struct live_facts live;
    int64_t downtime; /* ms between its standing still here and running there */
};

/* How a guest is copied while it runs, on this host. */
int __attribute__((warn_unused_result))
migrate_live_way(struct host *host, enum save_way *way);

/*
 * Suspends the guest, which runs and has `width` 32 or 64 bits, and gives it
 * away.  0: it runs there, and is no more here; or a negative errno and the
 * failure in host->dg.  Signals are to be held (signals.h).
 */
int __attribute__((warn_unused_result))
migrate_send(struct host *host, const xc_domaininfo_t *info, unsigned int width,
             const struct migrate_to *to, const struct save_progress *progress,
             struct migrate_facts *facts);

/* Is there a receiver, and would one of ours take the guest, as far as its
 * configuration tells?  0, or a negative errno and the failure in host->dg. */
int __attribute__((warn_unused_result))
migrate_probe(struct host *host, const xc_domaininfo_t *info,
              unsigned int width, const struct migrate_to *to);

/*
 * Asks the other side what became of a guest that was given away, and does what
 * follows of it.  1: it runs there, and is no more here; 0: it goes on here; or
 * a negative errno and the failure in host->dg: it stays as it is.
 */
int __attribute__((warn_unused_result))
migrate_settle(struct host *host, const xc_domaininfo_t *info);

#endif /* DW_GUEST_MIGRATE_H */
