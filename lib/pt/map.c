/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt/map.h"

#include <errno.h>
#include <stddef.h>

/* pt_map(): the walk asks at every EMPTY entry what to put there. */

struct map {
    pt_source source;
    void *arg;
};

static int add_leaf(const struct pt_visit_ctx *v)
{
    const struct pt_format *fmt = v->pt->format;
    const struct map *map = v->arg;
    mfn_t mfn = MFN_INVALID;
    uint32_t prot = 0;
    int rc = map->source(map->arg, v->va, &mfn, &prot);

    if (rc < 0)
        return rc;
    rc = pt_check_leaf(fmt, v->level, mfn);
    if (rc < 0)
        return rc;
    return pt_store(v->pt, v->slot, fmt->leaf(v->level, mfn, prot));
}

static int map_entry(struct pt_visit_ctx *v)
{
    if (v->visit == PT_VISIT_LEAF)
        return -EEXIST;
    return v->level > 0 ? pt_add_table(v) : add_leaf(v);
}

int pt_map(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
           pt_source source, void *arg)
{
    struct map map = {.source = source, .arg = arg};

    return pt_walk(pt, first, end, PT_VISIT_EMPTY | PT_VISIT_LEAF, map_entry,
                   &map);
}

/* Runs. */

int pt_check_run(const struct pt_format *fmt, const struct pt_run *run)
{
    uint64_t pages = (run->end.v - run->first.v) >> DW_PAGE_SHIFT;

    if (!pt_range_valid(fmt, run->first, run->end))
        return -EINVAL;
    if (!pt_mfn_fits(fmt, run->mfn) ||
        !pt_mfn_fits(fmt, MFN(run->mfn.v + pages - 1)))
        return -ERANGE;
    return pt_can_say(fmt, run->memory, run->software) ? 0 : -EDOM;
}

bool pt_run_fits(const struct pt_format *fmt, const struct pt_run *run,
                 unsigned int level, vaddr_t va)
{
    uint64_t left = run->end.v - va.v; /* also where `end` is 1 << 64 */

    return level <= run->largest && va.v >= run->first.v &&
           left >= pt_span(fmt, level) &&
           pt_check_leaf(fmt, level, pt_run_mfn(run, va)) == 0;
}

struct pt_entry pt_run_leaf(const struct pt_run *run, vaddr_t va)
{
    return (struct pt_entry){.kind = PT_LEAF,
                             .mfn = pt_run_mfn(run, va),
                             .prot = run->prot,
                             .memory = run->memory,
                             .software = run->software};
}

/* pt_map_run(): as pt_map(), with as many leaves at once as a table takes. */

struct map_run {
    struct pt_run run;
    bool fill;  /* all of it is EMPTY, the caller says */
    bool fresh; /* the next entry is in a table that was just added */
};

/*
 * How many leaves of `level` may stand in a row, from the entry of `va` on in
 * its table; 0: none.
 */
static unsigned int run_leaves(const struct pt_format *fmt,
                               const struct pt_run *run, unsigned int level,
                               vaddr_t va)
{
    uint64_t left = run->end.v - va.v; /* also where `end` is 1 << 64 */
    unsigned int in_table = pt_entries(fmt, level) - pt_index(fmt, level, va);
    uint64_t n = left >> fmt->level[level].shift;

    if (!pt_run_fits(fmt, run, level, va))
        return 0;
    return n < in_table ? (unsigned int)n : in_table;
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

/* n leaves of the run, from `slot` on, which is the entry of `va`. */
static int add_leaves(const struct pt_tables *pt, const struct pt_run *run,
                      unsigned int level, vaddr_t va, uint64_t *slot,
                      unsigned int n)
{
    const struct pt_format *fmt = pt->format;
    uint64_t span = pt_span(fmt, level);
    struct pt_entry leaf = pt_run_leaf(run, va);
    uint64_t raw = pt_encode(fmt, level, &leaf);
    int rc = 0;

    /* Here the time goes, for all that is mapped. */
    if (pt->ops->store == NULL && fmt->frame_in_place) {
        for (uint64_t *end = slot + n; slot < end; raw += span)
            *slot++ = raw;
        return 0;
    }
    for (unsigned int i = 0; rc == 0 && i < n; i++) {
        rc = pt_store(pt, &slot[i], pt_encode(fmt, level, &leaf));
        leaf.mfn.v += span >> DW_PAGE_SHIFT;
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
    n = run_leaves(v->pt->format, &map->run, v->level, v->va);
    if (n == 0) {
        rc = pt_add_table(v);
        map->fresh = rc == 0;
        return rc;
    }
    if (!map->fill && !map->fresh)
        n = count_empty(v, n);
    map->fresh = false;
    v->entries = n; /* the walk goes on behind them */
    return add_leaves(v->pt, &map->run, v->level, v->va, v->slot, n);
}

static int map_run(const struct pt_tables *pt, const struct pt_run *run,
                   bool fill)
{
    struct map_run map = {.run = *run, .fill = fill};

    return pt_walk(pt, run->first, run->end, PT_VISIT_EMPTY | PT_VISIT_LEAF,
                   map_run_entry, &map);
}

int pt_map_run(const struct pt_tables *pt, const struct pt_run *run)
{
    int rc = pt_check_run(pt->format, run);

    return rc < 0 ? rc : map_run(pt, run, false);
}

/* In one table of pages, which takes no walk. */
static int fill_table(const struct pt_tables *pt, const struct pt_run *run)
{
    uint64_t *table = pt->ops->table(pt->ctx, pt->root, 0, run->first);

    if (table == NULL)
        return -EFAULT;
    return add_leaves(pt, run, 0, run->first,
                      &table[pt_index(pt->format, 0, run->first)],
                      run_leaves(pt->format, run, 0, run->first));
}

int pt_fill_run(const struct pt_tables *pt, const struct pt_run *run)
{
    int rc = pt_check_run(pt->format, run);

    if (rc < 0)
        return rc;
    return pt->format->levels == 1 ? fill_table(pt, run)
                                   : map_run(pt, run, true);
}

/* pt_protect(): one pass that looks, one that only writes. */

struct protect {
    uint64_t first, last; /* the range, last address inclusive */
    uint32_t prot;        /* as decode() reports it */
    struct pt_pending stale;
};

static int check_protect(struct pt_visit_ctx *v)
{
    const struct protect *p = v->arg;

    /* A superpage that somebody else wrote where this format writes none. */
    if (!v->pt->format->level[v->level].leaf)
        return -EDOM;
    return pt_visit_within(v, p->first, p->last) ? 0 : -EDOM;
}

static int protect_entry(struct pt_visit_ctx *v)
{
    const struct pt_place place = {v->level, v->va, v->slot, v->entry};
    struct protect *p = v->arg;
    uint64_t raw;

    if (v->entry.prot == p->prot)
        return 0;
    raw = v->pt->format->protect(v->level, *v->slot, p->prot);
    return pt_exchange(v->pt, &place, raw, &p->stale);
}

int pt_protect(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
               uint32_t prot)
{
    struct protect p = {.first = first.v,
                        .last = end.v - 1,
                        .prot = pt_allowed(pt->format, prot)};
    int rc = pt_walk(pt, first, end, PT_VISIT_LEAF, check_protect, &p);

    if (rc < 0)
        return rc;
    rc = pt_walk(pt, first, end, PT_VISIT_LEAF, protect_entry, &p);
    /* One for all: an invalidation on a live machine interrupts every CPU. */
    pt_pending_end(pt, &p.stale);
    return rc;
}

/* pt_unmap(): the same two passes. */

struct unmap {
    uint64_t first, last;
    pt_removed removed;
    void *arg;
    struct pt_pending *pending;
};

static int check_unmap(struct pt_visit_ctx *v)
{
    const struct unmap *u = v->arg;

    return pt_visit_within(v, u->first, u->last) ? 0 : -EDOM;
}

static int unmap_entry(struct pt_visit_ctx *v)
{
    const struct pt_format *fmt = v->pt->format;
    const struct unmap *u = v->arg;
    int rc = pt_store(v->pt, v->slot, fmt->empty(v->level));

    if (rc < 0)
        return rc;
    pt_pending_add(u->pending, v->va, pt_span(fmt, v->level));
    if (u->removed != NULL)
        u->removed(u->arg, v->va, v->level, &v->entry);
    return 0;
}

int pt_unmap(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
             pt_removed removed, void *arg, struct pt_pending *pending)
{
    struct unmap u = {.first = first.v,
                      .last = end.v - 1,
                      .removed = removed,
                      .arg = arg,
                      .pending = pending};
    struct pt_pending both = *pending;
    int rc;

    if (!pt_range_valid(pt->format, first, end))
        return -EINVAL;
    pt_pending_add(&both, first, end.v - first.v);
    if (!pt_range_valid(pt->format, VADDR(both.first), VADDR(both.last + 1)))
        return -EINVAL;
    rc = pt_walk(pt, first, end, PT_VISIT_LEAF, check_unmap, &u);
    if (rc < 0)
        return rc;
    return pt_walk(pt, first, end, PT_VISIT_LEAF, unmap_entry, &u);
}

/* pt_flush() */

static bool is_empty(const struct pt_format *fmt, unsigned int level,
                     const uint64_t *slot)
{
    for (unsigned int i = 0; i < pt_entries(fmt, level); i++)
        if (fmt->decode(level, slot[i]).kind != PT_EMPTY)
            return false;
    return true;
}

static int retire_empty(struct pt_visit_ctx *v)
{
    const struct pt_tables *pt = v->pt;
    struct pt_retired *old = v->arg;
    unsigned int level = v->level - 1;
    const uint64_t *slot = pt->ops->table(pt->ctx, v->entry.mfn, level, v->va);
    int rc;

    if (slot == NULL)
        return -EFAULT;
    if (!is_empty(pt->format, level, slot))
        return 0;
    rc = pt_store(pt, v->slot, pt->format->empty(v->level));
    if (rc < 0)
        return rc;
    pt_pending_add(&old->stale, v->va, pt_span(pt->format, v->level));
    return pt_retire(pt, old, level, v->entry.mfn, v->va);
}

int pt_flush(const struct pt_tables *pt, struct pt_pending *pending)
{
    vaddr_t first = VADDR(pending->first), end = VADDR(pending->last + 1);
    struct pt_retired old = {.n = 0};
    int rc, rc_old;

    if (!pending->any)
        return 0;
    pt_pending_end(pt, pending);
    if (pt->ops->free == NULL)
        return 0;
    rc = pt_walk(pt, first, end, PT_VISIT_POST, retire_empty, &old);
    rc_old = pt_retire_end(pt, &old);
    return rc < 0 ? rc : rc_old;
}
