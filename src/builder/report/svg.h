/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/svg.h - what all pictures have: a document for screens that are light
 * or dark, and bars of addresses in it.
 *
 * Units are pixels at the natural size.
 */
#ifndef DW_REPORT_SVG_H
#define DW_REPORT_SVG_H

#include <stdint.h>
#include <stdio.h>

#define SVG_WIDTH 960
#define SVG_LEFT  24
#define SVG_BAR   (SVG_WIDTH - 2 * SVG_LEFT)
#define SVG_LEAST 1.2 /* what is there is seen */

#define SVG_GIB (UINT64_C(1) << 30)

/*
 * The head; `style` and `dark`, which is for dark screens, are CSS beside that
 * of all pictures: text, its classes h and s, hole and tick.
 */
void svg_begin(FILE *out, const char *title, int height, const char *style,
               const char *dark);
void svg_end(FILE *out);

/* Any text, for between tags; it is cut where it is very long. */
void svg_words(FILE *out, const char *text);

/* Addresses [0, end) over the whole width. */
struct svg_scale {
    uint64_t end;
    int top;
};

/* The end of a bar with all of [0, end) in it: 4 GiB times a power of two. */
uint64_t svg_scale_end(uint64_t end);

double svg_place(const struct svg_scale *scale, uint64_t at);

/* A part of it, as far as that is in it; `y` counts from the bar's top. */
void svg_part(FILE *out, const struct svg_scale *scale, int y, int height,
              uint64_t first, uint64_t end, const char *class);

/* Five places that are round numbers, above it. */
void svg_ticks(FILE *out, const struct svg_scale *scale);

/* A word of a legend; *x moves on. */
void svg_key(FILE *out, int *x, int y, const char *class, const char *words);

#endif /* DW_REPORT_SVG_H */
