/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem/p2m_table.h - the second-stage tables of a guest, for a hypervisor: which
 * machine frame each guest frame is, of what type, and what may be done to it.
 *
 * Built on pt/: Arm's stage 2, or another format that says all three rights,
 * has software bits for a type, and whose addresses have no sign.  A live entry
 * changes by break and make; only removals leave their invalidation for later.
 *
 * Terms: a block is 1 << order frames behind one entry, where order is that of
 * a level of the format (0, 9, 18 with a 4 KiB granule).  Access is a set of
 * enum pt_prot bits that a monitor of the guest leaves to a frame, beside what
 * its type allows: both have to.
 *
 * Order of calls: p2m_table_init(), the others as often as wanted,
 * p2m_table_dispose().  The caller keeps two calls for one table apart that run
 * at the same time; the hardware may walk the tables all the while.
 */
#ifndef DW_MEM_P2M_TABLE_H
#define DW_MEM_P2M_TABLE_H

#include "pt/change.h"

/* Kept in the software bits of a leaf. */
enum p2m_type {
    P2M_NONE, /* nothing is there */
    P2M_RAM,
    P2M_ROM,        /* the guest's own, not to be written */
    P2M_MMIO,       /* a device's registers */
    P2M_FOREIGN,    /* another domain's frame; holds a reference to it */
    P2M_FOREIGN_RO, /* the same */
    P2M_GRANT,
    P2M_GRANT_RO,
    P2M_TYPES
};

#define P2M_ACCESS_ALL (PT_READ | PT_WRITE | PT_EXEC)

/*
 * pt       how table memory is reached; see pt/walk.h.  publish() may be NULL,
 *          and store() where a plain store does.  invalidate() has to forget
 *          what was cached of whole translations, too: on Arm an ipas2e1is for
 *          each page, a barrier, and a vmalle1is behind them (Arm ARM, D8, TLB
 *          maintenance of the second stage).
 * put()    gives up the reference to a foreign frame: once for each call that
 *          mapped it, and after the invalidations, an IOMMU's as well, that end
 *          the last use of the mapping.
 * iommu_flush()
 *          forgets what an IOMMU that walks these tables has cached of `nr`
 *          frames from `gfn` on.  NULL: there is none.
 * get_access(), set_access()
 *          access by guest frame, kept beside the tables.  set_access() returns
 *          0, or -ENOMEM with nothing changed.  Both NULL where no access is
 *          ever tracked.
 */
struct p2m_table_ops {
    struct pt_ops pt;
    void (*put)(void *ctx, mfn_t mfn);
    void (*iommu_flush)(void *ctx, gfn_t gfn, uint64_t nr);
    uint32_t (*get_access)(void *ctx, gfn_t gfn);
    int (*set_access)(void *ctx, gfn_t gfn, uint64_t nr, uint32_t access);
};

/* References to be put, before a removal has to end with its invalidation. */
#define P2M_PUTS 64

struct p2m_table { /* not to be copied: it points into itself */
    struct pt_tables tables;
    struct pt_ops pt;
    const struct p2m_table_ops *ops;
    void *ctx;         /* handed to each of ops */
    bool track_access; /* p2m_table_track() */
    bool foreign;      /* foreign frames were ever mapped */
    /*
     * All that is mapped lies in [lowest, end): what was removed since narrows
     * it no more.  Empty: lowest is GFN(UINT64_MAX), end 0.
     */
    gfn_t lowest, end;
    struct pt_pending stale;   /* removed, and not invalidated yet */
    struct pt_pending pending; /* where tables may have become empty */
    uint64_t removed;          /* leaves, ever */
    unsigned int puts;
    mfn_t put[P2M_PUTS];
};

/*
 * An empty table of guest frames behind `root`, which is the caller's, is not
 * live yet and has nothing but EMPTY entries.  -EINVAL: the format's software
 * bits have no room for a type.
 */
int __attribute__((warn_unused_result))
p2m_table_init(struct p2m_table *p2m, const struct pt_format *format,
               mfn_t root, const struct p2m_table_ops *ops, void *ctx);

/* Removes all, puts every reference, frees all tables but the root. */
int __attribute__((warn_unused_result))
p2m_table_dispose(struct p2m_table *p2m);

/*
 * From now on a monitor may take away access, which is by the frame: blocks are
 * not made any more, and those that are there are split when p2m_table_access()
 * meets them.  -EINVAL: ops have no place for access.
 */
int __attribute__((warn_unused_result)) p2m_table_track(struct p2m_table *p2m);

/*
 * Maps the block of 1 << order frames at `gfn` to `mfn` and those behind it,
 * whatever was there: what was is broken, and its tables freed and its
 * references put after the invalidation.  Where only the rights are others,
 * they change in place.  A larger block that covers it becomes tables, which
 * are built aside with the new mapping in them: one break, one make, whatever
 * levels lie between.  A foreign mapping brings its own reference.
 *
 * -EINVAL: no such order, gfn or mfn are not aligned to it, the type is none,
 * an order other than 0 for a foreign frame or while access is tracked, access
 * that is not P2M_ACCESS_ALL while it is not.  -ERANGE: beyond what the format
 * translates, or says of a frame.  -EDOM: a memory type that it cannot say.
 * What alloc(), store() and set_access() returned: what was there is in force,
 * as one block or split, and its reference is held; the new one is the caller's
 * still.  -ENOTRECOVERABLE: a store was refused after the old entry was broken,
 * and the old one could not be put back, be it that it was refused as well or
 * that it had tables behind it: what they mapped is gone, in part or all of it.
 */
int __attribute__((warn_unused_result))
p2m_table_set(struct p2m_table *p2m, gfn_t gfn, unsigned int order, mfn_t mfn,
              enum p2m_type type, uint32_t access);

/*
 * The same for `nr` frames, in the largest blocks that gfn, mfn, what is left
 * and the type allow.  *done (may be NULL) is how many were mapped: all of
 * them, or where it fails those before the failing block.
 */
int __attribute__((warn_unused_result))
p2m_table_set_range(struct p2m_table *p2m, gfn_t gfn, uint64_t nr, mfn_t mfn,
                    enum p2m_type type, uint32_t access, uint64_t *done);

/*
 * Removes what is mapped of `nr` frames from `gfn` on.  Its invalidation is
 * left for p2m_table_flush(), unless there were foreign frames in it; removals
 * that lie near each other have one together, with what is between them. Tables
 * are allocated only to split a block at either end, and where that fails
 * nothing was removed.  Where a store is refused, the frames before it are
 * removed.
 */
int __attribute__((warn_unused_result))
p2m_table_remove(struct p2m_table *p2m, gfn_t gfn, uint64_t nr);

/*
 * Ends what removals left: after it, nobody uses what was removed, and tables
 * that are empty are freed.  A p2m_table_set() at a place that was removed does
 * it by itself.  An empty table that cannot be reached, or whose entry's store
 * is refused, stays in the tree.
 */
void p2m_table_flush(struct p2m_table *p2m);

/*
 * Gives `nr` frames from `gfn` on this access.  Rights change in place.
 * -EINVAL: access is not tracked.  -ENOMEM of set_access(): nothing is changed.
 * Otherwise as p2m_table_set(): access is what was asked for, and the call may
 * be made again.
 */
int __attribute__((warn_unused_result))
p2m_table_access(struct p2m_table *p2m, gfn_t gfn, uint64_t nr,
                 uint32_t access);

struct p2m_entry {
    mfn_t mfn; /* gfn's own; MFN_INVALID: nothing is there */
    enum p2m_type type;
    uint32_t access;
    unsigned int order; /* of the block, or hole, that it is in */
};

/* -ERANGE: beyond what the format translates.  -EFAULT: an unreachable table.
 */
int __attribute__((warn_unused_result))
p2m_table_get(const struct p2m_table *p2m, gfn_t gfn, struct p2m_entry *entry);

#endif /* DW_MEM_P2M_TABLE_H */
