/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * paste.h - what people paste of a machine's memory: maps and MTRRs in it.
 */
#ifndef DW_MEMMAP_PASTE_H
#define DW_MEMMAP_PASTE_H

#include "diag.h"
#include "memmap/maps.h"
#include "memmap/mtrr_text.h"

struct paste {
    const char *name; /* of the file */
    struct maps maps;
    struct mtrr_text mtrr;
    unsigned int joined, joined_line; /* ranges over soft line breaks */
};

/*
 * Finds what is in the text; what is damaged there is told when it is used.
 * 0, -ENOMEM, -E2BIG: more than any machine has, -EILSEQ: it is no text.
 */
int __attribute__((warn_unused_result))
paste_parse(struct paste *paste, const char *name, const char *text,
            size_t size);

/* The same with a file, "-" being standard input; the failure is in dg. */
int __attribute__((warn_unused_result))
paste_read(struct paste *paste, const char *name, struct diag *dg);

/* Also after a failure, or of a zeroed one. */
void paste_dispose(struct paste *paste);

#endif /* DW_MEMMAP_PASTE_H */
