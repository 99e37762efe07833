/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt/walk.h"

#include <errno.h>
#include <stddef.h>

struct walk {
    const struct pt_tables *pt;
    unsigned int flags;
    pt_visitor visit;
    void *arg;
    uint64_t last; /* inclusive: the exclusive end may be 1 << 64 */

    /* Where the walk is: in table[level], at the entry that covers va. */
    unsigned int level;
    uint64_t va;
    unsigned int entries; /* that are done with, from that one on */
    uint64_t *table[PT_MAX_LEVELS];
};

/* Reads the entry that covers w->va in the open table of `level`. */
static void load(const struct walk *w, unsigned int level,
                 struct pt_visit_ctx *v)
{
    const struct pt_format *fmt = w->pt->format;

    v->pt = w->pt;
    v->arg = w->arg;
    v->level = level;
    v->va = VADDR(w->va & ~(pt_span(fmt, level) - 1));
    v->slot = &w->table[level][pt_index(fmt, level, v->va)];
    v->entry = fmt->decode(level, *v->slot);
    v->entries = 1;
}

static int call(const struct walk *w, enum pt_visit visit,
                struct pt_visit_ctx *v)
{
    if ((w->flags & visit) == 0)
        return 0;
    v->visit = visit;
    return w->visit(v);
}

/* A call that may put something else there. */
static int call_and_look(const struct walk *w, enum pt_visit visit,
                         struct pt_visit_ctx *v)
{
    int rc = call(w, visit, v);

    if ((w->flags & visit) != 0 && rc >= 0 && v->entries == 1)
        v->entry = w->pt->format->decode(v->level, *v->slot);
    return rc;
}

/* Opens the table of `level` at `mfn`, which covers w->va. */
static int open_table(struct walk *w, unsigned int level, mfn_t mfn)
{
    const struct pt_tables *pt = w->pt;

    w->table[level] = pt->ops->table(pt->ctx, mfn, level, VADDR(w->va));
    if (w->table[level] == NULL)
        return -EFAULT;
    w->level = level;
    return 0;
}

/* How many entries are left in the table of level 0, from this one on. */
static unsigned int entries_left(const struct pt_format *fmt,
                                 const struct pt_visit_ctx *v)
{
    return (1u << fmt->level[0].bits) - pt_index(fmt, 0, v->va);
}

/*
 * Visits the entry at the walk's place.  Enters the table behind it, where
 * there is one after the visits, and says so in *entered.
 */
static int visit_entry(struct walk *w, bool *entered)
{
    struct pt_visit_ctx v;
    int rc = 0;

    *entered = false;
    w->entries = 1;
    load(w, w->level, &v);
    /* Nobody asks for what can be in a table of leaves: on to its end. */
    if (w->level == 0 && (w->flags & (PT_VISIT_LEAF | PT_VISIT_EMPTY)) == 0) {
        w->entries = entries_left(w->pt->format, &v);
        return 0;
    }
    if (v.entry.kind != PT_TABLE) {
        rc = call_and_look(
            w, v.entry.kind == PT_LEAF ? PT_VISIT_LEAF : PT_VISIT_EMPTY, &v);
        if (rc < 0)
            return rc;
        w->entries = v.entries;
        if (v.entries > 1)
            return 0;
        rc = 0;
    }
    if (v.entry.kind == PT_TABLE) {
        rc = call_and_look(w, PT_VISIT_PRE, &v);
        if (rc < 0)
            return rc;
    }
    /* Level 0 has nothing below it, whatever a decoder makes of an entry. */
    if (rc == PT_SKIP || v.entry.kind != PT_TABLE || w->level == 0)
        return 0;
    *entered = true;
    return open_table(w, w->level - 1, v.entry.mfn);
}

/*
 * Moves on to the next entry, leaving each table that ends here or in which
 * the range ends.  *done when nothing of the range is left.
 */
static int advance(struct walk *w, bool *done)
{
    const struct pt_format *fmt = w->pt->format;
    uint64_t span = pt_span(fmt, w->level);
    uint64_t covered = (w->va | (span - 1)) + (w->entries - 1) * span;
    struct pt_visit_ctx v;
    int rc;

    *done = covered >= w->last;
    while (w->level + 1 < fmt->levels) {
        uint64_t table_last = w->va | (pt_table_span(fmt, w->level) - 1);

        if (!*done && covered != table_last)
            break;
        w->level++;
        if ((w->flags & PT_VISIT_POST) == 0)
            continue;
        load(w, w->level, &v);
        rc = call(w, PT_VISIT_POST, &v);
        if (rc < 0)
            return rc;
    }
    w->va = covered + 1; /* not used any more if it wraps: *done then */
    return 0;
}

int pt_walk(const struct pt_tables *pt, vaddr_t first, vaddr_t end,
            unsigned int flags, pt_visitor visit, void *arg)
{
    struct walk w = {.pt = pt,
                     .flags = flags,
                     .visit = visit,
                     .arg = arg,
                     .last = end.v - 1,
                     .va = first.v};
    bool entered, done = false;
    int rc;

    if (!pt_range_valid(pt->format, first, end))
        return -EINVAL;
    rc = open_table(&w, pt->format->levels - 1, pt->root);
    while (rc == 0 && !done) {
        rc = visit_entry(&w, &entered);
        if (rc == 0 && !entered)
            rc = advance(&w, &done);
    }
    return rc;
}

struct found {
    struct pt_entry entry;
    unsigned int level;
};

static int note_entry(struct pt_visit_ctx *v)
{
    struct found *found = v->arg;

    found->entry = v->entry;
    found->level = v->level;
    return 0;
}

int pt_lookup(const struct pt_tables *pt, vaddr_t va, struct pt_entry *entry,
              unsigned int *level)
{
    vaddr_t first = VADDR(va.v & ~(DW_PAGE_SIZE - 1));
    vaddr_t end = VADDR(first.v + DW_PAGE_SIZE);
    struct found found = {0};
    int rc = pt_walk(pt, first, end, PT_VISIT_LEAF | PT_VISIT_EMPTY, note_entry,
                     &found);

    if (rc < 0)
        return rc;
    *entry = found.entry;
    if (level != NULL)
        *level = found.level;
    return 0;
}
