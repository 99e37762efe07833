/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt/map.h"

#include <errno.h>
#include <stddef.h>

static int store(const struct pt_tables *pt, uint64_t *slot, uint64_t raw)
{
    if (pt->ops->store != NULL)
        return pt->ops->store(pt->ctx, slot, raw);
    *slot = raw;
    return 0;
}

static void invalidate(const struct pt_tables *pt, vaddr_t va, uint64_t bytes)
{
    if (pt->ops->invalidate != NULL)
        pt->ops->invalidate(pt->ctx, va, bytes);
}

/* May a leaf of `level` map `mfn`? */
static int check_leaf(const struct pt_format *fmt, unsigned int level,
                      mfn_t mfn)
{
    uint64_t frames = pt_span(fmt, level) >> DW_PAGE_SHIFT;

    if (!pt_mfn_fits(fmt, mfn))
        return -ERANGE;
    if (!fmt->level[level].leaf || (mfn.v & (frames - 1)) != 0)
        return -EDOM;
    return 0;
}

/* pt_map(): the walk asks at every EMPTY entry what to put there. */

struct map {
    pt_source source;
    void *arg;
};

static int add_table(const struct pt_visit_ctx *v)
{
    const struct pt_tables *pt = v->pt;
    mfn_t mfn = MFN_INVALID;
    int rc = pt->ops->alloc(pt->ctx, v->level - 1, v->va, &mfn);

    if (rc < 0)
        return rc;
    rc = pt_mfn_fits(pt->format, mfn)
             ? store(pt, v->slot, pt->format->table(v->level, mfn))
             : -ERANGE;
    /* Nothing refers to it. */
    if (rc < 0 && pt->ops->free != NULL)
        pt->ops->free(pt->ctx, v->level - 1, mfn);
    return rc;
}

static int add_leaf(const struct pt_visit_ctx *v)
{
    const struct pt_format *fmt = v->pt->format;
    const struct map *map = v->arg;
    mfn_t mfn = MFN_INVALID;
    uint32_t prot = 0;
    int rc = map->source(map->arg, v->va, &mfn, &prot);

    if (rc < 0)
        return rc;
    rc = check_leaf(fmt, v->level, mfn);
    if (rc < 0)
        return rc;
    return store(v->pt, v->slot, fmt->leaf(v->level, mfn, prot));
}

static int map_entry(struct pt_visit_ctx *v)
{
    if (v->visit == PT_VISIT_LEAF)
        return -EEXIST;
    return v->level > 0 ? add_table(v) : add_leaf(v);
}

int pt_map(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
           pt_source source, void *arg)
{
    struct map map = {.source = source, .arg = arg};

    return pt_walk(pt, first, end, PT_VISIT_EMPTY | PT_VISIT_LEAF, map_entry,
                   &map);
}

/* pt_map_run(): the same, with as many leaves at once as a table takes. */

struct map_run {
    struct pt_run run;
    bool fresh; /* the next entry is in a table that was just added */
};

static uint64_t run_leaf(const struct pt_format *fmt, unsigned int level,
                         const struct pt_run *run, mfn_t mfn)
{
    const struct pt_entry entry = {.kind = PT_LEAF,
                                   .mfn = mfn,
                                   .prot = run->prot,
                                   .memory = run->memory,
                                   .software = run->software};

    return pt_encode(fmt, level, &entry);
}

static mfn_t run_mfn(const struct pt_run *run, vaddr_t va)
{
    return MFN(run->mfn.v + ((va.v - run->first.v) >> DW_PAGE_SHIFT));
}

/* How many leaves may stand in a row from this entry on; 0: none. */
static unsigned int run_leaves(const struct pt_visit_ctx *v,
                               const struct pt_run *run)
{
    const struct pt_format *fmt = v->pt->format;
    uint64_t span = pt_span(fmt, v->level);
    uint64_t left = run->end.v - v->va.v; /* also where `end` is 1 << 64 */
    unsigned int in_table = pt_entries(fmt, v->level);

    if (v->level > run->largest || v->va.v < run->first.v || left < span ||
        check_leaf(fmt, v->level, run_mfn(run, v->va)) < 0)
        return 0;
    in_table -= pt_index(fmt, v->level, v->va);
    return left / span < in_table ? (unsigned int)(left / span) : in_table;
}

/* How many of the n entries are EMPTY before the first that is not. */
static unsigned int count_empty(const struct pt_visit_ctx *v, unsigned int n)
{
    const struct pt_format *fmt = v->pt->format;
    uint64_t empty = fmt->empty(v->level), others = 0;
    unsigned int i;

    for (i = 0; i < n; i++)
        others |= v->slot[i] ^ empty;
    if (others == 0)
        return n;
    for (i = 0; i < n && fmt->decode(v->level, v->slot[i]).kind == PT_EMPTY;)
        i++;
    return i;
}

/* All of them are EMPTY; the walk goes on behind them. */
static int add_leaves(struct pt_visit_ctx *v, const struct pt_run *run,
                      unsigned int n)
{
    const struct pt_format *fmt = v->pt->format;
    uint64_t span = pt_span(fmt, v->level), *slot = v->slot;
    mfn_t mfn = run_mfn(run, v->va);
    uint64_t raw = run_leaf(fmt, v->level, run, mfn);
    int rc = 0;

    v->entries = n;
    /* Here the time goes, for all that is mapped. */
    if (v->pt->ops->store == NULL && fmt->frame_in_place) {
        for (unsigned int i = 0; i < n; i++)
            slot[i] = raw + i * span;
        return 0;
    }
    for (unsigned int i = 0; rc == 0 && i < n; i++) {
        rc = store(v->pt, &slot[i], run_leaf(fmt, v->level, run, mfn));
        mfn.v += span >> DW_PAGE_SHIFT;
    }
    return rc;
}

static int map_run_entry(struct pt_visit_ctx *v)
{
    struct map_run *map = v->arg;
    unsigned int n;
    int rc;

    if (v->visit == PT_VISIT_LEAF)
        return -EEXIST;
    n = run_leaves(v, &map->run);
    if (n == 0) {
        rc = add_table(v);
        map->fresh = rc == 0;
        return rc;
    }
    if (!map->fresh)
        n = count_empty(v, n);
    map->fresh = false;
    return add_leaves(v, &map->run, n);
}

int pt_map_run(const struct pt_tables *pt, const struct pt_run *run)
{
    struct map_run map = {.run = *run};
    uint64_t pages = (run->end.v - run->first.v) >> DW_PAGE_SHIFT;

    if (!pt_range_valid(pt->format, run->first, run->end))
        return -EINVAL;
    if (!pt_mfn_fits(pt->format, run->mfn) ||
        !pt_mfn_fits(pt->format, MFN(run->mfn.v + pages - 1)))
        return -ERANGE;
    if (!pt_can_say(pt->format, run->memory, run->software))
        return -EDOM;
    return pt_walk(pt, run->first, run->end, PT_VISIT_EMPTY | PT_VISIT_LEAF,
                   map_run_entry, &map);
}

/* pt_protect(): one pass that looks, one that only writes. */

struct protect {
    uint64_t first, last; /* the range, last address inclusive */
    uint32_t prot;        /* as decode() reports it */
    bool stale;           /* rights were taken away in ... */
    uint64_t stale_first, stale_last;
};

static int check_entry(struct pt_visit_ctx *v)
{
    const struct protect *p = v->arg;
    uint64_t last = v->va.v | (pt_span(v->pt->format, v->level) - 1);

    /* A superpage that somebody else wrote where this format writes none. */
    if (!v->pt->format->level[v->level].leaf)
        return -EDOM;
    return v->va.v < p->first || last > p->last ? -EDOM : 0;
}

static int protect_entry(struct pt_visit_ctx *v)
{
    const struct pt_format *fmt = v->pt->format;
    struct protect *p = v->arg;
    int rc;

    if (v->entry.prot == p->prot)
        return 0;
    rc = store(v->pt, v->slot, fmt->protect(v->level, *v->slot, p->prot));
    if (rc < 0 || (v->entry.prot & ~p->prot) == 0)
        return rc;
    if (!p->stale)
        p->stale_first = v->va.v;
    p->stale = true;
    p->stale_last = v->va.v | (pt_span(fmt, v->level) - 1);
    return 0;
}

int pt_protect(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
               uint32_t prot)
{
    struct protect p = {.first = first.v,
                        .last = end.v - 1,
                        .prot = pt_allowed(pt->format, prot)};
    int rc = pt_walk(pt, first, end, PT_VISIT_LEAF, check_entry, &p);

    if (rc < 0)
        return rc;
    rc = pt_walk(pt, first, end, PT_VISIT_LEAF, protect_entry, &p);
    /* One for all: an invalidation on a live machine interrupts every CPU. */
    if (p.stale)
        invalidate(pt, VADDR(p.stale_first), p.stale_last - p.stale_first + 1);
    return rc;
}

/* pt_break() and pt_make(). */

struct pick {
    unsigned int level;
    uint64_t *slot; /* NULL while nothing of `level` was met */
    vaddr_t va;
    struct pt_entry entry;
};

static int pick_entry(struct pt_visit_ctx *v)
{
    struct pick *pick = v->arg;

    if (v->level != pick->level)
        return 0;
    pick->slot = v->slot;
    pick->va = v->va;
    pick->entry = v->entry;
    return PT_SKIP;
}

/* Finds the entry of `level` that covers `va`; -ENOENT: no table so deep. */
static int find_entry(const struct pt_tables *pt, vaddr_t va,
                      unsigned int level, struct pick *pick)
{
    vaddr_t first = VADDR(va.v & ~(DW_PAGE_SIZE - 1));
    int rc;

    *pick = (struct pick){.level = level};
    if (level >= pt->format->levels)
        return -EINVAL;
    rc = pt_walk(pt, first, VADDR(first.v + DW_PAGE_SIZE),
                 PT_VISIT_PRE | PT_VISIT_LEAF | PT_VISIT_EMPTY, pick_entry,
                 pick);
    if (rc < 0)
        return rc;
    return pick->slot != NULL ? 0 : -ENOENT;
}

static int free_below(struct pt_visit_ctx *v)
{
    v->pt->ops->free(v->pt->ctx, v->level - 1, v->entry.mfn);
    return 0;
}

static int touch(struct pt_visit_ctx *v)
{
    (void)v;
    return 0;
}

/*
 * Walks the tree of which the table at `mfn`, of `level`, is the root and
 * which begins at `va`: a format with fewer levels, as everything about a
 * format is data.
 */
static int walk_below(const struct pt_tables *pt, unsigned int level, mfn_t mfn,
                      vaddr_t va, unsigned int flags, pt_visitor visit)
{
    struct pt_format fmt = *pt->format;
    struct pt_tables below = *pt;

    fmt.levels = level + 1;
    below.format = &fmt;
    below.root = mfn;
    return pt_walk(&below, va, VADDR(va.v + pt_table_span(&fmt, level)), flags,
                   visit, NULL);
}

int pt_break(const struct pt_tables *pt, vaddr_t va, unsigned int level,
             struct pt_broken *token)
{
    struct pick pick;
    bool frees;
    int rc;

    *token = (struct pt_broken){0};
    rc = find_entry(pt, va, level, &pick);
    if (rc < 0)
        return rc;
    if (pick.entry.kind == PT_EMPTY)
        return -ENOENT;

    /* What may fail comes first: can all that is to be freed be reached? */
    frees = pick.entry.kind == PT_TABLE && pt->ops->free != NULL;
    if (frees) {
        rc = walk_below(pt, level - 1, pick.entry.mfn, pick.va, PT_VISIT_PRE,
                        touch);
        if (rc < 0)
            return rc;
    }

    rc = store(pt, pick.slot, pt->format->empty(level));
    if (rc < 0)
        return rc;
    invalidate(pt, pick.va, pt_span(pt->format, level));
    *token = (struct pt_broken){
        .pending = true, .level = level, .va = pick.va, .old = pick.entry};
    if (!frees)
        return 0;

    rc = walk_below(pt, level - 1, pick.entry.mfn, pick.va, PT_VISIT_POST,
                    free_below);
    if (rc == 0)
        pt->ops->free(pt->ctx, level - 1, pick.entry.mfn);
    return rc;
}

int pt_make(const struct pt_tables *pt, struct pt_broken *token, mfn_t mfn,
            uint32_t prot)
{
    struct pt_entry entry = token->old;
    struct pick pick;
    int rc;

    if (!token->pending)
        return -EINVAL;
    rc = check_leaf(pt->format, token->level, mfn);
    if (rc < 0)
        return rc;
    /* Looked up again: table() promises its pointers for one call only. */
    rc = find_entry(pt, token->va, token->level, &pick);
    if (rc < 0)
        return rc;
    if (pick.entry.kind != PT_EMPTY)
        return -EEXIST;
    entry.mfn = mfn;
    entry.prot = prot;
    rc = store(pt, pick.slot, pt_encode(pt->format, token->level, &entry));
    token->pending = rc < 0;
    return rc;
}
