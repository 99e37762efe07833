/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fx_world.h - a machine of a few frames, for fakexen's page types.
 *
 * Stands in for fakexen's host file, its allocator and the caller's memory;
 * what holds references besides the tables themselves is written down here, so
 * that all counts can be computed from scratch (fx_world_check()).
 */
#ifndef DW_FX_WORLD_H
#define DW_FX_WORLD_H

#include "hypercall/mmu_update.h"
#include "hypercall/mmuext.h"
#include "machine/frames.h"
#include "memory/page_type.h"

#define FX_LOW    0xf0     /* frames from here, around 1 MiB ... */
#define FX_HIGH   0x100000 /* ... and from here, at 4 GiB */
#define FX_FRAMES 64       /* in each place */
#define FX_HOLDS  64

#define FX_GUEST 1 /* the domain with the first half of the frames */
#define FX_OTHER 2 /* the one with the second half */

/* What else has references: a root, a mapping, a descriptor table. */
struct fx_hold {
    uint64_t mfn; /* 0: none */
    enum fx_type type;
};

struct fx_world {
    struct fx_host host;
    struct fx_caller caller; /* the control domain, with the test's memory */
    struct fx_vcpu vcpu[FX_OTHER + 1]; /* one for each domain */
    uint64_t *memory;
    struct fx_hold hold[FX_HOLDS];
    bool pinned[2 * FX_FRAMES];
    bool allocated[2 * FX_FRAMES];
    uint64_t m2p_mfn, m2p_pfn; /* the last M2P entry that was set */
};

extern struct fx_world world;

/* Both guests of that width. */
void fx_world_new(bool is_32bit, enum fx_level level);
void fx_world_free(void);

struct fx_domain *fx_world_domain(uint32_t domid);

/* The n-th frame of all, low ones first. */
uint64_t fx_world_mfn(unsigned int n);
unsigned int fx_world_index(uint64_t mfn);
uint64_t *fx_world_page(uint64_t mfn);

void fx_world_hold(uint64_t mfn, enum fx_type type);
void fx_world_let_go(uint64_t mfn, enum fx_type type);

/* As a guest that gives memory back, and as one that gets some. */
void fx_world_give_back(uint64_t mfn);
void fx_world_populate(uint64_t mfn, uint16_t owner);

/* NULL, or what is wrong with the frames' accounting. */
const char *fx_world_check(void);

#endif /* DW_FX_WORLD_H */
