/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/records.h - libxenguest's records, one by one, for stream/saved.c
 * alone, which walks them.
 */
#ifndef DW_STREAM_RECORDS_H
#define DW_STREAM_RECORDS_H

#include "stream/saved.h"

/* Records the failure, with the record and where it begins; returns rc. */
int __attribute__((format(printf, 3, 4), warn_unused_result))
reader_fail(struct reader *reader, int rc, const char *fmt, ...);

/* source_get(), and the failure. */
int __attribute__((warn_unused_result))
reader_get(struct reader *reader, uint64_t at, size_t n, const void **from);

/*
 * Checks a record's body, `length` bytes at `body`, and keeps what it says.
 */
int __attribute__((warn_unused_result))
records_take(struct reader *reader, uint32_t type, uint64_t body,
             uint32_t length);

/* At the end: are they a domain? */
int __attribute__((warn_unused_result)) records_finish(struct reader *reader);

#endif /* DW_STREAM_RECORDS_H */
