/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lines.h - the lines of a paste, as they were before mail programs, forums and
 * blogs had them.
 *
 * HTML's entities and line breaks, no-break spaces, dashes in the place of
 * hyphens, quoted-printable's soft line breaks and dmesg's colours are undone:
 * each stands for one thing.  What somebody wrapped or cut stays as it is.
 */
#ifndef DW_MEMMAP_LINES_H
#define DW_MEMMAP_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    const char *p, *end; /* what is left of the paste */
    bool quoted;         /* it is quoted-printable */
    unsigned int next;   /* number of the line at p, from 1 */
    /* The line read last, which ends with '\0'. */
    unsigned int nr; /* of its first part, where it has several */
    bool joined;     /* a soft break was in it */
    char *text;
    size_t len, room;
};

void lines_begin(struct lines *lines, const char *paste, size_t size);
void lines_dispose(struct lines *lines);

/* 1: there is a line; 0: that was all; -ENOMEM. */
int __attribute__((warn_unused_result)) lines_next(struct lines *lines);

#endif /* DW_MEMMAP_LINES_H */
