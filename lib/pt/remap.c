/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt/remap.h"

#include <errno.h>
#include <stddef.h>

/* Are the leaves of a tree pieces of one? */

struct alike {
    uint64_t base;        /* first address of the tree */
    bool holes;           /* EMPTY entries do not matter */
    bool any;             /* leaf is filled in */
    struct pt_entry leaf; /* the one that they are pieces of */
};

/* Ends the walk with -EDOM where they are not. */
static int compare_leaf(struct pt_visit_ctx *v)
{
    struct alike *a = v->arg;
    struct pt_entry is = v->entry;

    if (v->visit == PT_VISIT_EMPTY)
        return a->holes ? 0 : -EDOM;
    is.mfn.v -= (v->va.v - a->base) >> DW_PAGE_SHIFT;
    if (!a->any)
        a->leaf = is;
    a->any = true;
    return is.mfn.v == a->leaf.mfn.v && is.prot == a->leaf.prot &&
                   is.memory == a->leaf.memory &&
                   is.software == a->leaf.software
               ? 0
               : -EDOM;
}

/*
 * Looks at what is behind a TABLE entry.  0: pieces of a->leaf, which may be
 * none at all; -EDOM: they are not; -EFAULT.
 */
static int compare_below(const struct pt_visit_ctx *v, bool holes,
                         struct alike *a)
{
    *a = (struct alike){.base = v->va.v, .holes = holes};
    return pt_walk_below(v->pt, v->level - 1, v->entry.mfn, v->va,
                         PT_VISIT_LEAF | PT_VISIT_EMPTY, compare_leaf, a);
}

/* The leaf, which maps the same, in place of a TABLE entry. */
static int merge(const struct pt_visit_ctx *v, const struct pt_entry *leaf,
                 struct pt_retired *old)
{
    const struct pt_place place = {v->level, v->va, v->slot, v->entry};
    uint64_t raw = pt_encode(v->pt->format, v->level, leaf);
    int rc = pt_exchange(v->pt, &place, raw, &old->stale), rc_old;

    /* Where even putting it back was refused, the table is as unused. */
    if (rc < 0 && rc != -ENOTRECOVERABLE)
        return rc;
    rc_old = pt_retire(v->pt, old, v->level - 1, v->entry.mfn, v->va);
    return rc < 0 ? rc : rc_old;
}

/*
 * The leaf of the visit becomes leaves of `largest` within [first, last], and
 * beside that such as are as large as they can be.
 */
static int split(const struct pt_visit_ctx *v, uint64_t first, uint64_t last,
                 unsigned int largest, struct pt_retired *old)
{
    const struct pt_format *fmt = v->pt->format;
    uint64_t leaf_last = v->va.v | (pt_span(fmt, v->level) - 1);
    unsigned int beside = v->level - 1;
    struct pt_subtree sub;
    int rc;

    if (first < v->va.v)
        first = v->va.v;
    if (last > leaf_last)
        last = leaf_last;
    rc = pt_subtree_new(v->pt, v->va, v->level, &sub);
    if (rc == 0)
        rc = pt_subtree_copy(&sub, &v->entry, v->va, VADDR(first), beside);
    if (rc == 0)
        rc = pt_subtree_copy(&sub, &v->entry, VADDR(first), VADDR(last + 1),
                             largest);
    if (rc == 0)
        rc = pt_subtree_copy(&sub, &v->entry, VADDR(last + 1),
                             VADDR(leaf_last + 1), beside);
    if (rc == 0)
        rc = pt_relink(v->pt, &sub, &old->stale);
    pt_subtree_discard(&sub);
    return rc;
}

/* pt_resize() */

struct resize {
    uint64_t first, last;
    unsigned int largest;
    bool split; /* the entry of this visit, just now */
    struct pt_retired old;
};

static int resize_leaf(const struct pt_visit_ctx *v, struct resize *r)
{
    int rc;

    if (v->level <= r->largest || !v->pt->format->level[v->level].leaf)
        return 0;
    rc = split(v, v->va.v, UINT64_MAX, r->largest, &r->old);
    r->split = rc == 0;
    return rc;
}

static int resize_table(const struct pt_visit_ctx *v, struct resize *r)
{
    struct alike a;
    int rc;

    if (v->level > r->largest || !v->pt->format->level[v->level].leaf)
        return 0;
    rc = compare_below(v, false, &a);
    if (rc == 0 && pt_check_leaf(v->pt->format, v->level, a.leaf.mfn) == 0)
        return merge(v, &a.leaf, &r->old);
    return rc == -EDOM ? 0 : rc;
}

static int resize_entry(struct pt_visit_ctx *v)
{
    struct resize *r = v->arg;

    if (!pt_visit_within(v, r->first, r->last))
        return 0;
    if (v->visit == PT_VISIT_LEAF)
        return resize_leaf(v, r);
    if (v->visit == PT_VISIT_POST)
        return resize_table(v, r);
    if (!r->split)
        return 0;
    r->split = false;
    return PT_SKIP;
}

int pt_resize(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
              unsigned int largest)
{
    struct resize r = {.first = first.v, .last = end.v - 1, .largest = largest};
    int rc =
        pt_walk(pt, first, end, PT_VISIT_PRE | PT_VISIT_LEAF | PT_VISIT_POST,
                resize_entry, &r);
    int rc_old = pt_retire_end(pt, &r.old);

    return rc < 0 ? rc : rc_old;
}

/* pt_remap() */

struct remap {
    const struct pt_run *run;
    uint32_t early;
    struct pt_counts *counts;
    struct pt_retired old;
};

static int check_remap(struct pt_visit_ctx *v)
{
    const struct remap *r = v->arg;
    vaddr_t at = v->va.v < r->run->first.v ? r->run->first : v->va;
    uint64_t page = (at.v - v->va.v) >> DW_PAGE_SHIFT;

    if (!v->pt->format->level[v->level].leaf)
        return -EDOM;
    return v->entry.mfn.v + page == pt_run_mfn(r->run, at).v ? 0 : -EEXIST;
}

/* The second pass. */
static int finish_leaf(struct pt_visit_ctx *v)
{
    const struct pt_place place = {v->level, v->va, v->slot, v->entry};
    const struct pt_format *fmt = v->pt->format;
    struct remap *r = v->arg;
    const struct pt_run *run = r->run;
    uint64_t raw = *v->slot;

    if (v->entry.prot != pt_allowed(fmt, run->prot))
        raw = fmt->protect(v->level, raw, run->prot);
    if (v->entry.memory != run->memory)
        raw = fmt->set_memory(v->level, raw, run->memory);
    if (v->entry.software != run->software)
        raw = fmt->set_software(v->level, raw, run->software);
    return raw == *v->slot ? 0 : pt_exchange(v->pt, &place, raw, &r->old.stale);
}

/* Before the first: what becomes one leaf is made alike. */
static int level_table(struct pt_visit_ctx *v)
{
    struct remap *r = v->arg;
    struct alike a;
    int rc;

    if (!pt_run_fits(v->pt->format, r->run, v->level, v->va))
        return 0;
    rc = compare_below(v, true, &a);
    if (rc == -EDOM)
        rc = pt_walk_below(v->pt, v->level - 1, v->entry.mfn, v->va,
                           PT_VISIT_LEAF, finish_leaf, r);
    return rc < 0 ? rc : PT_SKIP;
}

/* A leaf that is EMPTY yet. */
static struct pt_entry early_leaf(const struct remap *r, vaddr_t va)
{
    struct pt_entry leaf = pt_run_leaf(r->run, va);

    leaf.prot = r->early;
    return leaf;
}

static int size_empty(struct pt_visit_ctx *v, struct remap *r)
{
    struct pt_entry leaf = early_leaf(r, v->va);

    return pt_store(v->pt, v->slot, pt_encode(v->pt->format, v->level, &leaf));
}

static int size_table(struct pt_visit_ctx *v, struct remap *r)
{
    struct alike a;
    int rc = compare_below(v, true, &a);

    if (rc < 0)
        return rc;
    if (!a.any)
        a.leaf = early_leaf(r, v->va);
    return merge(v, &a.leaf, &r->old);
}

/*
 * The first pass, from above: an entry where a final leaf begins is made that
 * leaf; one that is larger becomes a table, which the walk then enters.
 */
static int size_entry(struct pt_visit_ctx *v)
{
    struct remap *r = v->arg;
    const struct pt_run *run = r->run;
    int rc = 0;

    if (!pt_run_fits(v->pt->format, run, v->level, v->va)) {
        if (v->visit == PT_VISIT_EMPTY)
            return pt_add_table(v);
        if (v->visit == PT_VISIT_LEAF)
            return split(v, run->first.v, run->end.v - 1, run->largest,
                         &r->old);
        return 0;
    }
    if (v->visit == PT_VISIT_EMPTY)
        rc = size_empty(v, r);
    else if (v->visit == PT_VISIT_PRE)
        rc = size_table(v, r);
    r->counts->leaf[v->level] += rc == 0;
    return rc;
}

/* One pass, and the invalidation that ends it. */
static int pass(const struct pt_tables *pt, struct remap *r, unsigned int flags,
                pt_visitor visit)
{
    int rc = pt_walk(pt, r->run->first, r->run->end, flags, visit, r);
    int rc_old = pt_retire_end(pt, &r->old);

    return rc < 0 ? rc : rc_old;
}

int pt_remap(const struct pt_tables *pt, const struct pt_run *run,
             uint32_t early, struct pt_counts *counts)
{
    struct remap r = {.run = run, .early = early, .counts = counts};
    int rc = pt_check_run(pt->format, run);

    *counts = (struct pt_counts){{0}};
    if (rc == 0)
        rc = pass(pt, &r, PT_VISIT_LEAF, check_remap);
    if (rc == 0)
        rc = pass(pt, &r, PT_VISIT_PRE, level_table);
    if (rc == 0)
        rc = pass(pt, &r, PT_VISIT_EMPTY | PT_VISIT_LEAF | PT_VISIT_PRE,
                  size_entry);
    if (rc == 0)
        rc = pass(pt, &r, PT_VISIT_LEAF, finish_leaf);
    return rc;
}
