/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect_world.h - a machine with one PV domain, in the place of libxenctrl
 * and Xen: frames that the test owns, types and fills as it likes, also as no
 * Xen would let a guest.
 */
#ifndef INSPECT_WORLD_H
#define INSPECT_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <xenctrl.h>

#define WORLD_FRAMES 4096u
#define WORLD_VCPUS  3u

/* The domain's frames, PFN 0 and up, and where what lies. */
#define WORLD_BASE  100u
#define WORLD_PAGES 400u

enum world_pfn {
    PFN_START_INFO,
    PFN_P2M,
    PFN_CONSOLE,
    PFN_STORE,
    PFN_TABLE, /* and L1 up to the root behind it: PFN_TABLE + level */
    PFN_DATA = 16,
    PFN_SPARE, /* a frame that is mapped nowhere, and listed */
    PFN_STACK = 349,
};

/* Frames of Xen's: the domain's shared info and grants, the compat M2P,
 * somebody's. */
#define WORLD_SHARED_INFO 50u
#define WORLD_GRANTS      60u /* and the next one */
#define WORLD_COMPAT_M2P  3072u
#define WORLD_OTHERS      2000u

/* The slot of the L1 that maps the shared info; all behind it are empty. */
#define SLOT_SHARED_INFO 400u

struct world {
    unsigned int width, top, nodes;
    uint64_t (*page)[512]; /* by frame */
    bool owned[WORLD_FRAMES];
    uint8_t level[WORLD_FRAMES]; /* as Xen has it typed */
    bool pinned[WORLD_FRAMES];
    uint64_t *m2p;
    int m2p_fd;
    vcpu_guest_context_any_t vcpu[WORLD_VCPUS];
    bool has_vcpu[WORLD_VCPUS];
    xc_domaininfo_t info;
    /* What verify did. */
    uint64_t asked, read, calls;
    uint64_t watched, watched_reads; /* of that frame */
    /* Called before each question and each mapping, to change things. */
    void (*meanwhile)(void);
};

extern struct world world;

/* A guest that is all right, has not run, and has one vCPU. */
void world_start(unsigned int width);
void world_end(void);

static inline uint64_t world_mfn(uint64_t pfn)
{
    return WORLD_BASE + pfn;
}

/* The page of the guest's table of that level. */
static inline uint64_t *world_table(unsigned int level)
{
    return world.page[world_mfn(PFN_TABLE + level)];
}

/* Puts the frame where vCPU `id` has its root. */
void world_set_root(unsigned int id, uint64_t mfn);

/* The P2M's entry. */
void world_set_p2m(uint64_t pfn, uint64_t mfn);

#endif /* INSPECT_WORLD_H */
