/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine.h - a machine's RAM and its memory types, with all that is to be said
 * about where they come from.
 *
 * Order of calls on a zeroed structure: machine_take_map() or
 * machine_take_ranges(), or neither where the map is not known; then
 * machine_take_mtrrs(), if there are any; then machine_finish().
 */
#ifndef DW_MEMMAP_MACHINE_H
#define DW_MEMMAP_MACHINE_H

#include "memmap/paste.h"

struct machine {
    const char *source; /* of the map, in words; NULL: it is not known */
    const char *name;   /* of the file, or NULL */
    unsigned int line, last_line; /* in that file */
    struct mem_range *ram;        /* as memmap_ram() makes it */
    size_t nr_ram;
    bool has_mtrrs;
    struct mtrrs mtrrs; /* points into a paste */
    struct mem_chunk *chunk;
    size_t nr_chunks;
    struct findings findings;
};

/*
 * Takes the machine's own map out of the paste; one that has none but MTRRs is
 * fine, and leaves RAM unknown.  What is damaged is refused: DW_CONFIG, and the
 * line.
 */
int __attribute__((warn_unused_result))
machine_take_map(struct machine *machine, const struct paste *paste,
                 struct diag *dg);

/* The same with ranges of a host. */
int __attribute__((warn_unused_result))
machine_take_ranges(struct machine *machine, const char *source,
                    const struct mem_range *range, size_t n, struct diag *dg);

/*
 * Takes the MTRRs, which stay the paste's.  None: a finding, or where they are
 * `wanted`, a failure.
 */
int __attribute__((warn_unused_result))
machine_take_mtrrs(struct machine *machine, struct paste *paste, bool wanted,
                   struct diag *dg);

/* Makes the chunks. */
int __attribute__((warn_unused_result))
machine_finish(struct machine *machine, struct diag *dg);

void machine_dispose(struct machine *machine);

#endif /* DW_MEMMAP_MACHINE_H */
