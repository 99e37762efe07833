/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan.h - takes one thing after another from a piece of text.
 *
 * Each call takes what it is asked for from the front and says true, or leaves
 * all as it is and says false.
 */
#ifndef DW_MEMMAP_SCAN_H
#define DW_MEMMAP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
    const char *p, *end;
};

/* Just this. */
bool scan_text(struct scan *s, const char *text);

/* The same, and no letter or digit may follow. */
bool scan_word(struct scan *s, const char *word);

/* How many blanks there were; never fails. */
size_t scan_blanks(struct scan *s);

/* A number of `min` to `max` digits, and no further one. */
bool scan_hex(struct scan *s, unsigned int min, unsigned int max,
              uint64_t *value);
bool scan_decimal(struct scan *s, unsigned int min, unsigned int max,
                  uint64_t *value);

/* Nothing but blanks is left. */
bool scan_over(struct scan s);

#endif /* DW_MEMMAP_SCAN_H */
