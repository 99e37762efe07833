/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * track.h - which domains there are, and what became of them since the last
 * look.
 *
 * A domain is one from the moment that its toolstack has introduced it to
 * xenstore, built; half built it is none.
 */
#ifndef DW_GUEST_TRACK_H
#define DW_GUEST_TRACK_H

#include <poll.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"
#include "host/tty.h"

enum track_event {
    TRACK_EXISTING,
    TRACK_BIRTH,
    TRACK_SHUTDOWN, /* by itself: info's flags have the reason */
    TRACK_END,
    TRACK_LINE, /* of its console */
};

struct tracked {
    xc_domaininfo_t info; /* as it was seen last */
    char *name;           /* or NULL */
    unsigned int width;
    bool introduced, followed, shut_down, seen;
    struct tty tty;
};

struct track {
    struct host *host;
    char **who; /* n_who names, IDs and UUIDs of those that matter; 0: all do */
    int n_who;
    const regex_t *text; /* of which lines; NULL: consoles are left alone */
    /* Returns 0, or what ends the look, which returns it. */
    int (*tell)(void *arg, enum track_event event, const struct tracked *domain,
                const char *line);
    void *arg;
    struct tracked *domain; /* n of them, by ID */
    unsigned int n;
    int stop; /* what `tell` returned */
};

/* Zeroed but for what is not the track's own: a look at what is there already,
 * of which track_existing() tells. */
int __attribute__((warn_unused_result)) track_begin(struct track *track);
int __attribute__((warn_unused_result)) track_existing(struct track *track);

/* Tells of all that is new.  0, what `tell` returned, or a negative errno and
 * the failure in host->dg. */
int __attribute__((warn_unused_result)) track_look(struct track *track);

/* The consoles' descriptors, track->n of them; when one has to be looked at
 * without anything new, or WATCH_FOREVER. */
int64_t track_poll(const struct track *track, struct pollfd *fd);

void track_end(struct track *track);

#endif /* DW_GUEST_TRACK_H */
