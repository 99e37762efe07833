/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * packing.h - files that are packed, and what is wrong with them: libxenguest
 * unpacks gzip, and in a bzImage what Linux' own build packs it with, as far as
 * the library was built with that.
 */
#ifndef DW_PACKING_H
#define DW_PACKING_H

#include <stdbool.h>
#include <stddef.h>

struct diag; /* diag.h */

/* A Linux image for x86, of whatever boot protocol? */
bool packing_is_bzimage(const void *file, size_t size);

/*
 * Why file[0 .. size - 1], which libxenguest made no ELF image of, is none: one
 * line in out[0 .. len - 1].  `said` has libxenguest's
 * words about it.
 */
void packing_fault(const void *file, size_t size, const struct diag *said,
                   char *out, size_t len);

#endif /* DW_PACKING_H */
