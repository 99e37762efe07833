/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine for the page-table tests: frames for tables, and several CPUs
 * that translate addresses all the time.
 *
 * The CPUs are as lazy as the manuals allow.  Each caches every entry that a
 * translation goes through, TABLE entries included, starts at the lowest one
 * that it has, and forgets only what an invalidation names.  They translate
 * around each store and each invalidation.  The model knows formats only
 * through decode(), and nothing of the walker or of what changes tables.
 *
 * It notes a violation, the first one only, when
 *  - a valid entry is replaced by another of a different frame, or, where the
 *    format says break_first, of a different size or memory type;
 *  - a valid entry is replaced by one of another size that does not map all
 *    that was mapped to the same frames, with the same rights and memory type;
 *  - any of them changes after that and before the invalidation that covers it;
 *  - an entry is made valid while a CPU still has what was there before;
 *  - a table is freed that a CPU has or that the root leads to;
 *  - a table is linked before it was published;
 *  - an entry is marked as one of a contiguous group, which nobody keeps alike;
 *  - something is stored to, or translated through, what is no table;
 * world_quiet(), called between operations, when
 *  - a CPU has anything that the tables do not say (any more);
 *  - a CPU has loaded another entry of PAE's root than stands there;
 * and world_stored() when
 *  - a table that is linked was written to by other ways than store().
 *
 * What an invalidation may leave behind is there for traces: world_load_root()
 * leaves global leaves, world_invalidate_page() PAE's four root entries, and
 * while the CPUs run another guest, one by VMID leaves all.
 */
#ifndef DW_TEST_PT_WORLD_H
#define DW_TEST_PT_WORLD_H

#include "pt/remap.h"

#define WORLD_TABLES 512
#define WORLD_ROOT   (16 * PT_ENTRIES) /* slots in the largest root */
#define WORLD_CPUS   3
#define WORLD_SIZES  256
#define WORLD_CACHE  128
#define WORLD_HOT    8
#define WORLD_PAE    4 /* entries of PAE's root */

struct world_table {
    bool used;
    unsigned int level;
    uint64_t va;           /* first address of its span */
    uint64_t *slot, *seen; /* as they are, and as store() left them */
    bool published;        /* or linked, where nobody publishes */
};

struct world_cached {
    uint64_t va, last;
    unsigned int level;
    struct pt_entry entry;
};

struct world_cpu {
    struct world_cached cached[WORLD_CACHE];
    unsigned int n;
    uint64_t root[WORLD_PAE]; /* where they are registers */
};

struct world {
    const struct pt_format *fmt;
    struct pt_ops ops; /* a test may take single ones away */
    struct pt_tables pt;
    struct world_table *table; /* WORLD_TABLES of them; [0] is the root */
    uint64_t *slots, *seen;    /* of all of them, in a row */
    unsigned int used;
    unsigned int reached; /* no table at or above this one was ever used */

    long fail_alloc;       /* this many allocations succeed; < 0: all do */
    long fail_store;       /* the same for stores, with -EPERM */
    unsigned int refusals; /* so many of them then are; 0: all */
    long fail_publish;     /* as fail_alloc, with -EACCES */
    bool aside;            /* two tables may be of one place for a while */
    mfn_t unreachable;     /* table() fails for this one */

    struct world_cpu cpu[WORLD_CPUS];
    /*
     * PAE: a walk begins at registers that are loaded with CR3 (Intel SDM vol.
     * 3A, 4.4.1).  A PV guest's store() has Xen load them.
     */
    bool registers;
    bool load_late; /* store() does not */
    /*
     * The CPUs run a guest with other tables and another VMID: they do not walk
     * these, and an invalidation does not reach what they have of them.
     */
    bool other_guest;
    struct {
        uint64_t first, last;
    } resized[WORLD_SIZES]; /* not invalidated yet */
    unsigned int resized_n;
    uint64_t hot[WORLD_HOT]; /* addresses the CPUs come back to */
    unsigned int hot_n;
    uint64_t rng;

    const char *violation; /* the first; NULL: none */
    unsigned int allocs, publishes, stores, invalidations, frees;
    uint64_t flushed, flushed_bytes; /* by the last invalidation */
};

void world_init(struct world *w, const struct pt_format *fmt, uint64_t seed);
void world_dispose(struct world *w);

uint64_t world_random(struct world *w);
/* 0 .. n - 1 */
uint64_t world_below(struct world *w, uint64_t n);

/*
 * The table of `level` whose span holds `va`: the one that the root leads to,
 * or one that nothing leads to; or NULL.
 */
struct world_table *world_find(struct world *w, unsigned int level,
                               uint64_t va);
/* Its frame. */
mfn_t world_mfn(const struct world *w, const struct world_table *t);
/* All CPUs use `va` now, and more often than others from now on. */
void world_touch(struct world *w, uint64_t va);
/* Between operations: looks for anything stale. */
void world_quiet(struct world *w);

/* CR3 is loaded on every CPU: all is forgotten but what is global. */
void world_load_root(struct world *w);
/* An invalidation that loads no registers. */
void world_invalidate_page(struct world *w, uint64_t va);

/* The same for who wrote what is in linked tables. */
void world_stored(struct world *w);

/* What was written by plain stores while there was no store() is right. */
void world_adopt(struct world *w);

/* Makes an address of the format from its translated bits. */
uint64_t world_canonical(const struct pt_format *fmt, uint64_t va);

#endif
