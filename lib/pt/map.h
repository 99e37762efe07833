/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/map.h - mapping, unmapping and permissions, on top of pt/walk.h.  Nothing
 * here replaces a valid entry by one of another frame, size or memory type:
 * that is pt/change.h's.
 */
#ifndef DW_PT_MAP_H
#define DW_PT_MAP_H

#include "pt/live.h"

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
 * The same where the caller knows that nothing of the run is mapped: no entry
 * is read to see whether it is EMPTY, which takes as long as to write it.
 */
int __attribute__((warn_unused_result))
pt_fill_run(const struct pt_tables *pt, const struct pt_run *run);

/*
 * Parts of it: what it asks of a run, beside what is mapped (0, -EINVAL,
 * -ERANGE, -EDOM); whether the run has room for a leaf of `level` at `va`;
 * the leaf at `va`, and its frame.
 */
int pt_check_run(const struct pt_format *fmt, const struct pt_run *run);
bool pt_run_fits(const struct pt_format *fmt, const struct pt_run *run,
                 unsigned int level, vaddr_t va);
struct pt_entry pt_run_leaf(const struct pt_run *run, vaddr_t va);

static inline mfn_t pt_run_mfn(const struct pt_run *run, vaddr_t va)
{
    return MFN(run->mfn.v + ((va.v - run->first.v) >> DW_PAGE_SHIFT));
}

/*
 * Changes the permissions of what is mapped in [first, end), and nothing else
 * of its entries; EMPTY parts are passed over, and so is an entry that says the
 * same already.  Where rights were taken away, one invalidation follows the
 * last write and covers them all; where the format says keeps_refusals, also
 * for rights that were added. -EINVAL: range.  -EDOM, before anything is
 * written: a superpage that the range covers in part only, or one in a format
 * that writes none.  What store() returned: the entries before the refused one
 * are changed, with their invalidation, those from it on are not.
 */
int __attribute__((warn_unused_result))
pt_protect(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
           uint32_t prot);

/* Told of each entry that pt_unmap() has emptied; changes no tables. */
typedef void (*pt_removed)(void *arg, vaddr_t va, unsigned int level,
                           const struct pt_entry *entry);

/*
 * Empties every leaf in [first, end); EMPTY parts are passed over, and nothing
 * is allocated.  Nothing is invalidated or freed either: *pending, which is {0}
 * at first and may collect several calls, grows by what was removed.  Before
 * anything is mapped there again, or memory that was mapped is put to another
 * use, comes pt_flush().  `removed` may be NULL.
 * -EINVAL: range, or *pending is of the other half of a signed format's
 * addresses.  -EDOM: a leaf that the range covers in part only (pt_split() it).
 * -EFAULT.  All of them before anything is written.  What store() returned:
 * that leaf and those behind it stay.
 */
int __attribute__((warn_unused_result))
pt_unmap(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
         pt_removed removed, void *arg, struct pt_pending *pending);

/*
 * One invalidation of what is pending; then tables in that range that have
 * become empty are unlinked and given to ops->free(), in batches, each after an
 * invalidation of its own.  The root stays.  Nothing is pending afterwards,
 * whatever is returned.
 * -EFAULT, or what store() returned: tables that are empty stay in the tree.
 */
int __attribute__((warn_unused_result))
pt_flush(const struct pt_tables *pt, struct pt_pending *pending);

#endif /* DW_PT_MAP_H */
