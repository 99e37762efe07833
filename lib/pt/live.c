/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt/live.h"

#include <errno.h>
#include <stddef.h>

int pt_store(const struct pt_tables *pt, uint64_t *slot, uint64_t raw)
{
    if (pt->ops->store != NULL)
        return pt->ops->store(pt->ctx, slot, raw);
    *slot = raw;
    return 0;
}

void pt_invalidate(const struct pt_tables *pt, vaddr_t va, uint64_t bytes)
{
    if (pt->ops->invalidate != NULL)
        pt->ops->invalidate(pt->ctx, va, bytes);
}

void pt_pending_add(struct pt_pending *pending, vaddr_t va, uint64_t bytes)
{
    uint64_t last = va.v + bytes - 1;

    if (!pending->any || va.v < pending->first)
        pending->first = va.v;
    if (!pending->any || last > pending->last)
        pending->last = last;
    pending->any = true;
}

void pt_pending_end(const struct pt_tables *pt, struct pt_pending *pending)
{
    if (pending->any)
        pt_invalidate(pt, VADDR(pending->first),
                      pending->last - pending->first + 1);
    *pending = (struct pt_pending){0};
}

static int note_place(struct pt_visit_ctx *v)
{
    struct pt_place *place = v->arg;

    if (v->level != place->level)
        return 0;
    place->slot = v->slot;
    place->va = v->va;
    place->entry = v->entry;
    return PT_SKIP;
}

int pt_find(const struct pt_tables *pt, vaddr_t va, unsigned int level,
            struct pt_place *place)
{
    vaddr_t first = VADDR(va.v & ~(DW_PAGE_SIZE - 1));
    int rc;

    *place = (struct pt_place){.level = level};
    if (level >= pt->format->levels)
        return -EINVAL;
    rc = pt_walk(pt, first, VADDR(first.v + DW_PAGE_SIZE),
                 PT_VISIT_PRE | PT_VISIT_LEAF | PT_VISIT_EMPTY, note_place,
                 place);
    if (rc < 0)
        return rc;
    return place->slot != NULL ? 0 : -ENOENT;
}

int pt_swap(const struct pt_tables *pt, const struct pt_place *place,
            uint64_t raw)
{
    uint64_t old = *place->slot;
    int rc = pt_store(pt, place->slot, pt->format->empty(place->level));

    if (rc < 0)
        return rc;
    pt_invalidate(pt, place->va, pt_span(pt->format, place->level));
    rc = pt_store(pt, place->slot, raw);
    if (rc < 0 && pt_store(pt, place->slot, old) < 0)
        return -ENOTRECOVERABLE;
    return rc;
}

int pt_exchange(const struct pt_tables *pt, const struct pt_place *place,
                uint64_t raw, struct pt_pending *pending)
{
    const struct pt_format *fmt = pt->format;
    const struct pt_entry *old = &place->entry;
    struct pt_entry new = fmt->decode(place->level, raw);
    bool other = old->kind != new.kind || old->memory != new.memory;
    uint32_t changed =
        fmt->keeps_refusals ? old->prot ^ new.prot : old->prot & ~new.prot;
    int rc;

    if (other && fmt->break_first)
        return pt_swap(pt, place, raw);
    rc = pt_store(pt, place->slot, raw);
    /* For rights that were added, most CPUs look again before they fault. */
    if (rc == 0 && (other || changed != 0))
        pt_pending_add(pending, place->va, pt_span(fmt, place->level));
    return rc;
}

int pt_walk_below(const struct pt_tables *pt, unsigned int level, mfn_t mfn,
                  vaddr_t va, unsigned int flags, pt_visitor visit, void *arg)
{
    /* A format with fewer levels: everything about a format is data. */
    struct pt_format fmt = *pt->format;
    struct pt_tables below = *pt;

    fmt.levels = level + 1;
    below.format = &fmt;
    below.root = mfn;
    return pt_walk(&below, va, VADDR(va.v + pt_table_span(&fmt, level)), flags,
                   visit, arg);
}

static int pass_by(struct pt_visit_ctx *v)
{
    (void)v;
    return 0;
}

int pt_reach_below(const struct pt_tables *pt, unsigned int level, mfn_t mfn,
                   vaddr_t va)
{
    return pt_walk_below(pt, level, mfn, va, PT_VISIT_PRE, pass_by, NULL);
}

static int free_table(struct pt_visit_ctx *v)
{
    v->pt->ops->free(v->pt->ctx, v->level - 1, v->entry.mfn);
    return 0;
}

int pt_free_below(const struct pt_tables *pt, unsigned int level, mfn_t mfn,
                  vaddr_t va)
{
    int rc;

    if (pt->ops->free == NULL)
        return 0;
    rc = pt_walk_below(pt, level, mfn, va, PT_VISIT_POST, free_table, NULL);
    if (rc == 0)
        pt->ops->free(pt->ctx, level, mfn);
    return rc;
}

int pt_retire(const struct pt_tables *pt, struct pt_retired *retired,
              unsigned int level, mfn_t mfn, vaddr_t va)
{
    unsigned int n = retired->n++;

    retired->table[n].level = level;
    retired->table[n].mfn = mfn;
    retired->table[n].va = va;
    return retired->n == PT_RETIRED ? pt_retire_end(pt, retired) : 0;
}

int pt_retire_end(const struct pt_tables *pt, struct pt_retired *retired)
{
    int rc = 0;

    pt_pending_end(pt, &retired->stale);
    for (unsigned int i = 0; i < retired->n; i++) {
        int rc_free =
            pt_free_below(pt, retired->table[i].level, retired->table[i].mfn,
                          retired->table[i].va);

        rc = rc < 0 ? rc : rc_free;
    }
    retired->n = 0;
    return rc;
}

int pt_add_table(const struct pt_visit_ctx *v)
{
    const struct pt_tables *pt = v->pt;
    mfn_t mfn = MFN_INVALID;
    int rc = pt->ops->alloc(pt->ctx, v->level - 1, v->va, &mfn);

    if (rc < 0)
        return rc;
    if (!pt_mfn_fits(pt->format, mfn))
        rc = -ERANGE;
    if (rc == 0 && pt->ops->publish != NULL)
        rc = pt->ops->publish(pt->ctx, v->level - 1, mfn);
    if (rc == 0)
        rc = pt_store(pt, v->slot, pt->format->table(v->level, mfn));
    /* Nothing refers to it. */
    if (rc < 0 && pt->ops->free != NULL)
        pt->ops->free(pt->ctx, v->level - 1, mfn);
    return rc;
}

bool pt_visit_within(const struct pt_visit_ctx *v, uint64_t first,
                     uint64_t last)
{
    uint64_t end = v->va.v | (pt_span(v->pt->format, v->level) - 1);

    return v->va.v >= first && end <= last;
}
