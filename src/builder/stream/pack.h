/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/pack.h - what is written to a descriptor goes to another, which may
 * not take it, until somebody wants an end: as it is, or compressed as one
 * frame of zstd (RFC 8878) with its checksum.
 *
 * Order of calls: pack_open(); writes to pack->fd; pack_close() in any case.
 * SIGPIPE is to be blocked (signals.h).
 */
#ifndef DW_STREAM_PACK_H
#define DW_STREAM_PACK_H

#include <pthread.h>
#include <stdbool.h>
#include <zstd.h>

struct pack {
    int fd;       /* takes what is to be compressed; -1: closed */
    int from, to; /* what it leads to, and the caller's descriptor */
    pthread_t thread;
    ZSTD_CCtx *context; /* NULL: as it is */
    int flags;          /* of `to`, as they were */
    int (*stop)(void);
    int rc;
};

/* To `to`, while stop() is 0: another thread asks it.  0 or a negative errno.
 */
int __attribute__((warn_unused_result))
pack_open(struct pack *pack, int to, bool compress, int (*stop)(void));

/*
 * All is written.  0, also for one that was not opened but has fd -1; -EINTR:
 * it was to stop; or the negative errno with which `to` failed: writes to
 * pack->fd have got EPIPE from then on.
 */
int __attribute__((warn_unused_result)) pack_close(struct pack *pack);

#endif /* DW_STREAM_PACK_H */
