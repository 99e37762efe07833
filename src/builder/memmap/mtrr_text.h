/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mtrr_text.h - MTRRs as Linux and Xen print them: the block in their logs, and
 * /proc/mtrr.
 *
 * Order of calls: mtrr_text_line() for each line of a zeroed structure,
 * mtrr_text_end(), then mtrr_text_take(); mtrr_text_dispose() at any time.
 */
#ifndef DW_MEMMAP_MTRR_TEXT_H
#define DW_MEMMAP_MTRR_TEXT_H

#include "memmap/findings.h"
#include "mem/memmap.h"

/* IA32_MTRRCAP counts in 8 bits; the fixed ones have 88 parts. */
#define MTRR_VARIABLE_MAX 256
#define MTRR_FIXED_MAX    88

#define MTRR_BAD 160

enum mtrr_state { MTRR_UNSEEN, MTRR_ENABLED, MTRR_DISABLED };

/* One block, or one /proc/mtrr: of several the first one. */
struct mtrr_list {
    unsigned int line; /* the first one; 0: there is none */
    bool over;         /* what follows is another one */
    bool has_default;
    enum mem_type default_type;
    enum mtrr_state fixed_state, variable_state;
    struct mtrr_range fixed[MTRR_FIXED_MAX], variable[MTRR_VARIABLE_MAX];
    size_t nr_fixed, nr_variable;
    bool has_register;
    uint64_t first_register, last_register; /* their numbers */
    maddr_t tom2;
    bool tom2_unknown;
    unsigned int bad_line; /* 0: nothing is damaged */
    char bad[MTRR_BAD];
    struct findings findings;
};

struct mtrr_text {
    struct mtrr_list block, proc;
    unsigned int summary; /* the line of "MTRR map: ...", which has no ranges */
    int rc;               /* -ENOMEM */
};

void mtrr_text_line(struct mtrr_text *text, unsigned int nr, const char *line,
                    size_t len);
void mtrr_text_dispose(struct mtrr_text *text);

/* The one that tells more, or NULL: there is none. */
struct mtrr_list *mtrr_text_choose(struct mtrr_text *text);

/*
 * What it says, as lib/ has it; it points into the list.  `ram_end` is where
 * RAM ends, and decides whether AMD's TOM2 would be missed.  What is not said
 * is unknown, and has its finding.  0, or -ENOMEM.
 */
int __attribute__((warn_unused_result))
mtrr_list_take(struct mtrr_list *list, maddr_t ram_end, struct mtrrs *mtrrs);

#endif /* DW_MEMMAP_MTRR_TEXT_H */
