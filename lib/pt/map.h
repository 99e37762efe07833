/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/map.h - changes to page tables, on top of pt/walk.h.
 */
#ifndef DW_PT_MAP_H
#define DW_PT_MAP_H

#include "pt/walk.h"

/*
 * What to map at `va`, asked once for each leaf of level 0 in ascending
 * order.  Returns 0, or a negative errno that ends the call.
 */
typedef int (*pt_source)(void *arg, vaddr_t va, mfn_t *mfn, uint32_t *prot);

/*
 * Maps [first, end) with 4 KiB leaves as `source` says; missing tables come
 * from ops->alloc().
 * -EINVAL: range.  -EEXIST: an address in it is mapped already (nothing that
 * was mapped before is changed).  -ERANGE: a frame is wider than the format.
 * What alloc(), table(), source() or store() returned otherwise.  On failure,
 * what was mapped before the failing address stays mapped; tables that were
 * added stay in the tree, but a table whose own entry was refused is given to
 * ops->free().
 */
int __attribute__((warn_unused_result))
pt_map(const struct pt_tables *pt, vaddr_t first, vaddr_t end, pt_source source,
       void *arg);

/* Frames that follow each other, mapped alike. */
struct pt_run {
    vaddr_t first, end;
    mfn_t mfn; /* mapped at `first` */
    uint32_t prot;
    enum pt_memory memory;
    uint32_t software;
    unsigned int largest; /* no leaf above this level */
};

/*
 * Maps them, each with the largest leaf that the format, `largest`, the frame
 * and both ends allow and for which there is an EMPTY entry: where there is a
 * table already, its entries are used.
 * -EDOM: the format cannot say the memory type, or not so large a value of
 * software's.  Otherwise as pt_map(), but
 * that -ERANGE comes before anything is mapped.
 */
int __attribute__((warn_unused_result))
pt_map_run(const struct pt_tables *pt, const struct pt_run *run);

/*
 * Changes the permissions of what is mapped in [first, end), and nothing else
 * of its entries; EMPTY parts are passed over, and so is an entry that says the
 * same already.  Where rights were taken away, one invalidation follows the
 * last write and covers them all; rights that are added need none.
 * -EINVAL: range.  -EDOM, before anything is written: a superpage that the
 * range covers in part only, or one in a format that writes none.  What store()
 * returned: the entries before the refused one are changed, with their
 * invalidation, those from it on are not.
 */
int __attribute__((warn_unused_result))
pt_protect(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
           uint32_t prot);

/*
 * Replacing a valid entry is two calls, never one: pt_break() empties it and
 * invalidates what may be cached of it; pt_make() consumes the token and
 * writes the new entry.  Until then the address faults.
 *
 * pt_break(): takes the entry at `level` that covers `va`.  Where it is a
 * TABLE, the tables below are given to ops->free() after the invalidation,
 * lowest first; token->old.mfn is then for the record only.
 * -EINVAL: no such address or level.  -ENOENT: the slot at `level` is EMPTY or
 * not reached.  -EFAULT: a table cannot be reached, above or below.  All of
 * them before anything is written.  What store() returned: the old entry is in
 * force, and nothing was invalidated or freed.  A token that need not be made
 * is dropped.
 *
 * pt_make(): writes a new leaf of the same level, and where the old entry was a
 * leaf, of its memory type and with its value of software's.  -EINVAL: the
 * token was used already.  -EDOM: the level takes no leaf, or the frame is not
 * aligned to its span.  -ERANGE: the frame is wider than the format.  -EEXIST,
 * -ENOENT: somebody has filled the slot, or has taken its table away, in the
 * meantime.  What store() returned: the slot is EMPTY still.  A token that was
 * refused may be used again.
 */
struct pt_broken {
    bool pending;        /* broken and not made yet */
    unsigned int level;  /* of the entry */
    vaddr_t va;          /* first address that it covers */
    struct pt_entry old; /* what it was */
};

int __attribute__((warn_unused_result))
pt_break(const struct pt_tables *pt, vaddr_t va, unsigned int level,
         struct pt_broken *token);
int __attribute__((warn_unused_result))
pt_make(const struct pt_tables *pt, struct pt_broken *token, mfn_t mfn,
        uint32_t prot);

#endif /* DW_PT_MAP_H */
