/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/change.h - replacing valid entries of live tables.
 *
 * What may be refused or fail (allocation, tables out of reach) comes before
 * the first store; where a store is refused, the old mapping stands; tables are
 * given back after the invalidation that ends their last use.
 */
#ifndef DW_PT_CHANGE_H
#define DW_PT_CHANGE_H

#include "pt/map.h"

/*
 * Replacing a valid entry is two calls, never one: pt_break() empties it and
 * invalidates what may be cached of it; pt_make() or pt_install() consumes the
 * token and writes the new entry.  Until then the address faults.
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

/*
 * Tables that are built aside, where nobody sees them, to stand behind one
 * entry.  The caller owns them until pt_install(), pt_replace() or pt_relink()
 * returns 0: then the tree does, and the struct holds nothing.  After a failure
 * it is the caller's still.
 *
 * Order of calls: pt_subtree_new(), pt_subtree_map_run() and _copy() as often
 * as wanted, then one of the three; pt_subtree_discard() in any case.
 */
struct pt_subtree {          /* not to be copied: it points into itself */
    struct pt_format format; /* the tree's, with its levels cut */
    struct pt_ops ops;       /* the tree's, with plain stores alone */
    int (*publish)(void *ctx, unsigned int level, mfn_t mfn); /* the tree's */
    struct pt_tables tables;  /* its top table, of level - 1 */
    unsigned int level;       /* of the entry; 0: holds nothing */
    vaddr_t va;               /* first address of the entry */
    struct pt_pending mapped; /* outside of it all is EMPTY */
    bool closed;              /* publish() was called for a table of it */
    bool published;
};

/*
 * One empty table, for the entry of `level` that covers `va`.
 * -EINVAL: no such address, or `level` has no tables below.  -ERANGE: no entry
 * can name the table's frame.  What alloc() returned.  After a failure it holds
 * nothing.
 */
int __attribute__((warn_unused_result))
pt_subtree_new(const struct pt_tables *pt, vaddr_t va, unsigned int level,
               struct pt_subtree *sub);
/*
 * pt_map_run() in it.  -EINVAL: `run` is not within the entry's span, or the
 * pt_subtree_publish() was called.  Otherwise as pt_map_run().
 */
int __attribute__((warn_unused_result))
pt_subtree_map_run(struct pt_subtree *sub, const struct pt_run *run);
/*
 * Maps [first, end), which may be empty, as `leaf` does, which covers the
 * whole of the entry's span.  Failures as of pt_subtree_map_run().
 */
int __attribute__((warn_unused_result))
pt_subtree_copy(struct pt_subtree *sub, const struct pt_entry *leaf,
                vaddr_t first, vaddr_t end, unsigned int largest);
/*
 * ops->publish() for all its tables, lowest first; afterwards they are not
 * written to any more.  pt_replace() and pt_relink() do it; who breaks himself
 * calls it before pt_break(), so that a refusal comes before the break.
 * Once is enough.  -EFAULT, or what publish() returned: it may be called again,
 * and so are the tables that took it.
 */
int __attribute__((warn_unused_result))
pt_subtree_publish(struct pt_subtree *sub);
/* Gives all of it to ops->free().  Idempotent. */
void pt_subtree_discard(struct pt_subtree *sub);

/*
 * As pt_make(), with a table: writes the entry that was broken.  -EINVAL also:
 * `sub` is for another entry.  What publish() returned.
 */
int __attribute__((warn_unused_result))
pt_install(const struct pt_tables *pt, struct pt_broken *token,
           struct pt_subtree *sub);

/*
 * Puts the subtree, whatever it maps, in the place of a leaf: one break and one
 * make.
 * -EINVAL: it holds nothing.  -ENOENT: the entry is EMPTY or not reached.
 * -EEXIST: it is a TABLE (pt_break() it).  -EFAULT.  What publish() or store()
 * returned: the old leaf is in force.  -ENOTRECOVERABLE: it could not be put
 * back, and the entry is EMPTY.
 */
int __attribute__((warn_unused_result))
pt_replace(const struct pt_tables *pt, struct pt_subtree *sub);
/*
 * The same for a subtree that maps all that the leaf does, alike.  A format
 * without break_first then takes one store, and *pending grows by the entry's
 * span: the caller invalidates before he changes anything else in it.
 * (Intel SDM vol. 3A, 4.10.2: several translations of one address may be cached
 * at a time; so they have to be the same but for their size.)
 */
int __attribute__((warn_unused_result))
pt_relink(const struct pt_tables *pt, struct pt_subtree *sub,
          struct pt_pending *pending);

/*
 * The leaf that covers `va`, where it lies above `level`, becomes tables down
 * to a leaf of `level` at `va`, with the largest leaves beside it; everything
 * keeps frame, permissions, memory type and software's value, and nothing that
 * decode() does not tell of.  With its invalidation.  0, and nothing is done,
 * where it is so already. -EINVAL: no such address or level.  -ENOENT: it is
 * not mapped.  -EDOM: the format writes no leaves of `level`, or none of the
 * present one's.  -EFAULT, and what alloc(), publish() or store() returned: the
 * old leaf is in force, and what was built is given back.  -ENOTRECOVERABLE: as
 * pt_replace().
 */
int __attribute__((warn_unused_result))
pt_split(const struct pt_tables *pt, vaddr_t va, unsigned int level);

#endif /* DW_PT_CHANGE_H */
