/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc.c - machine frames, from the top down.
 *
 * A bit for each aligned block of each order says that all of it is free, so
 * that the highest fitting block is found by looking for the last bit set.
 */
#include "machine/alloc.h"

#include <errno.h>
#include <string.h>

#include "machine/frames.h"
#include "machine/space.h"
#include "machine/tlb.h"

#define WORD_SHIFT 6
#define WORD_BITS  (1u << WORD_SHIFT)

#define NO_BIT UINT64_MAX

static uint64_t words(uint64_t bits)
{
    return (bits + WORD_BITS - 1) >> WORD_SHIFT;
}

/* Lays the trees out from word 0 of `base`, and says how many words. */
static uint64_t layout(struct fx_tree free[FX_MAX_ORDER + 1], uint64_t frames,
                       uint64_t *base)
{
    uint64_t at = 0, bits;
    unsigned int order;

    for (order = 0; order <= FX_MAX_ORDER; order++) {
        struct fx_tree *tree = &free[order];

        tree->levels = 0;
        tree->bits = bits = (frames >> order) + 1;
        do {
            tree->level[tree->levels++] = base ? base + at : NULL;
            at += words(bits);
            bits = words(bits);
        } while (bits > 1);
    }
    return at;
}

uint64_t fx_free_map_bytes(uint64_t nr_frames)
{
    struct fx_tree free[FX_MAX_ORDER + 1];

    return layout(free, nr_frames, NULL) * sizeof(uint64_t);
}

void fx_free_map_attach(struct fx_host *host, uint64_t nr_frames,
                        uint64_t *base)
{
    layout(host->free, nr_frames, base);
}

static bool tree_test(const struct fx_tree *tree, uint64_t bit)
{
    return tree->level[0][bit >> WORD_SHIFT] >> (bit % WORD_BITS) & 1;
}

static void tree_clear(struct fx_tree *tree, uint64_t bit)
{
    unsigned int level;

    for (level = 0; level < tree->levels; level++) {
        uint64_t *word = &tree->level[level][bit >> WORD_SHIFT];

        *word &= ~(UINT64_C(1) << (bit % WORD_BITS));
        if (*word)
            return;
        bit >>= WORD_SHIFT;
    }
}

/* Bits [bit, bit + nr), nr a power of two and bit a multiple of it. */
static void tree_clear_block(struct fx_tree *tree, uint64_t bit, uint64_t nr)
{
    uint64_t i;

    if (nr >= WORD_BITS) {
        uint64_t first = bit >> WORD_SHIFT, count = nr >> WORD_SHIFT;

        /* Leave one bit a word to the slow way, which clears what is above. */
        for (i = first; i < first + count; i++) {
            tree->level[0][i] = 1;
            tree_clear(tree, i << WORD_SHIFT);
        }
        return;
    }
    for (i = bit; i < bit + nr; i++)
        tree_clear(tree, i);
}

/* Bits [first, end), and those above that stand for their words. */
static void tree_set(struct fx_tree *tree, uint64_t first, uint64_t end)
{
    bool any_was_empty = first < end;
    unsigned int level;
    uint64_t i;

    for (level = 0; level < tree->levels && any_was_empty; level++) {
        any_was_empty = false;
        for (i = first; i < end; i++) {
            uint64_t *word = &tree->level[level][i >> WORD_SHIFT];

            any_was_empty |= !*word;
            if (i % WORD_BITS || end - i < WORD_BITS) {
                *word |= UINT64_C(1) << (i % WORD_BITS);
            } else {
                *word = UINT64_MAX;
                i += WORD_BITS - 1;
            }
        }
        first >>= WORD_SHIFT;
        end = words(end);
    }
}

/* The last bit set below `end`, which is below the tree's bits; or NO_BIT. */
static uint64_t tree_last(const struct fx_tree *tree, uint64_t end)
{
    unsigned int level;
    uint64_t word = 0;

    /* Up, until something is set before where we are. */
    for (level = 0; level < tree->levels; level++) {
        uint64_t below = (UINT64_C(1) << (end % WORD_BITS)) - 1;

        word = tree->level[level][end >> WORD_SHIFT] & below;
        if (word)
            break;
        end >>= WORD_SHIFT;
    }
    if (!word)
        return NO_BIT;
    end = (end | (WORD_BITS - 1)) - (uint64_t)__builtin_clzll(word);
    /* And down again along the last one. */
    while (level--) {
        word = tree->level[level][end];
        if (!word)
            return NO_BIT; /* a damaged map */
        end = (end << WORD_SHIFT) + (WORD_BITS - 1) -
              (uint64_t)__builtin_clzll(word);
    }
    return end;
}

bool fx_is_free(const struct fx_host *host, uint64_t mfn)
{
    return fx_is_ram(host, mfn) && tree_test(&host->free[0], mfn);
}

bool fx_is_free_block(const struct fx_host *host, uint64_t block,
                      unsigned int order)
{
    return block < host->free[order].bits &&
           tree_test(&host->free[order], block);
}

/* All blocks within frames [first, end). */
static void set_free(struct fx_host *host, uint64_t first, uint64_t end)
{
    unsigned int order;

    host->super->free_frames += end - first;
    for (order = 0; order <= FX_MAX_ORDER; order++)
        tree_set(&host->free[order],
                 (first + (UINT64_C(1) << order) - 1) >> order, end >> order);
}

/* Blocks go over the border of two nodes' ranges; those who look do not. */
void fx_free_map_fill(struct fx_host *host)
{
    const struct fx_super *super = host->super;
    uint32_t i;

    host->super->free_frames = 0;
    for (i = 0; i < super->nr_ram; i++) {
        uint64_t first = super->ram[i].first;

        while (i + 1 < super->nr_ram &&
               super->ram[i].end == super->ram[i + 1].first)
            i++;
        set_free(host, first, super->ram[i].end);
    }
}

void fx_free_map_rebuild(struct fx_host *host)
{
    const struct fx_super *super = host->super;
    uint64_t mfn, first, end;
    uint32_t i;

    memset(host->free[0].level[0], 0, fx_free_map_bytes(super->nr_frames));
    host->super->free_frames = 0;
    for (i = 0; i < super->nr_ram; i++) {
        first = super->ram[i].first;
        while (i + 1 < super->nr_ram &&
               super->ram[i].end == super->ram[i + 1].first)
            i++;
        end = super->ram[i].end;
        for (; first < end; first = mfn + 1) {
            mfn = fx_next_used(host, first);
            if (mfn > end)
                mfn = end;
            if (first < mfn)
                set_free(host, first, mfn);
        }
    }
}

static void take_block(struct fx_host *host, uint64_t mfn, unsigned int order)
{
    unsigned int k;

    for (k = 0; k <= order; k++)
        tree_clear_block(&host->free[k], mfn >> k, UINT64_C(1) << (order - k));
    /* What is not wholly free is part of nothing that is. */
    for (; k <= FX_MAX_ORDER && tree_test(&host->free[k], mfn >> k); k++)
        tree_clear(&host->free[k], mfn >> k);
    host->super->free_frames -= UINT64_C(1) << order;
}

/* Frames [first, end), and the blocks that with those beside them are free as
 * a whole from now on. */
static void give_frames(struct fx_host *host, uint64_t first, uint64_t end)
{
    unsigned int k;

    host->super->free_frames += end - first;
    for (k = 0; k <= FX_MAX_ORDER && first < end; k++) {
        const struct fx_tree *tree = &host->free[k];

        tree_set(&host->free[k], first, end);
        first = first / 2 + (first % 2 && !tree_test(tree, first - 1));
        end = end / 2 + (end % 2 && tree_test(tree, end));
    }
}

/* The highest free block within one range, below frame `limit`. */
static uint64_t find_in_range(const struct fx_host *host,
                              const struct fx_range *range, unsigned int order,
                              uint64_t limit)
{
    uint64_t end = (range->end < limit ? range->end : limit) >> order;
    uint64_t first = (range->first + (UINT64_C(1) << order) - 1) >> order;
    uint64_t block;

    if (first >= end)
        return FX_NO_MFN;
    block = tree_last(&host->free[order], end);
    if (block == NO_BIT || block < first)
        return FX_NO_MFN;
    return block << order;
}

/* In the ranges of these nodes. */
static uint64_t find_block(const struct fx_host *host, uint64_t nodes,
                           unsigned int order, uint64_t limit)
{
    const struct fx_super *super = host->super;
    uint64_t mfn;
    uint32_t i;

    for (i = super->nr_ram; i--;) {
        if (!(nodes >> super->ram_node[i] & 1))
            continue;
        mfn = find_in_range(host, &super->ram[i], order, limit);
        if (mfn != FX_NO_MFN)
            return mfn;
    }
    return FX_NO_MFN;
}

static bool is_touched(const struct fx_host *host, uint64_t mfn)
{
    return host->frames[mfn].flags & FX_F_TOUCHED;
}

/* Who freed some of these frames was killed before they were cleared. */
static void clear_left(struct fx_host *host, uint64_t mfn, uint64_t nr)
{
    uint64_t end = mfn + nr;

    for (; mfn < end; mfn++)
        if (is_touched(host, mfn))
            fx_space_clear(host, mfn, mfn + 1);
}

/* A frame of RAM is nowhere in any guest. */
static void forget_pfn(struct fx_host *host, uint64_t mfn)
{
    host->m2p[mfn] = UINT64_MAX;
    host->compat_m2p[mfn] = UINT32_MAX;
}

/* None, for a node that no host has: a caller names it in 8 bits. */
static uint64_t nodes_of(const struct fx_alloc *want)
{
    if (want->node == FX_ANY_NODE)
        return want->nodes;
    return want->node < FX_MAX_NODES ? UINT64_C(1) << want->node : 0;
}

uint64_t fx_alloc_frames(struct fx_host *host, const struct fx_alloc *want,
                         uint16_t owner)
{
    uint64_t limit = host->super->nr_frames, mfn, end, i;

    if (want->order > FX_MAX_ORDER)
        return FX_NO_MFN;
    if (want->bits && want->bits < FX_PAGE_SHIFT + 64) {
        unsigned int shift =
            want->bits > FX_PAGE_SHIFT ? want->bits - FX_PAGE_SHIFT : 0;

        if (shift < 63 && UINT64_C(1) << shift < limit)
            limit = UINT64_C(1) << shift;
    }
    mfn = find_block(host, nodes_of(want), want->order, limit);
    if (mfn == FX_NO_MFN && !(want->node != FX_ANY_NODE && want->exact_node))
        mfn = find_block(host, UINT64_MAX, want->order, limit);
    if (mfn == FX_NO_MFN)
        return mfn;
    fx_clear_freed(host);
    if (fx_space_for_accounting(host, mfn, UINT64_C(1) << want->order))
        return FX_NO_MFN;
    take_block(host, mfn, want->order);
    clear_left(host, mfn, UINT64_C(1) << want->order);
    end = mfn + (UINT64_C(1) << want->order);
    for (i = mfn; i < end; i++) {
        struct fx_frame *frame = &host->frames[i];

        frame->refs = 1;
        frame->type = 0;
        frame->owner = owner;
        frame->flags = FX_F_ALLOCATED;
        forget_pfn(host, i);
    }
    return mfn;
}

/* Freed frames are often neighbours: they are cleared together, in one go. */
static void clear_later(struct fx_host *host, uint64_t first, uint64_t end)
{
    struct fx_range *r = &host->to_clear;

    if (r->first != r->end && first == r->end) {
        r->end = end;
        return;
    }
    if (r->first != r->end && end == r->first) {
        r->first = first;
        return;
    }
    while (first < end && !is_touched(host, first))
        first++;
    while (first < end && !is_touched(host, end - 1))
        end--;
    if (first == end)
        return;
    fx_clear_freed(host);
    *r = (struct fx_range){first, end};
}

void fx_clear_freed(struct fx_host *host)
{
    struct fx_range r = host->to_clear;

    if (r.first != r.end)
        fx_space_clear(host, r.first, r.end);
    host->to_clear = (struct fx_range){0, 0};
}

/* [first, end) are none that are free. */
static void free_range(struct fx_host *host, uint64_t first, uint64_t end)
{
    uint64_t i;

    for (i = first; i < end; i++) {
        struct fx_frame *frame = &host->frames[i];

        frame->refs = 0;
        frame->type = 0;
        frame->owner = 0;
        frame->flags &= FX_F_TOUCHED;
        forget_pfn(host, i);
    }
    give_frames(host, first, end);
    host->space.freed += end - first;
    clear_later(host, first, end);
}

void fx_free_frames(struct fx_host *host, uint64_t mfn, uint64_t nr)
{
    uint64_t end = mfn + nr, k;

    fx_tlb_shootdown(host);
    for (; mfn < end; mfn = k + 1) {
        for (k = mfn; k < end && !tree_test(&host->free[0], k); k++)
            ;
        if (mfn < k)
            free_range(host, mfn, k);
    }
}

void fx_free_frame(struct fx_host *host, uint64_t mfn)
{
    const struct fx_frame *frame = fx_frame(host, mfn);

    if (frame && frame != host->none)
        fx_free_frames(host, mfn, 1);
}

void fx_clear_free(struct fx_host *host)
{
    uint64_t mfn = 0;

    for (; (mfn = fx_next_unclean(host, mfn)) != FX_NO_MFN; mfn++)
        clear_later(host, mfn, mfn + 1);
    fx_clear_freed(host);
}

uint64_t fx_free_frames_count(const struct fx_host *host)
{
    return host->super->free_frames;
}
