/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/source.h - where a saved domain's bytes come from: a file, of which
 * only what is asked for is read, or a pipe or socket, of which each byte comes
 * once.  What came from a pipe can be handed on as it was.
 *
 * Order of calls: source_open(); source_get() with ascending offsets,
 * source_done(); source_close().
 */
#ifndef DW_STREAM_SOURCE_H
#define DW_STREAM_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct source {
    int fd;      /* the caller's */
    int copy;    /* a pipe's bytes go there once they are done; -1: nowhere */
    bool copies; /* do they now?  To be set as one likes */
    /* Waits until a pipe can be read, where that is not read(2)'s to do: 0 or a
     * negative errno, which source_get() returns.  NULL after source_open(). */
    int (*wait)(void *arg);
    void *wait_arg;
    /* In place of a pipe's read(2): how many bytes came, 0 at the end, or a
     * negative errno.  NULL after source_open(). */
    ssize_t (*read)(void *arg, void *to, size_t n);
    void *read_arg;
    bool is_file;   /* any offset can be asked for, again and again */
    uint64_t start; /* in the file, of offset 0 */
    uint64_t first; /* a pipe: the offset of buffer[0] */
    size_t held;    /* ... and how many bytes are there */
    unsigned char *buffer;
    size_t size;
};

/*
 * From the descriptor's position on, which a file's keeps.  `copy` is looked at
 * for a pipe alone.
 */
void source_open(struct source *source, int fd, int copy);
void source_close(struct source *source);

/*
 * The n bytes from `offset` on, until the next call for the same source.  A
 * pipe's offset is not before the last source_done().  0; -ENODATA: it ends
 * before them; or a negative errno of read(2), or -ENOMEM.
 */
int __attribute__((warn_unused_result))
source_get(struct source *source, uint64_t offset, size_t n, const void **at);

/*
 * What is before `offset` will not be asked for again, in a pipe: it goes to
 * the copy.  All of it has been got.  0 or a negative errno of write(2).
 */
int __attribute__((warn_unused_result))
source_done(struct source *source, uint64_t offset);

/* Does it end at `offset`?  1 or 0, or a negative errno. */
int __attribute__((warn_unused_result))
source_ends(struct source *source, uint64_t offset);

/* Writes all of it.  0 or a negative errno of write(2). */
int __attribute__((warn_unused_result))
source_write(int fd, const void *from, size_t n);

#endif /* DW_STREAM_SOURCE_H */
