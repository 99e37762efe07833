/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt/change.h"

#include <errno.h>
#include <stddef.h>

int pt_break(const struct pt_tables *pt, vaddr_t va, unsigned int level,
             struct pt_broken *token)
{
    struct pt_place place;
    bool table;
    int rc;

    *token = (struct pt_broken){0};
    rc = pt_find(pt, va, level, &place);
    if (rc < 0)
        return rc;
    if (place.entry.kind == PT_EMPTY)
        return -ENOENT;

    /* What may fail comes first: can all that is to be freed be reached? */
    table = place.entry.kind == PT_TABLE;
    if (table && pt->ops->free != NULL) {
        rc = pt_reach_below(pt, level - 1, place.entry.mfn, place.va);
        if (rc < 0)
            return rc;
    }

    rc = pt_store(pt, place.slot, pt->format->empty(level));
    if (rc < 0)
        return rc;
    pt_invalidate(pt, place.va, pt_span(pt->format, level));
    *token = (struct pt_broken){
        .pending = true, .level = level, .va = place.va, .old = place.entry};
    return table ? pt_free_below(pt, level - 1, place.entry.mfn, place.va) : 0;
}

/* Writes the entry that was broken. */
static int make(const struct pt_tables *pt, struct pt_broken *token,
                uint64_t raw)
{
    struct pt_place place;
    /* Looked up again: table() promises its pointers for one call only. */
    int rc = pt_find(pt, token->va, token->level, &place);

    if (rc < 0)
        return rc;
    if (place.entry.kind != PT_EMPTY)
        return -EEXIST;
    rc = pt_store(pt, place.slot, raw);
    token->pending = rc < 0;
    return rc;
}

int pt_make(const struct pt_tables *pt, struct pt_broken *token, mfn_t mfn,
            uint32_t prot)
{
    struct pt_entry entry = token->old;
    int rc;

    if (!token->pending)
        return -EINVAL;
    rc = pt_check_leaf(pt->format, token->level, mfn);
    if (rc < 0)
        return rc;
    entry.mfn = mfn;
    entry.prot = prot;
    return make(pt, token, pt_encode(pt->format, token->level, &entry));
}

int pt_subtree_new(const struct pt_tables *pt, vaddr_t va, unsigned int level,
                   struct pt_subtree *sub)
{
    mfn_t mfn = MFN_INVALID;
    int rc;

    sub->level = 0;
    if (level == 0 || level >= pt->format->levels ||
        !pt_addr_valid(pt->format, va))
        return -EINVAL;
    va.v &= ~(pt_span(pt->format, level) - 1);
    rc = pt->ops->alloc(pt->ctx, level - 1, va, &mfn);
    if (rc < 0)
        return rc;
    if (!pt_mfn_fits(pt->format, mfn)) {
        if (pt->ops->free != NULL)
            pt->ops->free(pt->ctx, level - 1, mfn);
        return -ERANGE;
    }

    *sub = (struct pt_subtree){.format = *pt->format,
                               .ops = *pt->ops,
                               .tables = {.format = &sub->format,
                                          .ops = &sub->ops,
                                          .ctx = pt->ctx,
                                          .root = mfn},
                               .publish = pt->ops->publish,
                               .level = level,
                               .va = va};
    sub->format.levels = level;
    sub->ops.publish = NULL;
    sub->ops.store = NULL;
    sub->ops.invalidate = NULL;
    return 0;
}

/* The last address of the entry that it stands behind. */
static uint64_t last_of(const struct pt_subtree *sub)
{
    return sub->va.v | (pt_span(&sub->format, sub->level) - 1);
}

int pt_subtree_map_run(struct pt_subtree *sub, const struct pt_run *run)
{
    uint64_t first = run->first.v, last = run->end.v - 1;
    bool apart = !sub->mapped.any || first > sub->mapped.last ||
                 last < sub->mapped.first;

    if (sub->level == 0 || sub->closed || first > last || first < sub->va.v ||
        last > last_of(sub))
        return -EINVAL;
    pt_pending_add(&sub->mapped, run->first, last - first + 1);
    return apart ? pt_fill_run(&sub->tables, run)
                 : pt_map_run(&sub->tables, run);
}

int pt_subtree_copy(struct pt_subtree *sub, const struct pt_entry *leaf,
                    vaddr_t first, vaddr_t end, unsigned int largest)
{
    uint64_t page = (first.v - sub->va.v) >> DW_PAGE_SHIFT;
    const struct pt_run run = {.first = first,
                               .end = end,
                               .mfn = MFN(leaf->mfn.v + page),
                               .prot = leaf->prot,
                               .memory = leaf->memory,
                               .software = leaf->software,
                               .largest = largest};

    return first.v == end.v ? 0 : pt_subtree_map_run(sub, &run);
}

static int publish_table(struct pt_visit_ctx *v)
{
    const struct pt_subtree *sub = v->arg;

    return sub->publish(sub->tables.ctx, v->level - 1, v->entry.mfn);
}

int pt_subtree_publish(struct pt_subtree *sub)
{
    int rc = 0;

    if (sub->level == 0)
        return -EINVAL;
    sub->closed = true;
    if (sub->publish != NULL && !sub->published) {
        rc = pt_walk_below(&sub->tables, sub->level - 1, sub->tables.root,
                           sub->va, PT_VISIT_POST, publish_table, sub);
        if (rc == 0)
            rc =
                sub->publish(sub->tables.ctx, sub->level - 1, sub->tables.root);
    }
    sub->published = rc == 0;
    return rc;
}

void pt_subtree_discard(struct pt_subtree *sub)
{
    int rc = 0;

    if (sub->level != 0)
        rc = pt_free_below(&sub->tables, sub->level - 1, sub->tables.root,
                           sub->va);
    /* What could be reached to be filled, by the caller's own table(). */
    (void)rc;
    sub->level = 0;
}

static uint64_t entry_of(const struct pt_subtree *sub)
{
    return sub->format.table(sub->level, sub->tables.root);
}

int pt_install(const struct pt_tables *pt, struct pt_broken *token,
               struct pt_subtree *sub)
{
    int rc;

    if (!token->pending || sub->level == 0 || token->level != sub->level ||
        token->va.v != sub->va.v)
        return -EINVAL;
    rc = pt_subtree_publish(sub);
    if (rc == 0)
        rc = make(pt, token, entry_of(sub));
    if (rc == 0)
        sub->level = 0;
    return rc;
}

/* The leaf that it is to replace. */
static int find_leaf(const struct pt_tables *pt, struct pt_subtree *sub,
                     struct pt_place *place)
{
    int rc = pt_subtree_publish(sub);

    if (rc == 0)
        rc = pt_find(pt, sub->va, sub->level, place);
    if (rc < 0)
        return rc;
    return place->entry.kind == PT_LEAF    ? 0
           : place->entry.kind == PT_EMPTY ? -ENOENT
                                           : -EEXIST;
}

int pt_replace(const struct pt_tables *pt, struct pt_subtree *sub)
{
    struct pt_place place;
    int rc = find_leaf(pt, sub, &place);

    if (rc == 0)
        rc = pt_swap(pt, &place, entry_of(sub));
    if (rc == 0)
        sub->level = 0;
    return rc;
}

int pt_relink(const struct pt_tables *pt, struct pt_subtree *sub,
              struct pt_pending *pending)
{
    struct pt_place place;
    int rc = find_leaf(pt, sub, &place);

    if (rc == 0)
        rc = pt_exchange(pt, &place, entry_of(sub), pending);
    if (rc == 0)
        sub->level = 0;
    return rc;
}

/* What is before the leaf of `level` at `va`, that leaf, what is behind. */
static int copy_around(struct pt_subtree *sub, const struct pt_entry *leaf,
                       vaddr_t va, unsigned int level)
{
    uint64_t span = pt_span(&sub->format, level);
    vaddr_t first = VADDR(va.v & ~(span - 1));
    vaddr_t end = VADDR(first.v + span);
    unsigned int largest = sub->level - 1;
    int rc = pt_subtree_copy(sub, leaf, sub->va, first, largest);

    if (rc == 0)
        rc = pt_subtree_copy(sub, leaf, first, end, level);
    if (rc == 0)
        rc = pt_subtree_copy(sub, leaf, end, VADDR(last_of(sub) + 1), largest);
    return rc;
}

int pt_split(const struct pt_tables *pt, vaddr_t va, unsigned int level)
{
    struct pt_pending pending = {0};
    struct pt_subtree sub;
    struct pt_entry leaf;
    unsigned int is;
    int rc;

    if (level >= pt->format->levels)
        return -EINVAL;
    rc = pt_lookup(pt, va, &leaf, &is);
    if (rc < 0)
        return rc;
    if (leaf.kind != PT_LEAF)
        return -ENOENT;
    if (is <= level)
        return 0;
    if (!pt->format->level[level].leaf || !pt->format->level[is].leaf)
        return -EDOM;

    rc = pt_subtree_new(pt, va, is, &sub);
    if (rc == 0)
        rc = copy_around(&sub, &leaf, va, level);
    if (rc == 0)
        rc = pt_relink(pt, &sub, &pending);
    pt_pending_end(pt, &pending);
    pt_subtree_discard(&sub);
    return rc;
}
