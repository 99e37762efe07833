/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * feed.h - a saved guest that comes through a pipe or a socket, each byte once,
 * and is restored while it comes.
 *
 * A thread reads it, record by record, and hands on to libxenguest what it
 * found right; a record that is wrong ends it there.  No more than one record
 * is held.  Where the guest has to be known as a whole before it gets memory,
 * feed_spool() keeps libxenguest's part of it in a file instead.
 *
 * Order of calls: feed_init(), feed_begin(), then feed_start() and feed_stop(),
 * or feed_spool(); feed_close() in any case.  Signals (signals.h) end all that
 * wait, where they are held.  What returns int returns 0, or a negative errno
 * and the failure in dg.
 */
#ifndef DW_GUEST_FEED_H
#define DW_GUEST_FEED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "diag.h"
#include "stream/saved.h"

struct feed {
    struct source source;
    struct saved saved; /* the thread's, while it runs */
    struct reader reader;
    int spool; /* libxenguest's part, from its beginning; -1: there is none */
    int to[2]; /* a pipe to libxenguest */
    struct diag *dg, own; /* own: the thread's */
    pthread_t thread;
    atomic_bool is_called_off;
    int rc; /* what the thread came to */
};

/* Of the caller's descriptor, from where it is. */
void feed_init(struct feed *feed, int fd, struct diag *dg);

/* saved_begin(); `name` is the stream's, for messages. */
int __attribute__((warn_unused_result))
feed_begin(struct feed *feed, const char *name, struct diag *dg);

/* Reads the rest, and checks it. */
int __attribute__((warn_unused_result))
feed_spool(struct feed *feed, struct diag *dg);

/* From *fd libxenguest reads its part. */
int __attribute__((warn_unused_result))
feed_start(struct feed *feed, int *fd, struct diag *dg);

/*
 * libxenguest is done, or has `failed`.  0: the stream is not to blame, and
 * where libxenguest did not fail all of it has come, and was right.
 */
int __attribute__((warn_unused_result))
feed_stop(struct feed *feed, bool failed, struct diag *dg);

/* Has all of it come? */
static inline bool feed_is_whole(const struct feed *feed)
{
    return !feed->rc;
}

void feed_close(struct feed *feed);

#endif /* DW_GUEST_FEED_H */
