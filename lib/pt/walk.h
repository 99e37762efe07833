/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/walk.h - the one walker over page tables of any format.
 *
 * Order of calls: fill a struct pt_tables, then pt_walk() or pt_lookup() as
 * often as wanted.  Nothing is allocated or kept.
 */
#ifndef DW_PT_WALK_H
#define DW_PT_WALK_H

#include "pt/format.h"

/*
 * How table memory is reached; supplied by the caller.
 *
 * table()   the 512 slots of the table at `mfn`, which is a table of `level`
 *           whose span holds `va`, or of a root of more frames all their slots
 *           in a row; NULL where it cannot be reached.  The pointer stays
 *           valid until the walk or map call returns, or the table is freed.
 * alloc()   a new table, all slots format->empty(level), which plain stores may
 *           fill until publish() is called for it; owned by the tree from then
 *           on; 0 or a negative errno.  `va` is the first address of its span.
 *           Only calls that change tables use it, and only they use the rest;
 *           NULL where a tree is only read.
 * free()    takes back a table that nothing refers to any more, published or
 *           not, after the invalidation that ends the last use.  NULL: tables
 *           are not freed.
 * publish() a table, empty as alloc() gave it or filled aside with plain
 *           stores, is about to be linked, and not written to any more but by
 *           store(): makes it what whoever walks it needs (its stores ordered
 *           before the link's, cleaned from caches, its mapping read-only in a
 *           PV guest).  Called once for each table that a live one comes to
 *           lead to, after those below it.  0, or a negative errno and the
 *           table is given back to free().  NULL: nothing is to be done, and
 *           for tables that are not live yet.
 * store()   writes one slot that the hardware may be reading.  0, or a negative
 *           errno where whoever executes it (a hypervisor, say) refuses it:
 *           then the slot is as it was.  NULL: a plain store, for tables that
 *           are not live yet.  Of PAE's root it loads the registers as well,
 *           as Xen does for its guests: no call follows where a new entry was
 *           put.
 * invalidate()  makes all CPUs forget translations of [va, va + bytes), global
 *           ones and the tables above them included, and where the root's
 *           entries are registers (PAE) load those; by VMID, it is that of
 *           these tables, whichever guest runs.  NULL for tables that are not
 *           live yet.
 */
struct pt_ops {
    uint64_t *(*table)(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va);
    int (*alloc)(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn);
    void (*free)(void *ctx, unsigned int level, mfn_t mfn);
    int (*publish)(void *ctx, unsigned int level, mfn_t mfn);
    int (*store)(void *ctx, uint64_t *slot, uint64_t raw);
    void (*invalidate)(void *ctx, vaddr_t va, uint64_t bytes);
};

struct pt_tables {
    const struct pt_format *format;
    const struct pt_ops *ops;
    void *ctx; /* handed to each of ops */
    mfn_t root;
};

/* When the visitor is called; or them together. */
enum pt_visit {
    PT_VISIT_PRE = 1u << 0,   /* at a TABLE entry, before what is below it */
    PT_VISIT_LEAF = 1u << 1,  /* at a LEAF entry */
    PT_VISIT_POST = 1u << 2,  /* at a TABLE entry, after what is below it */
    PT_VISIT_EMPTY = 1u << 3, /* at an EMPTY entry, once for each */
};

struct pt_visit_ctx {
    const struct pt_tables *pt;
    enum pt_visit visit;   /* the one reason for this call */
    unsigned int level;    /* of the table that holds the entry */
    vaddr_t va;            /* first address that the entry covers */
    uint64_t *slot;        /* the entry itself; a visitor may rewrite it */
    struct pt_entry entry; /* decoded before the call */
    /*
     * 1; an EMPTY call may set it to how many entries, from this one on and in
     * this table, it has dealt with: the others get no call.
     */
    unsigned int entries;
    void *arg;
};

/*
 * Returns 0 to go on, a negative errno to end the walk with it.  PT_SKIP from
 * a PRE call leaves out what is below the entry, and its POST call.
 *
 * The walker decodes the entry again after each EMPTY, LEAF and PRE call.  A
 * table that an EMPTY or LEAF call put there is then visited like any other,
 * PRE and POST calls included; a leaf that it put there is not visited.  A
 * PRE call that takes its table away gets no POST call.  Where the entry was
 * entered, the POST call comes, whatever has been written to it since.
 */
typedef int (*pt_visitor)(struct pt_visit_ctx *v);
#define PT_SKIP 1

/*
 * Visits every entry whose span meets [first, end), in ascending order of
 * address; `flags` are enum pt_visit bits.
 * -EINVAL: the range is not pt_range_valid().  -EFAULT: a table could not be
 * reached.  -ELOOP is impossible: depth is bounded by the format's levels.
 */
int __attribute__((warn_unused_result))
pt_walk(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
        unsigned int flags, pt_visitor visit, void *arg);

/*
 * The entry that maps or ends the search for `va`: a LEAF, or the EMPTY one
 * found on the way down; *level gets the level it was found on (may be NULL).
 * `va` need not be aligned; of a superpage, entry->mfn is the first frame.
 * -EINVAL: no address of this format.  -EFAULT: a table could not be reached.
 */
int __attribute__((warn_unused_result))
pt_lookup(const struct pt_tables *pt, vaddr_t va, struct pt_entry *entry,
          unsigned int *level);

#endif /* DW_PT_WALK_H */
