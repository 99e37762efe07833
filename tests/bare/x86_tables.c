/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_tables.c - the tables that the CPU is using: the static ones, which are
 * in the image, and those in frames of RAM, reached through the direct map.
 */
#include "x86.h"

#include <errno.h>

#define LOADED_AT 0x100000

/* An invalidation of more pages than that is one of everything. */
#define MANY_PAGES 1024

/* What a table is full of that nothing refers to: a present entry with reserved
 * bits, so that whoever uses it faults. */
#define POISON UINT64_C(0x000fdead00000001)

maddr_t image_at = {LOADED_AT};

static maddr_t frames_first, frames_next, frames_end;
static maddr_t freed[256];
static unsigned int nr_freed;

void frames_from(maddr_t first, maddr_t end)
{
    frames_first = frames_next = first;
    frames_end = end;
}

uint64_t frames_out(void)
{
    return ((frames_next.v - frames_first.v) >> DW_PAGE_SHIFT) - nr_freed;
}

static bool in_image(maddr_t ma)
{
    return ma.v - image_at.v < (uint64_t)(image_end - image_start);
}

bool is_used(maddr_t ma)
{
    return in_image(ma) || (ma.v >= frames_first.v && ma.v < frames_end.v);
}

maddr_t image_maddr(const void *at)
{
    return MADDR(image_at.v + (uint64_t)((const uint8_t *)at - image_start));
}

void *direct(maddr_t ma)
{
    return (void *)(DIRECT_BASE + ma.v);
}

static uint64_t *table(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va)
{
    maddr_t ma = mfn_to_maddr(mfn);

    (void)ctx;
    (void)level;
    (void)va;
    if (in_image(ma))
        return (uint64_t *)(image_start + (ma.v - image_at.v));
    return is_used(ma) ? direct(ma) : NULL;
}

static void fill(maddr_t frame, uint64_t value)
{
    uint64_t *slot = direct(frame);

    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        slot[i] = value;
}

static int alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    maddr_t frame = frames_next;

    (void)ctx;
    (void)va;
    if (nr_freed > 0)
        frame = freed[--nr_freed];
    else if (frames_next.v < frames_end.v)
        frames_next.v += DW_PAGE_SIZE;
    else
        return -ENOMEM;
    fill(frame, pt_x86_64_native.empty(level));
    *mfn = maddr_to_mfn(frame);
    return 0;
}

static void take_back(void *ctx, unsigned int level, mfn_t mfn)
{
    (void)ctx;
    (void)level;
    if (nr_freed == sizeof(freed) / sizeof(freed[0])) {
        say("Bail out! more tables are freed than there are\n");
        cpu_stop(false);
    }
    fill(mfn_to_maddr(mfn), POISON);
    freed[nr_freed++] = mfn_to_maddr(mfn);
}

static int store(void *ctx, uint64_t *slot, uint64_t raw)
{
    (void)ctx;
    *(volatile uint64_t *)slot = raw;
    return 0;
}

static void invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    (void)ctx;
    if (bytes > MANY_PAGES * DW_PAGE_SIZE) {
        flush_all();
        return;
    }
    for (uint64_t at = 0; at < bytes; at += DW_PAGE_SIZE)
        invlpg(va.v + at);
}

const struct pt_ops live_ops = {.table = table,
                                .alloc = alloc,
                                .free = take_back,
                                .store = store,
                                .invalidate = invalidate};

struct pt_tables live_tables(void)
{
    return (struct pt_tables){.format = &pt_x86_64_native,
                              .ops = &live_ops,
                              .root = maddr_to_mfn(MADDR(read_cr3()))};
}

int new_tables(struct pt_tables *pt)
{
    uint64_t *slot;
    int rc;

    *pt = live_tables();
    rc = alloc(NULL, 3, VADDR(0), &pt->root);
    if (rc < 0)
        return rc;
    slot = direct(mfn_to_maddr(pt->root));
    slot[0] = root[0];
    slot[PT_ENTRIES - 1] = root[PT_ENTRIES - 1];
    return 0;
}

void use_tables(const struct pt_tables *pt)
{
    write_cr3(mfn_to_maddr(pt->root).v);
    flush_all();
}
