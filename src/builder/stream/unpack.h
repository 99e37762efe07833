/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/unpack.h - a saved guest that cannot be read like a file, as it comes
 * from a pipe, or was compressed by zstd: for source.h, and with a copy that
 * can.
 *
 * Whoever made it, it takes no more memory than a window of 8 MiB, has no more
 * bytes than a guest as large as it says, no page of one twice, and its copy
 * takes no more than half of what is free where it lies.
 *
 * Order of calls: unpack_open(); unpack_begin() for the source, and
 * saved_read(); unpack_end(); unpack_close() in any case.
 */
#ifndef DW_STREAM_UNPACK_H
#define DW_STREAM_UNPACK_H

#include <stdbool.h>
#include <zstd.h>

#include "diag.h"
#include "stream/saved.h"
#include "stream/source.h"

struct unpack {
    const char *name; /* for messages */
    struct diag *dg;
    int fd;            /* the caller's */
    int copy;          /* a file without a name, in TMPDIR; -1: none */
    uint64_t copy_max; /* bytes that it may have */
    ZSTD_DCtx *zstd;   /* NULL: it is not compressed */
    ZSTD_inBuffer in;  /* what was read and not yet passed on */
    unsigned char *room;
    bool is_whole;  /* zstd: no frame has begun that has not ended */
    uint64_t bytes; /* that were passed on */
    const struct saved *saved;
};

/* Is that how zstd begins? */
#define UNPACK_MAGIC_LEN 4
bool unpack_is_magic(const void *at);

/* Does a file have what zstd has compressed, from `at` on? */
bool unpack_is_packed(int fd, uint64_t at);

/*
 * `keeps`: a copy of what is read is made.  0 or a negative errno and the
 * failure in dg, which also has what goes wrong later.
 */
int __attribute__((warn_unused_result))
unpack_open(struct unpack *unpack, int fd, const char *name, bool keeps,
            struct diag *dg);

/* Makes a source of it, of which `saved` is read. */
void unpack_begin(struct unpack *unpack, struct source *source,
                  const struct saved *saved);

/*
 * Once all of it was read: nothing may follow it in what is compressed, and its
 * checksum is right.  The source becomes one of the copy, if there is one.
 */
int __attribute__((warn_unused_result))
unpack_end(struct unpack *unpack, struct source *source);

void unpack_close(struct unpack *unpack);

#endif /* DW_STREAM_UNPACK_H */
