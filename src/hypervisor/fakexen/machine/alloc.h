/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc.h - machine frames, given out and taken back; and the map of those that
 * are free.
 */
#ifndef FX_ALLOC_H
#define FX_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

struct fx_host;

/*
 * The free map: for each order, a bit for each aligned block that is free as a
 * whole, and above these bits words that tell which words below are not zero.
 */
#define FX_MAX_ORDER   18 /* Xen's MAX_ORDER on x86 (xen/arch/x86) */
#define FX_TREE_LEVELS 5
struct fx_tree {
    uint64_t *level[FX_TREE_LEVELS]; /* [0]: the blocks' bits */
    uint64_t bits;                   /* of level 0 */
    unsigned int levels;
};

#define FX_ANY_NODE (~0u)

struct fx_alloc {
    unsigned int order;
    unsigned int node; /* or FX_ANY_NODE */
    bool exact_node;   /* fail rather than take another node's */
    uint64_t nodes;    /* of any, those that are tried first; 0: none */
    unsigned int bits; /* machine addresses below 1 << bits; 0: any */
};

/*
 * Allocates 1 << order aligned frames, from the top down as Xen does; their
 * first MFN, or FX_NO_MFN.  They get one reference, FX_F_ALLOCATED and the
 * owner; their M2P entries are ~0; the contents are zero.  Does not touch
 * tot_pages.
 */
uint64_t fx_alloc_frames(struct fx_host *host, const struct fx_alloc *want,
                         uint16_t owner);

/* Gives one frame back, whose references are gone; its contents are cleared. */
void fx_free_frame(struct fx_host *host, uint64_t mfn);

/* The same for frames [mfn, mfn + nr) of RAM, of which the frame table says
 * that they are in use. */
void fx_free_frames(struct fx_host *host, uint64_t mfn, uint64_t nr);

uint64_t fx_free_frames_count(const struct fx_host *host);

/* What the free map of so many frames takes in the file. */
uint64_t fx_free_map_bytes(uint64_t nr_frames);

/* Finds its parts in the mapped file. */
void fx_free_map_attach(struct fx_host *host, uint64_t nr_frames,
                        uint64_t *base);

/* A new host: all RAM free, in a map that is zero. */
void fx_free_map_fill(struct fx_host *host);

/* From scratch, out of the frame table.  For a map that may be half changed. */
void fx_free_map_rebuild(struct fx_host *host);

/* Is block number `block` of that order free, all of it? */
bool fx_is_free_block(const struct fx_host *host, uint64_t block,
                      unsigned int order);

bool fx_is_free(const struct fx_host *host, uint64_t mfn);

/* Clears the contents of what was freed; fx_unlock() does. */
void fx_clear_freed(struct fx_host *host);

/* And of all that is free, whose freer may have died. */
void fx_clear_free(struct fx_host *host);

#endif /* FX_ALLOC_H */
