/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem/directmap.h - a hypervisor's direct map: all RAM, and nothing else, at
 * one offset.
 *
 * Each chunk (mem/memmap.h) is mapped with the largest leaves that lie in it as
 * a whole: a superpage over a hole maps what is no RAM, and one over two memory
 * types is undefined (Intel SDM vol. 3A, 12.11.9).
 *
 * A hypervisor that boots on static tables maps in two stages: first
 * directmap_map_static(), which needs no memory for tables, then, when there is
 * an allocator, directmap_map_rest().  In between it reaches what the first
 * stage left out by directmap_boot_map().
 */
#ifndef DW_MEM_DIRECTMAP_H
#define DW_MEM_DIRECTMAP_H

#include "mem/memmap.h"
#include "pt/change.h"

struct directmap {
    const struct pt_format *format;
    vaddr_t base;         /* where machine address 0 is; page-aligned */
    unsigned int largest; /* no leaf above this level: the CPU may have none */
    /*
     * Where the static tables end: below it there is a table of level 1 for all
     * addresses, and no leaf above that level.  It is a property of the tables;
     * 0: there are none.
     */
    maddr_t static_end;
    /*
     * Where temporary mappings begin, in addresses from 0 on, which the static
     * tables translate, too.  It is a choice: from 1 GiB on, say, small offsets
     * from NULL stay unmapped.  A multiple of what a leaf of level 1 maps.
     */
    vaddr_t boot_maps;
};

/* What it takes. */
struct directmap_need {
    uint64_t leaves[PT_MAX_LEVELS]; /* by level */
    uint64_t tables[PT_MAX_LEVELS]; /* the root, which is one, included */
};

/*
 * Counts, without a table being there, in time that depends on the number of
 * chunks alone.  The chunks are sorted and disjoint, as memmap_chunks() makes
 * them.
 * -EINVAL: base and a chunk make no addresses that the format translates.
 */
int __attribute__((warn_unused_result))
directmap_count(const struct directmap *dm, const struct mem_chunk *chunk,
                size_t n, struct directmap_need *need);

/* Leaves of one size, one behind the other. */
struct directmap_run {
    unsigned int level;
    uint64_t bytes;
};

/*
 * The leaves at the beginning of [first, end), which is of one chunk: as large
 * as alignment and end allow, and as many as there are before larger ones can
 * be had.
 */
struct directmap_run directmap_next_run(const struct directmap *dm,
                                        maddr_t first, maddr_t end);

/* A leaf's worth of addresses that has RAM and cannot be one leaf. */
struct directmap_broken {
    maddr_t first; /* aligned to the span of `level` */
    unsigned int level;
    bool hole;                  /* part of it is no RAM */
    bool types;                 /* RAM of several types is in it */
    struct directmap_need need; /* what is there in its place; no root */
};

/*
 * Finds the next one of `level` at or above *at, which is moved behind it.
 * Returns whether there is one.  `level` takes leaves.
 */
bool directmap_next_broken(const struct directmap *dm,
                           const struct mem_chunk *chunk, size_t n,
                           unsigned int level, maddr_t *at,
                           struct directmap_broken *broken);

/*
 * The first stage: of the chunks what leaves of level 1 map as a whole, from
 * the second such leaf up to static_end (the first one's place has a table, for
 * low memory and what starts CPUs).  Nothing is allocated. -ENOMEM: a table is
 * not there.  Otherwise as pt_map_run(): what was mapped before a failure
 * stays.
 */
int __attribute__((warn_unused_result))
directmap_map_static(const struct directmap *dm, const struct pt_tables *pt,
                     const struct mem_chunk *chunk, size_t n);

/*
 * The second stage: all that the first one, of the same chunks, does not map;
 * so with static_end 0 everything.  Failures as of pt_map_run().
 */
int __attribute__((warn_unused_result))
directmap_map_rest(const struct directmap *dm, const struct pt_tables *pt,
                   const struct mem_chunk *chunk, size_t n);

/*
 * Maps [first, end), whatever memory it is, at boot_maps, with leaves of level
 * 1 and without allocating; *va gets the address of `first`.  One such mapping
 * is there at a time. -EINVAL: nothing to map.  -ENOSPC: it would go on behind
 * static_end.  -EEXIST: there is one.  -ENOMEM: a table is not there.
 */
int __attribute__((warn_unused_result))
directmap_boot_map(const struct directmap *dm, const struct pt_tables *pt,
                   maddr_t first, maddr_t end, vaddr_t *va);

/* Takes it away, with the invalidations.  As pt_break(). */
int __attribute__((warn_unused_result))
directmap_boot_unmap(const struct directmap *dm, const struct pt_tables *pt);

/*
 * A static table that an image brings along.  A constant one maps the same
 * wherever the image is (low memory at its own addresses, say), even where that
 * is the image's old place.
 */
struct directmap_table {
    uint64_t *slots; /* of the copy */
    unsigned int level;
    bool constant;
};

/*
 * For an image that was copied, with its tables, from [from, from + bytes) to
 * `to`: in the copied tables, which nobody uses yet, what names a frame of its
 * old place names that of the new one.  Other entries stay, and constant
 * tables. -EINVAL: no whole pages.  -ERANGE, -EDOM: an entry cannot name the
 * new frame, which is too wide, or not aligned to what it maps; before anything
 * is written.
 */
int __attribute__((warn_unused_result))
directmap_relocate(const struct pt_format *fmt,
                   const struct directmap_table *table, size_t n, maddr_t from,
                   uint64_t bytes, maddr_t to);

#endif /* DW_MEM_DIRECTMAP_H */
