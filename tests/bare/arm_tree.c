/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_tree.h"

#include <errno.h>

/* Frames between the image and what the guest is given (arm_reader.h). */
#define ROOT_FRAMES 16 /* as many as a format may have in a row */
#define ROOT        MFN(UINT64_C(0x44000000) >> DW_PAGE_SHIFT)
#define FIRST_FRAME (ROOT.v + ROOT_FRAMES)
#define FRAMES      4096u

/* What a freed table holds: a walk that goes on through it ends elsewhere. */
#define POISON UINT64_C(0xdbdbdbdbdbdbdbdb)

/* A ring: what was freed last is used again last. */
static uint64_t free_frame[FRAMES];
static unsigned int next_free, nr_free, nr_new;
static bool is_table[FRAMES];

static uint64_t *slots(mfn_t mfn)
{
    return (uint64_t *)(uintptr_t)mfn_to_maddr(mfn).v;
}

mfn_t frame_new(void)
{
    if (nr_new == FRAMES)
        panic("no frame is left");
    return MFN(FIRST_FRAME + nr_new++);
}

static uint64_t *tree_table(void *ctx, mfn_t mfn, unsigned int level,
                            vaddr_t va)
{
    (void)ctx, (void)level, (void)va;
    return slots(mfn);
}

static int tree_alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    struct tree *tree = ctx;
    unsigned int i;

    (void)va;
    if (nr_free > 0) {
        *mfn = MFN(free_frame[next_free]);
        next_free = (next_free + 1) % FRAMES;
        nr_free--;
    } else {
        *mfn = frame_new();
    }
    is_table[mfn->v - FIRST_FRAME] = true;
    for (i = 0; i < PT_ENTRIES; i++)
        slots(*mfn)[i] = tree->tables.format->empty(level);
    tree->used++;
    return 0;
}

static void tree_free(void *ctx, unsigned int level, mfn_t mfn)
{
    struct tree *tree = ctx;
    unsigned int i;

    (void)level;
    if (mfn.v < FIRST_FRAME || mfn.v >= FIRST_FRAME + FRAMES ||
        !is_table[mfn.v - FIRST_FRAME])
        panic("frame %lx is freed, and no table", (unsigned long)mfn.v);
    is_table[mfn.v - FIRST_FRAME] = false;
    for (i = 0; i < PT_ENTRIES; i++)
        slots(mfn)[i] = POISON;
    free_frame[(next_free + nr_free++) % FRAMES] = mfn.v;
    tree->used--;
}

static int tree_publish(void *ctx, unsigned int level, mfn_t mfn)
{
    (void)ctx, (void)level, (void)mfn;
    __asm__ volatile("dsb ishst" : : : "memory");
    return 0;
}

static int tree_store(void *ctx, uint64_t *slot, uint64_t raw)
{
    struct tree *tree = ctx;

    if (tree->refuse >= 0 && tree->refuse-- == 0)
        return -EPERM;
    tree->stores++;
    *(volatile uint64_t *)slot = raw;
    __asm__ volatile("dsb ishst; isb" : : : "memory");
    return 0;
}

static void tree_invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    struct tree *tree = ctx;

    tree->flushes++;
    flush(tree->how, va.v, bytes);
}

void tree_new(struct tree *tree, const struct pt_format *format)
{
    unsigned int root = format->levels - 1, i;

    for (i = 0; i < FRAMES; i++)
        if (is_table[i])
            tree_free(tree, 0, MFN(FIRST_FRAME + i));
    *tree = (struct tree){
        .tables = {.format = format,
                   .ops = &tree->ops,
                   .ctx = tree,
                   .root = ROOT},
        .ops = {.table = tree_table,
                .alloc = tree_alloc,
                .free = tree_free,
                .publish = tree_publish,
                .store = tree_store,
                .invalidate = tree_invalidate},
        .how = FLUSH_RIGHT,
        .refuse = -1,
    };
    for (i = 0; i < ROOT_FRAMES * PT_ENTRIES; i++)
        slots(ROOT)[i] =
            i >> format->level[root].bits ? POISON : format->empty(root);
}
