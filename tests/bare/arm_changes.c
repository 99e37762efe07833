/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_changes.h"
#include "pt/remap.h"

#include <errno.h>

#define PAGE DW_PAGE_SIZE
#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)

/*
 * Most may be read and written, which AT is asked about; and many are alike, so
 * that they can become one.
 */
static struct churn_state any_state(struct churn *c, bool aligned)
{
    static const uint32_t prots[] = {
        PT_READ | PT_WRITE,
        PT_READ | PT_WRITE,
        PT_READ | PT_WRITE | PT_EXEC,
        PT_READ | PT_WRITE | PT_EXEC,
        PT_READ,
        PT_READ | PT_EXEC,
        PT_WRITE,
        0,
    };

    uint32_t software = c->tree->tables.format->software;
    bool plain = churn_below(c, 4) != 0;

    return (struct churn_state){
        .mapped = true,
        .shift = churn_any_shift(c, aligned),
        .prot = prots[churn_below(c, sizeof(prots) / sizeof(*prots))],
        .memory = plain ? PT_WB : (enum pt_memory)churn_below(c, PT_UC + 1),
        .software = plain ? 0 : (uint32_t)churn_below(c, software + 1),
    };
}

static struct pt_run run_of(const struct churn *c, unsigned int first,
                            unsigned int end, const struct churn_state *state,
                            unsigned int largest)
{
    return (struct pt_run){
        .first = churn_cut_va(c, first),
        .end = churn_cut_va(c, end),
        .mfn = maddr_to_mfn(churn_frame(state, c->plan->cut[first])),
        .prot = state->prot,
        .memory = state->memory,
        .software = state->software,
        .largest = largest,
    };
}

/* Map what is free. */

static bool choose_map(struct churn *c)
{
    struct churn_change *change = &c->change;
    unsigned int limit;

    churn_choose_range(c);
    limit = change->end;
    while (change->first < limit && c->now[change->first].mapped)
        change->first++;
    if (change->first == limit)
        return false;
    for (change->end = change->first;
         change->end < limit && !c->now[change->end].mapped;)
        change->end++;
    change->level = churn_any_level(c, change->first, change->end);
    change->state = any_state(c, churn_is_long(c, change->first, change->end));
    churn_set_next(c, &change->state);
    return true;
}

static int make_map(struct churn *c)
{
    const struct churn_change *change = &c->change;
    struct pt_run run =
        run_of(c, change->first, change->end, &change->state, change->level);

    return pt_map_run(&c->tree->tables, &run);
}

/* Another frame and other rights for a leaf, whatever its size. */

static bool choose_replace(struct churn *c)
{
    const struct pt_format *fmt = c->tree->tables.format;
    struct churn_change *change = &c->change;
    struct pt_entry entry;
    uint64_t offset;
    int first, end;

    churn_choose_range(c);
    offset = c->plan->cut[change->first];
    if (pt_lookup(&c->tree->tables, churn_va(c, offset), &entry,
                  &change->level) ||
        entry.kind != PT_LEAF)
        return false;
    offset &= ~(pt_span(fmt, change->level) - 1);
    first = churn_cut_at(c, offset);
    end = churn_cut_at(c, offset + pt_span(fmt, change->level));
    if (first < 0 || end < 0)
        return false;
    change->first = (unsigned int)first;
    change->end = (unsigned int)end;
    churn_break_range(c);
    change->refuse = churn_below(c, 8) == 0;
    change->state = c->now[change->first];
    if (change->refuse)
        return true;
    change->state = any_state(c, change->level > 0);
    change->state.memory = entry.memory;
    change->state.software = entry.software;
    churn_set_next(c, &change->state);
    return true;
}

static int make_replace(struct churn *c)
{
    const struct churn_change *change = &c->change;
    vaddr_t va = churn_cut_va(c, change->first);
    maddr_t frame = churn_frame(&change->state, c->plan->cut[change->first]);
    struct pt_broken token;
    int rc;

    if (change->refuse)
        c->tree->refuse = 0;
    rc = pt_break(&c->tree->tables, va, change->level, &token);
    if (rc < 0)
        return rc;
    return pt_make(&c->tree->tables, &token, maddr_to_mfn(frame),
                   change->state.prot);
}

/* Whole leaves: a superpage that begins or ends elsewhere is split before. */

/* No leaf lies on both sides of the offset any more. */
static int cut_leaf(struct churn *c, uint64_t offset)
{
    const struct pt_tables *pt = &c->tree->tables;
    vaddr_t va = churn_va(c, offset);
    unsigned int level, wanted;
    struct pt_entry entry;
    int rc = pt_lookup(pt, va, &entry, &level);

    if (rc < 0 || entry.kind != PT_LEAF)
        return rc;
    wanted = level;
    while ((va.v & (pt_span(pt->format, wanted) - 1)) != 0)
        wanted--;
    return wanted == level ? 0 : pt_split(pt, va, wanted);
}

static int cut_ends(struct churn *c)
{
    const uint64_t *cut = c->plan->cut;
    int rc = cut_leaf(c, cut[c->change.first]);

    if (rc == 0 && c->change.end + 1 < c->plan->nr_cuts)
        rc = cut_leaf(c, cut[c->change.end]);
    return rc;
}

/* What lib says of a leaf that is covered in part, it says before it writes. */
static int whole_leaves(struct churn *c, int (*make)(struct churn *c))
{
    unsigned long stores = c->tree->stores;
    int rc = make(c);

    if (rc != -EDOM || c->tree->stores != stores)
        return rc;
    rc = cut_ends(c);
    return rc < 0 ? rc : make(c);
}

static bool choose_mapped(struct churn *c)
{
    unsigned int i;

    churn_choose_range(c);
    churn_break_range(c);
    for (i = c->change.first; i < c->change.end; i++)
        if (c->now[i].mapped)
            return true;
    return false;
}

/* Remove. */

static bool choose_unmap(struct churn *c)
{
    if (!choose_mapped(c))
        return false;
    churn_set_next(c, &c->change.state);
    return true;
}

static void count_removed(void *arg, vaddr_t va, unsigned int level,
                          const struct pt_entry *entry)
{
    struct churn *c = arg;

    (void)va, (void)entry;
    c->change.removed += pt_span(c->tree->tables.format, level);
}

static int unmap(struct churn *c)
{
    return pt_unmap(&c->tree->tables, churn_cut_va(c, c->change.first),
                    churn_cut_va(c, c->change.end), count_removed, c,
                    &c->change.pending);
}

/* The flush is deferred: that is for removals only. */
static int make_unmap(struct churn *c)
{
    uint64_t mapped = 0;
    unsigned int i;
    int rc = whole_leaves(c, unmap), flushed;

    for (i = c->change.first; i < c->change.end; i++)
        if (c->now[i].mapped)
            mapped += churn_bytes(c, i, i + 1);
    flushed = pt_flush(&c->tree->tables, &c->change.pending);
    if (rc == 0)
        rc = flushed;
    return rc == 0 && mapped != c->change.removed ? -ERANGE : rc;
}

static bool choose_clear(struct churn *c)
{
    c->change = (struct churn_change){.end = c->plan->nr_cuts - 1};
    churn_break_range(c);
    churn_set_next(c, &c->change.state);
    return true;
}

/* Other rights. */

static bool choose_protect(struct churn *c)
{
    unsigned int i;

    if (!choose_mapped(c))
        return false;
    c->change.state = any_state(c, true);
    for (i = c->change.first; i < c->change.end; i++)
        c->next[i].prot = c->change.state.prot;
    return true;
}

static int protect(struct churn *c)
{
    return pt_protect(&c->tree->tables, churn_cut_va(c, c->change.first),
                      churn_cut_va(c, c->change.end), c->change.state.prot);
}

static int make_protect(struct churn *c)
{
    return whole_leaves(c, protect);
}

/* Smaller leaves, at one place; everything else stays, also if refused. */

static bool choose_split(struct churn *c)
{
    churn_choose_range(c);
    c->change.end = c->change.first + 1;
    churn_break_range(c);
    c->change.level = (unsigned int)churn_below(c, c->plan->largest);
    c->change.refuse = churn_below(c, 3) == 0;
    return c->plan->largest > 0 && c->now[c->change.first].mapped;
}

static int make_split(struct churn *c)
{
    if (c->change.refuse)
        c->tree->refuse = (long)churn_below(c, 3);
    return pt_split(&c->tree->tables, churn_cut_va(c, c->change.first),
                    c->change.level);
}

/* Other sizes, and nothing else. */

static bool choose_resize(struct churn *c)
{
    if (!choose_mapped(c))
        return false;
    c->change.level = churn_any_level(c, c->change.first, c->change.end);
    c->change.refuse = churn_below(c, 3) == 0;
    return true;
}

/* Within the range there is no larger leaf. */
static int check_size(struct pt_visit_ctx *v)
{
    const struct churn *c = v->arg;
    uint64_t last = v->va.v | (pt_span(v->pt->format, v->level) - 1);

    return v->level > c->change.level &&
                   v->va.v >= churn_cut_va(c, c->change.first).v &&
                   last < churn_cut_va(c, c->change.end).v
               ? -EDOM
               : 0;
}

static int make_resize(struct churn *c)
{
    vaddr_t first = churn_cut_va(c, c->change.first);
    vaddr_t end = churn_cut_va(c, c->change.end);
    int rc;

    if (c->change.refuse)
        c->tree->refuse = (long)churn_below(c, 16);
    rc = pt_resize(&c->tree->tables, first, end, c->change.level);
    if (rc < 0)
        return rc;
    return pt_walk(&c->tree->tables, first, end, PT_VISIT_LEAF, check_size, c);
}

/*
 * Both, in two passes, for what is mapped alike or not at all: that is mapped
 * with the rights of what is, as long as sizes change.
 */

static bool is_alike(const struct churn_state *a, const struct churn_state *b)
{
    return a->shift == b->shift && a->prot == b->prot &&
           a->memory == b->memory && a->software == b->software;
}

static bool choose_remap(struct churn *c)
{
    struct churn_change *change = &c->change;
    const struct churn_state *is = NULL;
    unsigned int i;

    if (!choose_mapped(c))
        return false;
    for (i = change->first; i < change->end; i++) {
        if (c->now[i].mapped && is && !is_alike(is, &c->now[i]))
            return false;
        if (c->now[i].mapped)
            is = &c->now[i];
    }
    if (churn_is_long(c, change->first, change->end) &&
        (is->shift & (2 * MIB - 1)) != 0)
        return false;
    change->level = churn_any_level(c, change->first, change->end);
    change->two_passes = true;
    change->early = is->prot;
    change->state = any_state(c, true);
    change->state.shift = is->shift;
    churn_set_next(c, &change->state);
    return true;
}

static int make_remap(struct churn *c)
{
    const struct churn_change *change = &c->change;
    struct pt_run run =
        run_of(c, change->first, change->end, &change->state, change->level);
    struct pt_counts counts = {{0}};
    uint64_t bytes = 0;
    unsigned int i;
    int rc = pt_remap(&c->tree->tables, &run, change->early, &counts);

    for (i = 0; i < c->tree->tables.format->levels; i++)
        bytes += counts.leaf[i] << c->tree->tables.format->level[i].shift;
    if (rc == 0 && bytes != churn_bytes(c, change->first, change->end))
        return -ERANGE;
    return rc < 0 ? rc
                  : pt_walk(&c->tree->tables, run.first, run.end, PT_VISIT_LEAF,
                            check_size, c);
}

/* Tables that are built aside, in the place of a leaf or of other tables. */

static int find_kind(struct pt_visit_ctx *v)
{
    const struct pt_visit_ctx *wanted = v->arg;

    if (v->level != wanted->level)
        return 0;
    ((struct pt_visit_ctx *)v->arg)->entry = v->entry;
    return PT_SKIP;
}

/* What stands at a level; EMPTY where there is no table of it. */
static enum pt_kind kind_at(const struct churn *c, uint64_t offset,
                            unsigned int level)
{
    struct pt_visit_ctx found = {.level = level};

    if (pt_walk(&c->tree->tables, churn_va(c, offset),
                churn_va(c, offset + PAGE),
                PT_VISIT_PRE | PT_VISIT_LEAF | PT_VISIT_EMPTY, find_kind,
                &found) < 0)
        panic("the tables cannot be read");
    return found.entry.kind;
}

static bool choose_subtree(struct churn *c)
{
    const struct pt_format *fmt = c->tree->tables.format;
    struct churn_change *change = &c->change;
    uint64_t offset;
    unsigned int i;
    int first, end;

    if (c->plan->largest == 0)
        return false;
    churn_choose_range(c);
    change->level = 1 + (unsigned int)churn_below(c, c->plan->largest);
    offset = c->plan->cut[change->first] & ~(pt_span(fmt, change->level) - 1);
    first = churn_cut_at(c, offset);
    end = churn_cut_at(c, offset + pt_span(fmt, change->level));
    if (first < 0 || end < 0)
        return false;
    change->first = (unsigned int)first;
    change->end = (unsigned int)end;
    change->kind = kind_at(c, offset, change->level);
    if (change->kind == PT_EMPTY)
        return false;
    churn_break_range(c);
    change->broken = offset;
    change->unbroken = offset + pt_span(fmt, change->level);
    change->refuse = churn_below(c, 4) == 0;
    for (i = change->first; !change->refuse && i < change->end; i++)
        c->next[i] = churn_below(c, 4) == 0
                         ? (struct churn_state){0}
                         : any_state(c, churn_is_long(c, i, i + 1));
    return true;
}

static int fill_subtree(struct churn *c, struct pt_subtree *sub)
{
    unsigned int i;
    int rc = 0;

    for (i = c->change.first; rc == 0 && i < c->change.end; i++) {
        unsigned int largest = c->change.level - 1;
        struct pt_run run = run_of(c, i, i + 1, &c->next[i], largest);

        if (c->next[i].mapped)
            rc = pt_subtree_map_run(sub, &run);
    }
    return rc;
}

/* A refusal is one of the break, or where one call does both, of the make. */
static int link_subtree(struct churn *c, struct pt_subtree *sub)
{
    const struct pt_tables *pt = &c->tree->tables;
    struct pt_broken token;
    int rc;

    if (c->change.kind == PT_LEAF) {
        if (c->change.refuse)
            c->tree->refuse = (long)churn_below(c, 2);
        return pt_replace(pt, sub);
    }
    if (c->change.refuse)
        c->tree->refuse = 0;
    rc = pt_subtree_publish(sub);
    if (rc == 0)
        rc = pt_break(pt, sub->va, sub->level, &token);
    return rc < 0 ? rc : pt_install(pt, &token, sub);
}

static int make_subtree(struct churn *c)
{
    struct pt_subtree sub;
    int rc = pt_subtree_new(&c->tree->tables, churn_cut_va(c, c->change.first),
                            c->change.level, &sub);

    if (rc == 0)
        rc = fill_subtree(c, &sub);
    if (rc == 0)
        rc = link_subtree(c, &sub);
    pt_subtree_discard(&sub);
    return rc;
}

static const struct churn_kind kinds[] = {
    {"map", choose_map, make_map, 4},
    {"replace", choose_replace, make_replace, 5},
    {"unmap", choose_unmap, make_unmap, 3},
    {"protect", choose_protect, make_protect, 4},
    {"split", choose_split, make_split, 3},
    {"resize", choose_resize, make_resize, 3},
    {"remap", choose_remap, make_remap, 4},
    {"subtree", choose_subtree, make_subtree, 3},
};

static const struct churn_kind clear = {"clear", choose_clear, make_unmap, 0};

/* Around the end of a table of each level. */
static const uint64_t pages[] = {
    GIB - 24 * PAGE, GIB - 23 * PAGE, GIB - 16 * PAGE, GIB - 12 * PAGE,
    GIB - 11 * PAGE, GIB - 4 * PAGE,  GIB - 1 * PAGE,  GIB,
    GIB + 1 * PAGE,  GIB + 3 * PAGE,  GIB + 8 * PAGE,  GIB + 9 * PAGE,
    GIB + 15 * PAGE, GIB + 20 * PAGE, GIB + 24 * PAGE};

static const uint64_t sizes[] = {0,
                                 PAGE,
                                 2 * PAGE,
                                 2 * MIB - PAGE,
                                 2 * MIB,
                                 2 * MIB + PAGE,
                                 4 * MIB,
                                 6 * MIB,
                                 8 * MIB,
                                 512 * MIB,
                                 514 * MIB,
                                 GIB - 2 * MIB,
                                 GIB - PAGE,
                                 GIB,
                                 GIB + PAGE,
                                 GIB + 2 * MIB,
                                 GIB + 4 * MIB,
                                 GIB + 512 * MIB,
                                 2 * GIB - 2 * MIB,
                                 2 * GIB - PAGE,
                                 2 * GIB};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

const struct churn_plan churn_pages = {
    .kinds = kinds,
    .nr_kinds = COUNT(kinds),
    .clear = &clear,
    .nr_cuts = COUNT(pages),
    .cut = pages,
};

const struct churn_plan churn_sizes = {
    .kinds = kinds,
    .nr_kinds = COUNT(kinds),
    .clear = &clear,
    .largest = 2,
    .nr_cuts = COUNT(sizes),
    .cut = sizes,
};
