/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/live.h - the steps that changes to live tables are made of: one entry
 * that hardware may be reading, and what CPUs may still have of it.
 *
 * They are for the calls of map.h, change.h and remap.h, which a user of lib/
 * makes instead.
 */
#ifndef DW_PT_LIVE_H
#define DW_PT_LIVE_H

#include "pt/walk.h"

/* ops->store(), or a plain store where there is none. */
int __attribute__((warn_unused_result))
pt_store(const struct pt_tables *pt, uint64_t *slot, uint64_t raw);
/* ops->invalidate(), where there is one. */
void pt_invalidate(const struct pt_tables *pt, vaddr_t va, uint64_t bytes);

/*
 * Addresses that CPUs may have translations of which are gone from the tables;
 * {0}: none.
 */
struct pt_pending {
    bool any;
    uint64_t first, last; /* the last one inclusive: the end may be 1 << 64 */
};

void pt_pending_add(struct pt_pending *pending, vaddr_t va, uint64_t bytes);
/* One invalidation of them all, where there are any; then there are none. */
void pt_pending_end(const struct pt_tables *pt, struct pt_pending *pending);

/* An entry and where it stands. */
struct pt_place {
    unsigned int level;
    vaddr_t va; /* first address that it covers */
    uint64_t *slot;
    struct pt_entry entry;
};

/*
 * Finds the entry of `level` that covers `va`, EMPTY or not.
 * -EINVAL: no such address or level.  -ENOENT: there is no table so deep.
 * -EFAULT: a table cannot be reached.
 */
int __attribute__((warn_unused_result))
pt_find(const struct pt_tables *pt, vaddr_t va, unsigned int level,
        struct pt_place *place);

/*
 * Puts `raw`, which is valid as well, in the place of a valid entry.
 *
 * pt_swap(): by a break, its invalidation and a make.  What store() returned:
 * the old entry is in force; where the make was refused, because it was put
 * back.  -ENOTRECOVERABLE: that was refused as well, and the entry is EMPTY.
 *
 * pt_exchange(): `raw` maps the same frames, by itself or by the tables behind
 * it.  So it does where another size or memory type asks for it (break_first),
 * and otherwise with one store: *pending then grows by what CPUs have to forget
 * before anything else about these addresses changes.  Failures as of
 * pt_swap().
 */
int __attribute__((warn_unused_result))
pt_swap(const struct pt_tables *pt, const struct pt_place *place, uint64_t raw);
int __attribute__((warn_unused_result))
pt_exchange(const struct pt_tables *pt, const struct pt_place *place,
            uint64_t raw, struct pt_pending *pending);

/*
 * Walks the tables of which the one at `mfn`, of `level`, is the root; `va` is
 * the first address of its span.  As pt_walk().
 */
int __attribute__((warn_unused_result))
pt_walk_below(const struct pt_tables *pt, unsigned int level, mfn_t mfn,
              vaddr_t va, unsigned int flags, pt_visitor visit, void *arg);
/* Can each of them be reached?  0 or -EFAULT. */
int __attribute__((warn_unused_result))
pt_reach_below(const struct pt_tables *pt, unsigned int level, mfn_t mfn,
               vaddr_t va);
/*
 * Gives them to ops->free(), lowest first, where there is one.  Nothing leads
 * to them any more.  -EFAULT: one could not be reached; those behind it are
 * lost.
 */
int __attribute__((warn_unused_result))
pt_free_below(const struct pt_tables *pt, unsigned int level, mfn_t mfn,
              vaddr_t va);

/*
 * Tables that no entry leads to any more, but that CPUs may still walk: they
 * are given back after the invalidation of what is stale, so many at a time.
 * {0} at first; pt_retire_end() last, in any case.
 */
#define PT_RETIRED 64

struct pt_retired {
    struct pt_pending stale; /* the caller adds what they translated */
    unsigned int n;
    struct {
        unsigned int level;
        mfn_t mfn;
        vaddr_t va;
    } table[PT_RETIRED]; /* each with all that is below it */
};

/*
 * Takes the table of `level` at `mfn`, whose span begins at `va`, and ends as
 * pt_retire_end() when there are so many.
 */
int __attribute__((warn_unused_result))
pt_retire(const struct pt_tables *pt, struct pt_retired *retired,
          unsigned int level, mfn_t mfn, vaddr_t va);
/* Failures as of pt_free_below(). */
int __attribute__((warn_unused_result))
pt_retire_end(const struct pt_tables *pt, struct pt_retired *retired);

/*
 * Puts a new table, published, in the place of the EMPTY entry of the visit.
 * -ERANGE: no entry can name its frame.  What alloc(), publish() or store()
 * returned.  After a failure the entry is EMPTY, and the table was given back.
 */
int __attribute__((warn_unused_result))
pt_add_table(const struct pt_visit_ctx *v);

/* Is all that the entry of the visit covers in [first, last]? */
bool pt_visit_within(const struct pt_visit_ctx *v, uint64_t first,
                     uint64_t last);

#endif /* DW_PT_LIVE_H */
