/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/remap.h - other sizes, and other attributes, for what is mapped already
 * and in use.
 *
 * Software must not change a translation's size and anything else of it in one
 * write (Intel SDM vol. 3A, 4.10.2: a CPU may then use some of both).  So it is
 * two passes with an invalidation between them: sizes first, with the
 * attributes that are there, then attributes.  Where a format says break_first,
 * each change of size is a break and a make besides.
 *
 * Allocation may fail and stores may be refused in the middle: then what was
 * done so far stays, with its invalidations; every address is mapped as before,
 * by the old or the new size, and no table is lost.  -ENOTRECOVERABLE alone, of
 * break_first formats, tells of a mapping that is gone: a make was refused, and
 * so was putting the old entry back.
 */
#ifndef DW_PT_REMAP_H
#define DW_PT_REMAP_H

#include "pt/change.h"

/*
 * Changes the sizes of what is mapped in [first, end), and nothing else of it
 * (but for what decode() does not tell of, which a new entry does not have):
 * leaves above `largest` are split, and tables full of leaves whose frames
 * follow each other and whose attributes are equal become one leaf, as large as
 * format, alignment and `largest` allow.  EMPTY stays EMPTY; superpages that
 * the range covers in part, or that the format does not write, stay.
 * Invalidates once for so many tables that were replaced, which are then given
 * to ops->free(), and once at the end; where a format says break_first, for
 * each entry.
 * -EINVAL: range.  -EFAULT, and what alloc(), publish() or store() returned.
 */
int __attribute__((warn_unused_result))
pt_resize(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
          unsigned int largest);

/* Leaves by level. */
struct pt_counts {
    uint64_t leaf[PT_MAX_LEVELS];
};

/*
 * Maps run->first to run->end as pt_map_run() would where nothing is, whatever
 * is mapped there already of the same frames.
 *
 * First pass: what is mapped gets its final size and keeps its attributes;
 * what is EMPTY is mapped with its final size, memory type and software's
 * value, and with the permissions `early`.  (A table of which a part is mapped
 * becomes a leaf with the attributes of that part; if they are not alike, they
 * become the final ones beforehand, with an invalidation.)  A superpage that
 * reaches over an end is split, and the rest of it stays.  The invalidation
 * covers all whose size has changed.
 * Second pass: the final permissions, memory type and software's value, with
 * its invalidation.  Data in caches is the caller's business where a memory
 * type changes.
 *
 * An entry that is final is not written to, in either pass.  *counts gets the
 * leaves of the range, each counted in the first pass only; after a failure,
 * those that it has made or met.
 *
 * -EINVAL, -ERANGE, -EDOM: as pt_map_run().  -EEXIST: an address is mapped to
 * another frame.  -EDOM: there is a superpage that the format does not write.
 * -EFAULT.  All of them before anything is written.  -EFAULT, and what
 * alloc(), publish() or store() returned.
 */
int __attribute__((warn_unused_result))
pt_remap(const struct pt_tables *pt, const struct pt_run *run, uint32_t early,
         struct pt_counts *counts);

#endif /* DW_PT_REMAP_H */
