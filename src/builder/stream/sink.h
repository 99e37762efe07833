/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/sink.h - where a stream goes that is written record by record: a
 * descriptor that may take little at a time.
 */
#ifndef DW_STREAM_SINK_H
#define DW_STREAM_SINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct sink {
    int fd; /* O_NONBLOCK, or waited for by write(2) */
    /* Waits until it takes more: 0 or a negative errno, which is returned.
     * NULL where write(2) waits. */
    int (*wait)(void *arg);
    void *arg;
    uint64_t bytes; /* that it took */
};

/* All return 0, or a negative errno of write(2) or wait(). */

int __attribute__((warn_unused_result))
sink_put(struct sink *sink, const void *from, size_t n);

/* Several parts, of which the array is used up. */
int __attribute__((warn_unused_result))
sink_putv(struct sink *sink, struct iovec *part, unsigned int n);

/* libxenguest's image and domain headers, of a PV guest. */
int __attribute__((warn_unused_result)) sink_headers(struct sink *sink);

/* A record of two parts, of which the second may be empty, and its padding. */
int __attribute__((warn_unused_result))
sink_record(struct sink *sink, uint32_t type, const void *a, size_t a_size,
            const void *b, size_t b_size);

#endif /* DW_STREAM_SINK_H */
