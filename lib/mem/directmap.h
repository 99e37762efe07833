/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem/directmap.h - a hypervisor's direct map: all RAM, and nothing else, at
 * one offset.
 *
 * Each chunk (mem/memmap.h) is mapped with the largest leaves that lie in it as
 * a whole: a superpage over a hole maps what is no RAM, and one over two memory
 * types is undefined (Intel SDM vol. 3A, 12.11.9).
 */
#ifndef DW_MEM_DIRECTMAP_H
#define DW_MEM_DIRECTMAP_H

#include "mem/memmap.h"
#include "pt/format.h"

struct directmap {
    const struct pt_format *format;
    vaddr_t base;         /* where machine address 0 is; page-aligned */
    unsigned int largest; /* no leaf above this level: the CPU may have none */
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

#endif /* DW_MEM_DIRECTMAP_H */
