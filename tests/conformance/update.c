/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mmu_update: entries of tables in use, of other frames, and of the M2P. */
#include <stdio.h>

#include "conformance.h"

enum { DATA, L1, L2, L3, L4, SLOT3, SPARE1, SPARE2, SPARE3, NR_FRAMES };

/* A pinned tree: frame n is the table of level n, in slot 1 of the next. */
static void make_tree(struct test *t, const struct guest *g)
{
    unsigned int root = root_level(g);

    for (unsigned int frame = 0; frame < NR_FRAMES; frame++)
        (void)clear(t, g, frame);
    if (g->width == 32)
        (void)poke(t, g, L3, 3, entry(g, SLOT3, P));
    for (unsigned int level = 1; level <= root; level++)
        (void)poke(t, g, level, 1, entry(g, level - 1, good_flags(g, level)));
    (void)pin(t, g, root, root);
}

static void show(struct test *t, const struct guest *g, unsigned int frame,
                 unsigned int slot)
{
    uint64_t value = 0;
    long r = peek(t, g, frame, slot, &value);
    int index = guest_index(g, (value & MFN_MASK) >> 12);

    if (r)
        report(t, r, "  reading it");
    else if (index >= 0)
        say(t, "  slot %u holds frame %d, flags %llx", slot, index,
            (unsigned long long)(value & ~MFN_MASK));
    else
        say(t, "  slot %u holds %s, flags %llx", slot,
            value & MFN_MASK ? "another frame" : "no frame",
            (unsigned long long)(value & ~MFN_MASK));
}

static void try_update(struct test *t, const struct guest *g,
                       unsigned int level, unsigned int slot, uint64_t value,
                       const char *what)
{
    report(t, update(t, g, level, slot, value), "L%u slot %u, %s", level, slot,
           what);
    show(t, g, level, slot);
}

/* New tables come in, leave, and change places. */
static void entries(struct test *t, const struct guest *g, unsigned int level)
{
    uint64_t good = good_flags(g, level);
    unsigned int below = level - 1;

    try_update(t, g, level, 2, entry(g, SPARE1, good), "a new frame below");
    say_types(t, g, NR_FRAMES);
    try_update(t, g, level, 2, entry(g, SPARE1, good), "the same again");
    try_update(t, g, level, 2, entry(g, SPARE1, good ^ A), "without accessed");
    try_update(t, g, level, 2, entry(g, SPARE2, good), "another one instead");
    say_types(t, g, NR_FRAMES);
    try_update(t, g, level, 2, entry(g, below, good), "the one of slot 1");
    try_update(t, g, level, 1, 0, "emptied");
    try_update(t, g, level, 2, 0, "emptied");
    say_types(t, g, NR_FRAMES);
    try_update(t, g, level, 1, entry(g, below, good), "the first one back");
    try_update(t, g, level, 2, BAD_MFN << 12 | good, "a bad frame");
    try_update(t, g, level, 2, entry(g, level, good), "itself");
    try_update(t, g, level, 2, entry(g, root_level(g), good), "the root");
    try_update(t, g, level, 2, entry(g, SPARE1, 0), "not present");
    try_update(t, g, level, 2, 0, "emptied");
    report(t, pin(t, g, level == 1 ? 2 : 1, SPARE1), "pin a frame otherwise");
    try_update(t, g, level, 2, entry(g, SPARE1, good), "that frame");
    report(t, unpin(t, g, SPARE1), "unpin it");
    (void)update(t, g, level, 2, 0);
    (void)clear(t, g, SPARE1);
}

static void each_flag(struct test *t, const struct guest *g, unsigned int level)
{
    uint64_t good = good_flags(g, level);
    char what[40];

    for (unsigned int bit = 0; bit < 64; bit++) {
        if (bit >= 12 && bit < 52)
            continue;
        snprintf(what, sizeof(what), "bit %u toggled", bit);
        try_update(t, g, level, 1,
                   entry(g, level - 1, good ^ UINT64_C(1) << bit), what);
        (void)update(t, g, level, 1, entry(g, level - 1, good));
        (void)update(t, g, level, 2, 0);
        snprintf(what, sizeof(what), "bit %u toggled", bit);
        try_update(t, g, level, 2, entry(g, SPARE3, good ^ UINT64_C(1) << bit),
                   what);
        (void)update(t, g, level, 2, 0);
        (void)clear(t, g, SPARE3);
    }
    say_types(t, g, NR_FRAMES);
}

static void slots(struct test *t, const struct guest *g)
{
    static const unsigned int special[] = {0,   3,   4,   255, 256,
                                           257, 260, 271, 272, 511};
    unsigned int root = root_level(g);

    for (unsigned int i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        report(t, update(t, g, root, special[i], 0), "root slot %u emptied",
               special[i]);
        report(t,
               update(t, g, root, special[i],
                      entry(g, root - 1, good_flags(g, root))),
               "root slot %u filled", special[i]);
    }
    (void)unpin(t, g, root);
    make_tree(t, g);
}

static void slot_3_of_l3(struct test *t, const struct guest *g)
{
    static const unsigned int special[] = {0, 427, 428, 450, 511};

    for (unsigned int i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        report(t, update(t, g, SLOT3, special[i], 0),
               "L2 of slot 3, slot %u emptied", special[i]);
        report(
            t,
            update(t, g, SLOT3, special[i], entry(g, SPARE1, good_flags(g, 2))),
            "L2 of slot 3, slot %u filled", special[i]);
        (void)update(t, g, SLOT3, special[i], 0);
    }
}

/* The second command keeps accessed and dirty; others are refused. */
static void commands(struct test *t, const struct guest *g)
{
    uint64_t ptr = (g->mfn[L1] << 12) + 8;

    (void)update(t, g, L1, 1, entry(g, DATA, P | RW | US | A | D));
    report(t,
           mmu_update(t, g->domid, ptr | MMU_PT_UPDATE_PRESERVE_AD,
                      entry(g, DATA, P | RW | US)),
           "preserve_ad");
    show(t, g, L1, 1);
    report(t,
           mmu_update(t, g->domid, ptr | MMU_PT_UPDATE_NO_TRANSLATE,
                      entry(g, DATA, P | US)),
           "no_translate");
    show(t, g, L1, 1);
    for (unsigned int cmd = 4; cmd < 8; cmd++)
        report(t, mmu_update(t, g->domid, ptr | cmd, 0), "command %u", cmd);
}

static void other_frames(struct test *t, const struct guest *g)
{
    struct guest other;
    mmu_update_t requests[3];
    unsigned int done;
    uint32_t both = g->domid | (g->domid + 1) << 16;
    uint64_t slot = g->mfn[SPARE2] << 12;

    guest_new(t, &other, g->width, 4);
    report(t, update(t, g, SPARE1, 3, 0x1234567), "a frame that is no table");
    show(t, g, SPARE1, 3);
    report(t, mmu_update(t, g->domid, BAD_MFN << 12, 0), "a bad frame");
    report(t, mmu_update(t, g->domid, other.mfn[0] << 12, 0),
           "another's frame");
    report(t, update(t, g, L1, 2, entry(&other, 0, good_flags(g, 1))),
           "another's frame in an L1");
    report(t, update(t, g, L2, 2, entry(&other, 0, good_flags(g, 2))),
           "another's frame in an L2");
    report(t, mmu_update(t, 0x7eee, g->mfn[L1] << 12, 0), "no domain's");
    for (unsigned int i = 0; i < 3; i++)
        requests[i] = (mmu_update_t){.ptr = slot + i * 8, .val = i << 12};
    report(t, mmu_updates(t, both, requests, 3, &done), "three at once");
    say(t, "  done: %u", done);
    requests[1].ptr = BAD_MFN << 12;
    report(t, mmu_updates(t, both, requests, 3, &done), "the second bad");
    say(t, "  done: %u", done);
    report(t, mmu_updates(t, both, requests, 0, &done), "none");
    say(t, "  done: %u", done);
    report(t, mmu_updates(t, 0x7eee | (g->domid + 1) << 16, requests, 1, &done),
           "frames of no domain");
    say(t, "  done: %u", done);
    guest_end(t, &other);
}

static void m2p(struct test *t, const struct guest *g)
{
    static const uint64_t pfns[] = {5, 0, 0xabcdef, UINT64_MAX, 1};
    uint64_t pfn = 0;
    struct guest other;

    guest_new(t, &other, g->width, 4);
    report(t, m2p_of(t, g->mfn[SPARE1], &pfn), "the M2P of frame %u", SPARE1);
    say(t, "  %llu", (unsigned long long)pfn);
    for (unsigned int i = 0; i < sizeof(pfns) / sizeof(pfns[0]); i++) {
        report(t,
               mmu_update(t, g->domid,
                          g->mfn[SPARE1] << 12 | MMU_MACHPHYS_UPDATE, pfns[i]),
               "set it to %llx", (unsigned long long)pfns[i]);
        (void)m2p_of(t, g->mfn[SPARE1], &pfn);
        say(t, "  %llx", (unsigned long long)pfn);
    }
    report(t,
           mmu_update(t, g->domid,
                      g->mfn[SPARE1] << 12 | 8 | MMU_MACHPHYS_UPDATE, 9),
           "not at a frame's start");
    (void)m2p_of(t, g->mfn[SPARE1], &pfn);
    say(t, "  %llx", (unsigned long long)pfn);
    report(t, mmu_update(t, g->domid, BAD_MFN << 12 | MMU_MACHPHYS_UPDATE, 1),
           "of a bad frame");
    report(t,
           mmu_update(t, g->domid, other.mfn[0] << 12 | MMU_MACHPHYS_UPDATE, 1),
           "of another's frame");
    report(t, mmu_update(t, 0x7eee, g->mfn[0] << 12 | MMU_MACHPHYS_UPDATE, 1),
           "of no domain's");
    guest_end(t, &other);
}

void section_update(struct test *t, unsigned int width)
{
    struct guest g;

    guest_new(t, &g, width, NR_FRAMES);
    make_tree(t, &g);
    say_types(t, &g, NR_FRAMES);
    for (unsigned int level = 1; level <= root_level(&g); level++) {
        entries(t, &g, level);
        each_flag(t, &g, level);
    }
    (void)unpin(t, &g, root_level(&g));
    make_tree(t, &g);
    slots(t, &g);
    if (width == 32)
        slot_3_of_l3(t, &g);
    commands(t, &g);
    other_frames(t, &g);
    m2p(t, &g);
    report(t, unpin(t, &g, root_level(&g)), "unpin the root");
    say_types(t, &g, NR_FRAMES);
    guest_end(t, &g);
}
