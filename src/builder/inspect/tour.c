/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/tour.h"

#include <errno.h>
#include <stdlib.h>

/* What an L1 table is for: smaller holes do not end an area. */
#define AREA_GRAIN ((UINT64_C(2) << 20) - 1)

/* Xen's own addresses (xen-x86_32.h, xen-x86_64.h). */
#define XEN_FIRST_32 UINT64_C(0xf5800000)
#define XEN_END_32   (UINT64_C(1) << 32)
#define XEN_FIRST_64 UINT64_C(0xffff800000000000)
#define XEN_END_64   UINT64_C(0xffff880000000000)

struct tour {
    struct domain_view *view;
    struct tour_names *names;
    struct survey *s;
    bool xen_seen;
    uint64_t pages[PT_MAX_LEVELS][VIEW_READ][PT_ENTRIES]; /* by level */
};

/* A table: level 0 is L1. */
struct place {
    unsigned int level;
    mfn_t mfn;
    uint64_t va; /* the first that it is for */
};

/* Tables of one level that are to be looked at. */
struct next {
    struct place place[VIEW_READ];
    unsigned int n;
};

/* ---- areas ---- */

static enum run_kind kind_of(struct tour *t, uint64_t va, mfn_t mfn)
{
    struct tour_names *names = t->names;
    unsigned int i;

    for (i = 0; i < names->nr_frames; i++)
        if (names->frame[i].mfn.v == mfn.v && !names->frame[i].seen) {
            names->frame[i].seen = true;
            return names->frame[i].kind;
        }
    for (i = 0; i < names->nr_ranges; i++)
        if (va >= names->range[i].first && va < names->range[i].end)
            return names->range[i].kind;
    return !view_owned(t->view, mfn) && view_lent(t->view, mfn) ? RUN_GRANTS
                                                                : RUN_MEMORY;
}

static void add_page(struct tour *t, uint64_t va, const struct pt_entry *entry)
{
    bool writable = entry->prot & PT_WRITE;
    struct survey_level *level = &t->s->level[0];
    struct run run = {
        .kind = kind_of(t, va, entry->mfn),
        .first = va,
        .end = va + DW_PAGE_SIZE,
        .count = 1,
        .pfn = view_pfn(t->view, entry->mfn).v,
        .mfn = entry->mfn.v,
        .writable = writable,
        .tables = view_level(t->view, entry->mfn) > 0,
        .foreign =
            !view_owned(t->view, entry->mfn) && !view_lent(t->view, entry->mfn),
    };

    runs_add(&t->s->areas, &run);
    level->writable += writable;
    level->read_only += !writable;
}

/* Addresses without pages of the guest's. */
static void add_span(struct tour *t, enum run_kind kind, uint64_t va,
                     uint64_t bytes)
{
    struct run run = {
        .kind = kind,
        .first = va,
        .end = va + bytes,
        .pfn = RUN_NONE,
        .mfn = RUN_NONE,
    };

    runs_add(&t->s->areas, &run);
}

/* All of it at once: the slots that have an entry are Xen's affair. */
static void add_xen(struct tour *t, uint64_t va)
{
    bool pae = t->view->word == 4;
    uint64_t first = pae ? XEN_FIRST_32 : XEN_FIRST_64;
    uint64_t end = pae ? XEN_END_32 : XEN_END_64;

    if (!t->xen_seen && va >= first && va < end)
        add_span(t, RUN_XEN, first, end - first);
    t->xen_seen = true;
}

/* ---- tables ---- */

static int look_at(struct tour *t, const struct place *place,
                   const uint64_t *entry);

/* Those that are left to look at come before what lies behind them. */
static int look_at_next(struct tour *t, struct next *next)
{
    mfn_t mfns[VIEW_READ];
    bool ok[VIEW_READ];
    unsigned int i, level, n = next->n;
    int rc;

    next->n = 0;
    if (!n)
        return 0;
    level = next->place[0].level;
    for (i = 0; i < n; i++)
        mfns[i] = next->place[i].mfn;
    rc = view_read(t->view, mfns, n, t->pages[level], ok);
    for (i = 0; !rc && i < n; i++)
        if (ok[i])
            rc = look_at(t, &next->place[i], t->pages[level][i]);
    return rc;
}

static int add_next(struct tour *t, struct next *next, unsigned int level,
                    mfn_t mfn, uint64_t va)
{
    view_set_listed(t->view, mfn);
    next->place[next->n++] =
        (struct place){.level = level, .mfn = mfn, .va = va};
    return next->n == VIEW_READ ? look_at_next(t, next) : 0;
}

static int follow(struct tour *t, const struct place *place, struct next *next,
                  const struct pt_entry *entry, uint64_t va)
{
    struct survey_level *level = &t->s->level[place->level];
    int rc;

    /* Xen's levels begin with 1. */
    if (!view_owned(t->view, entry->mfn) ||
        view_level(t->view, entry->mfn) != place->level) {
        level->others++;
        return 0;
    }
    level->links++;
    if (view_state(t->view, entry->mfn) & VIEW_UNLISTED)
        return add_next(t, next, place->level - 1, entry->mfn, va);
    rc = look_at_next(t, next);
    add_span(t, RUN_AGAIN, va, pt_span(t->view->format, place->level));
    return rc;
}

static void add_table(struct tour *t, const struct place *place,
                      uint64_t entries, bool xens)
{
    const struct pt_format *format = t->view->format;
    struct survey_level *level = &t->s->level[place->level];
    uint64_t bytes = pt_table_span(format, place->level);
    bool is_root = place->level == format->levels - 1; /* for both halves */
    struct run run = {
        .first = place->va,
        .end = is_root && format->va_signed ? 0 : place->va + bytes,
        .count = 1,
        .pfn = view_pfn(t->view, place->mfn).v,
        .mfn = place->mfn.v,
        .entries = entries,
    };

    if (!entries && !xens)
        add_span(t, RUN_UNMAPPED, place->va, bytes);
    level->reached++;
    runs_add(&level->runs, &run);
}

/* The address in the form that the guest has to write it in. */
static uint64_t canonical(const struct pt_format *format, uint64_t va)
{
    uint64_t low = UINT64_C(1) << (format->va_bits - 1);

    return format->va_signed && va & low ? va | ~(2 * low - 1) : va;
}

static int look_at(struct tour *t, const struct place *place,
                   const uint64_t *entry)
{
    const struct pt_format *format = t->view->format;
    unsigned int slot, slots = 1u << format->level[place->level].bits;
    struct next next = {.n = 0};
    uint64_t entries = 0, va;
    struct pt_entry e;
    bool xens = false;
    int rc = 0;

    for (slot = 0; !rc && slot < slots; slot++) {
        e = format->decode(place->level, entry[slot]);
        if (e.kind == PT_EMPTY)
            continue;
        va =
            canonical(format, place->va + slot * pt_span(format, place->level));
        if (view_xens_slot(t->view, place->level + 1, slot, &e)) {
            rc = look_at_next(t, &next);
            add_xen(t, va);
            xens = true;
            continue;
        }
        entries++;
        if (e.kind == PT_TABLE)
            rc = follow(t, place, &next, &e, va);
        else if (!place->level)
            add_page(t, va, &e);
        else
            t->s->level[place->level].others++;
    }
    if (!rc)
        rc = look_at_next(t, &next);
    if (!rc)
        add_table(t, place, entries, xens);
    return rc;
}

int tour(struct domain_view *view, mfn_t root, struct tour_names *names,
         struct survey *s)
{
    unsigned int level = view->format->levels - 1;
    struct next next = {.n = 0};
    struct tour *t;
    int rc;

    s->areas.grain = AREA_GRAIN;
    if (!view_owned(view, root) || view_level(view, root) != level + 1)
        return 0;
    t = calloc(1, sizeof(*t));
    if (!t)
        return diag_fail(view->dg, DW_FAILED, -ENOMEM, "out of memory");
    t->view = view;
    t->names = names;
    t->s = s;
    rc = add_next(t, &next, level, root, 0);
    if (!rc)
        rc = look_at_next(t, &next);
    free(t);
    return rc;
}
