/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Table frames lie apart, so that neighbours of a table are no tables; the root
 * is aligned to what it may need.
 */
#define ROOT_MFN   UINT64_C(0x3fff0)
#define FIRST_MFN  UINT64_C(0x40001)
#define MFN_STRIDE UINT64_C(7)

#define SLOTS (WORLD_ROOT + (WORLD_TABLES - 1) * PT_ENTRIES)

static void violate(struct world *w, const char *what)
{
    if (w->violation == NULL)
        w->violation = what;
}

/* splitmix64 */
uint64_t world_random(struct world *w)
{
    uint64_t z = w->rng += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t world_below(struct world *w, uint64_t n)
{
    return world_random(w) % n;
}

uint64_t world_canonical(const struct pt_format *fmt, uint64_t va)
{
    uint64_t top = UINT64_C(1) << (fmt->va_bits - 1);
    uint64_t mask = (top - 1) | top;

    va &= mask;
    return fmt->va_signed && (va & top) != 0 ? va | ~mask : va;
}

/* Bits that nothing in lib/ may write: Arm's contiguous hint (DDI 0487, D8.3).
 */
static uint64_t never(const struct pt_format *fmt)
{
    return fmt->leaf == pt_arm_s2_40.leaf ? UINT64_C(1) << 52 : 0;
}

/* Is `va` in the span of `t`?  Compared in the translated bits. */
static bool covers(const struct pt_format *fmt, const struct world_table *t,
                   uint64_t va)
{
    uint64_t mask = (UINT64_C(1) << fmt->va_bits) - 1;

    return ((t->va ^ va) & mask & ~(pt_table_span(fmt, t->level) - 1)) == 0;
}

mfn_t world_mfn(const struct world *w, const struct world_table *t)
{
    uint64_t i = (uint64_t)(t - w->table);

    return MFN(i == 0 ? ROOT_MFN : FIRST_MFN + i * MFN_STRIDE);
}

static struct world_table *table_of(struct world *w, mfn_t mfn)
{
    uint64_t i = (mfn.v - FIRST_MFN) / MFN_STRIDE;

    if (mfn.v == ROOT_MFN)
        return &w->table[0];
    if (mfn.v < FIRST_MFN || (mfn.v - FIRST_MFN) % MFN_STRIDE != 0 || i == 0 ||
        i >= WORLD_TABLES || !w->table[i].used)
        return NULL;
    return &w->table[i];
}

/* The table that has the slot; NULL: none, or none that is used. */
static struct world_table *table_with(struct world *w, const uint64_t *slot)
{
    uintptr_t at = ((uintptr_t)slot - (uintptr_t)w->slots) / sizeof(*slot);
    uintptr_t i = at < WORLD_ROOT ? 0 : (at - WORLD_ROOT) / PT_ENTRIES + 1;

    return i < WORLD_TABLES && w->table[i].used ? &w->table[i] : NULL;
}

/* The one that the root leads to. */
static struct world_table *find_linked(struct world *w, unsigned int level,
                                       uint64_t va)
{
    struct world_table *t = &w->table[0];

    while (t != NULL && t->level > level) {
        unsigned int i = pt_index(w->fmt, t->level, VADDR(va));
        struct pt_entry entry = w->fmt->decode(t->level, t->slot[i]);

        t = entry.kind == PT_TABLE ? table_of(w, entry.mfn) : NULL;
    }
    return t != NULL && t->level == level ? t : NULL;
}

struct world_table *world_find(struct world *w, unsigned int level, uint64_t va)
{
    struct world_table *linked = find_linked(w, level, va);

    if (linked != NULL)
        return linked;
    for (unsigned int i = 0; i < w->reached; i++) {
        struct world_table *t = &w->table[i];

        if (t->used && t->level == level && covers(w->fmt, t, va))
            return t;
    }
    return NULL;
}

/* The CPUs. */

static void load_registers(struct world *w)
{
    if (w->registers)
        for (unsigned int i = 0; i < WORLD_CPUS; i++)
            memcpy(w->cpu[i].root, w->table[0].slot, sizeof(w->cpu[i].root));
}

/* Has a CPU loaded this slot of the root with a valid entry?  NULL: with any
 * that leads to `mfn`. */
static bool is_loaded(const struct world *w, const uint64_t *slot, mfn_t mfn)
{
    unsigned int top = w->fmt->levels - 1;

    if (!w->registers)
        return false;
    for (unsigned int i = 0; i < WORLD_CPUS; i++)
        for (unsigned int j = 0; j < WORLD_PAE; j++) {
            struct pt_entry entry = w->fmt->decode(top, w->cpu[i].root[j]);

            if (entry.kind != PT_EMPTY &&
                (slot != NULL ? slot == &w->table[0].slot[j]
                              : entry.mfn.v == mfn.v))
                return true;
        }
    return false;
}

static void remember(struct world *w, struct world_cpu *cpu, uint64_t va,
                     unsigned int level, struct pt_entry entry)
{
    unsigned int i = cpu->n < WORLD_CACHE
                         ? cpu->n++
                         : (unsigned int)world_below(w, WORLD_CACHE);

    cpu->cached[i] = (struct world_cached){
        .va = va & ~(pt_span(w->fmt, level) - 1),
        .last = va | (pt_span(w->fmt, level) - 1),
        .level = level,
        .entry = entry,
    };
}

static void translate(struct world *w, struct world_cpu *cpu, uint64_t va)
{
    unsigned int level = w->fmt->levels - 1;
    const struct world_cached *hit = NULL;
    mfn_t mfn = w->pt.root;

    if (w->other_guest)
        return;
    for (unsigned int i = 0; i < cpu->n; i++) {
        const struct world_cached *c = &cpu->cached[i];

        if (va >= c->va && va <= c->last &&
            (hit == NULL || c->level < hit->level))
            hit = c;
    }
    if (hit != NULL) {
        if (hit->entry.kind == PT_LEAF)
            return;
        mfn = hit->entry.mfn;
        level = hit->level - 1;
    }

    for (;; level--) {
        struct world_table *t = table_of(w, mfn);
        unsigned int i = pt_index(w->fmt, level, VADDR(va));
        bool loaded = w->registers && t == &w->table[0];
        struct pt_entry entry;

        if (t == NULL || t->level != level || !covers(w->fmt, t, va)) {
            violate(w, "a CPU walks through a frame that is no table here");
            return;
        }
        entry = w->fmt->decode(level, loaded ? cpu->root[i] : t->slot[i]);
        if (entry.kind == PT_EMPTY)
            return;
        if (!loaded)
            remember(w, cpu, va, level, entry);
        if (entry.kind == PT_LEAF || level == 0)
            return;
        mfn = entry.mfn;
    }
}

static void translate_all(struct world *w, uint64_t va, uint64_t bytes)
{
    for (unsigned int i = 0; i < WORLD_CPUS; i++) {
        translate(w, &w->cpu[i], va + world_below(w, bytes));
        if (w->hot_n > 0)
            translate(w, &w->cpu[i], w->hot[world_below(w, w->hot_n)]);
    }
}

void world_touch(struct world *w, uint64_t va)
{
    if (w->hot_n < WORLD_HOT)
        w->hot[w->hot_n++] = va;
    else
        w->hot[world_below(w, WORLD_HOT)] = va;
    translate_all(w, va, 1);
}

/* What the tables say now about `va` at `level`; EMPTY if not so deep. */
static struct pt_entry current(struct world *w, uint64_t va, unsigned int level)
{
    struct pt_entry entry = {.kind = PT_TABLE, .mfn = w->pt.root};
    unsigned int at = w->fmt->levels;

    while (at > level && entry.kind == PT_TABLE) {
        struct world_table *t = table_of(w, entry.mfn);

        at--;
        if (t == NULL)
            return (struct pt_entry){.kind = PT_EMPTY};
        entry = w->fmt->decode(at, t->slot[pt_index(w->fmt, at, VADDR(va))]);
    }
    if (at != level)
        entry = (struct pt_entry){.kind = PT_EMPTY};
    return entry;
}

void world_quiet(struct world *w)
{
    for (unsigned int i = 0; i < WORLD_CPUS; i++) {
        if (w->registers && memcmp(w->cpu[i].root, w->table[0].slot,
                                   sizeof(w->cpu[i].root)) != 0)
            violate(w, "a CPU has not loaded what is in the root");
        for (unsigned int j = 0; j < w->cpu[i].n; j++) {
            const struct world_cached *c = &w->cpu[i].cached[j];
            struct pt_entry now = current(w, c->va, c->level);

            if (now.kind != c->entry.kind)
                violate(w, "a CPU still has an entry that is gone");
            else if (now.mfn.v != c->entry.mfn.v)
                violate(w, "a CPU still has another frame");
            else if (now.memory != c->entry.memory)
                violate(w, "a CPU still has another memory type");
            else if ((c->entry.prot & ~now.prot) != 0)
                violate(w, "a CPU still has rights that were taken away");
            else if (w->fmt->keeps_refusals && now.prot != c->entry.prot)
                violate(w, "a CPU still refuses what was allowed since");
        }
    }
}

void world_stored(struct world *w)
{
    for (unsigned int i = 0; i < w->reached; i++) {
        const struct world_table *t = &w->table[i];

        if (t->used && t->published &&
            memcmp(t->slot, t->seen,
                   pt_entries(w->fmt, t->level) * sizeof(*t->slot)) != 0)
            violate(w, "a linked table was not written by store()");
    }
}

/* The ops. */

static uint64_t *world_table(void *ctx, mfn_t mfn, unsigned int level,
                             vaddr_t va)
{
    struct world *w = ctx;
    struct world_table *t = table_of(w, mfn);

    if (mfn.v == w->unreachable.v)
        return NULL;
    if (t == NULL || t->level != level || !covers(w->fmt, t, va.v)) {
        violate(w, "table() asked for a frame that is no table there");
        return NULL;
    }
    return t->slot;
}

static int world_alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    struct world *w = ctx;

    if (w->fail_alloc == 0)
        return -ENOMEM;
    if (w->fail_alloc > 0)
        w->fail_alloc--;
    if (!pt_addr_valid(w->fmt, va) ||
        (level + 1 < w->fmt->levels &&
         (va.v & (pt_table_span(w->fmt, level) - 1)) != 0))
        violate(w, "alloc() told an address that begins no table");
    if (!w->aside && world_find(w, level, va.v) != NULL)
        violate(w, "alloc() asked for a second table of one place");

    for (unsigned int i = 0; i < WORLD_TABLES; i++) {
        struct world_table *t = &w->table[i];

        if (t->used)
            continue;
        t->used = true;
        t->level = level;
        t->va = va.v;
        for (unsigned int j = 0;
             j < PT_ENTRIES || j < pt_entries(w->fmt, level); j++)
            t->slot[j] = w->fmt->empty(level);
        t->published = false;
        w->allocs++;
        w->used++;
        if (w->reached <= i)
            w->reached = i + 1;
        *mfn = world_mfn(w, t);
        return 0;
    }
    return -ENOMEM;
}

static void world_free(void *ctx, unsigned int level, mfn_t mfn)
{
    struct world *w = ctx;
    struct world_table *t = table_of(w, mfn);
    struct pt_entry parent;

    w->frees++;
    if (t == NULL || t->level != level) {
        violate(w, "free() of what is no table of that level");
        return;
    }
    parent = current(w, t->va, level + 1);
    if (parent.kind == PT_TABLE && parent.mfn.v == mfn.v)
        violate(w, "free() of a table that the root leads to");
    for (unsigned int i = 0; i < WORLD_CPUS; i++)
        for (unsigned int j = 0; j < w->cpu[i].n; j++)
            if (w->cpu[i].cached[j].entry.kind == PT_TABLE &&
                w->cpu[i].cached[j].entry.mfn.v == mfn.v)
                violate(w, "free() of a table that a CPU still has");
    if (is_loaded(w, NULL, mfn))
        violate(w, "free() of a table that a CPU has loaded with the root");
    t->used = false;
    memset(t->slot, 0xdb, DW_PAGE_SIZE);
    w->used--;
}

/* Nobody writes to it any more but by store(). */
static void set_published(const struct world *w, struct world_table *t)
{
    t->published = true;
    memcpy(t->seen, t->slot, pt_entries(w->fmt, t->level) * sizeof(*t->slot));
}

void world_adopt(struct world *w)
{
    load_registers(w);
    for (unsigned int i = 0; i < w->reached; i++)
        if (w->table[i].used)
            set_published(w, &w->table[i]);
}

static int world_publish(void *ctx, unsigned int level, mfn_t mfn)
{
    struct world *w = ctx;
    struct world_table *t = table_of(w, mfn);

    if (w->fail_publish == 0)
        return -EACCES;
    if (w->fail_publish > 0)
        w->fail_publish--;
    w->publishes++;
    if (t == NULL || t->level != level || t->published) {
        violate(w, "publish() of what is no table that was built aside");
        return 0;
    }
    for (unsigned int i = 0; i < pt_entries(w->fmt, level); i++) {
        struct pt_entry entry = w->fmt->decode(level, t->slot[i]);
        struct world_table *below =
            entry.kind == PT_TABLE ? table_of(w, entry.mfn) : NULL;

        if ((t->slot[i] & never(w->fmt)) != 0)
            violate(w, "an entry of a contiguous group");
        if (entry.kind == PT_TABLE && (below == NULL || !below->published))
            violate(w, "publish() of a table before those below it");
    }
    set_published(w, t);
    return 0;
}

static void link_table(struct world *w, mfn_t mfn)
{
    struct world_table *t = table_of(w, mfn);

    if (t == NULL || t->published)
        return;
    if (w->ops.publish != NULL)
        violate(w, "a table linked that was not published");
    set_published(w, t);
}

/*
 * Does the entry of `level` map what is at `offset` of the leaf in the same
 * way, all of it but for holes?
 */
static bool maps_alike(struct world *w, unsigned int level,
                       struct pt_entry entry, const struct pt_entry *leaf,
                       uint64_t offset, bool holes)
{
    const struct world_table *t;

    if (entry.kind == PT_EMPTY)
        return holes;
    if (entry.kind == PT_LEAF)
        return entry.mfn.v == leaf->mfn.v + offset / DW_PAGE_SIZE &&
               entry.prot == leaf->prot && entry.memory == leaf->memory;
    t = table_of(w, entry.mfn);
    if (t == NULL || level == 0 || t->level != level - 1)
        return false;
    for (unsigned int i = 0; i < pt_entries(w->fmt, t->level); i++)
        if (!maps_alike(w, t->level, w->fmt->decode(t->level, t->slot[i]), leaf,
                        offset + i * pt_span(w->fmt, t->level), holes))
            return false;
    return true;
}

static bool is_resized(const struct world *w, uint64_t first, uint64_t last)
{
    for (unsigned int i = 0; i < w->resized_n; i++)
        if (w->resized[i].first <= last && w->resized[i].last >= first)
            return true;
    return false;
}

/* Neighbours that follow each other are one. */
static void add_resized(struct world *w, uint64_t first, uint64_t last)
{
    unsigned int n = w->resized_n;

    if (n > 0 && w->resized[n - 1].last + 1 == first) {
        w->resized[n - 1].last = last;
    } else if (n < WORLD_SIZES) {
        w->resized[n].first = first;
        w->resized[n].last = last;
        w->resized_n++;
    } else {
        violate(w, "more sizes change without invalidation than are counted");
    }
}

static void forget_resized(struct world *w, uint64_t first, uint64_t last)
{
    unsigned int keep = 0;

    for (unsigned int i = 0; i < w->resized_n; i++)
        if (w->resized[i].first < first || w->resized[i].last > last)
            w->resized[keep++] = w->resized[i];
    w->resized_n = keep;
}

/* A valid entry of `level` is replaced by another. */
static void check_replaced(struct world *w, unsigned int level, uint64_t va,
                           const struct pt_entry *old,
                           const struct pt_entry *new)
{
    uint64_t last = va | (pt_span(w->fmt, level) - 1);
    bool table = old->kind == PT_TABLE || new->kind == PT_TABLE;

    if (old->kind == new->kind) {
        if (old->mfn.v != new->mfn.v)
            violate(w, "a valid entry replaced by another");
        if (old->memory != new->memory && w->fmt->break_first)
            violate(w, "a valid entry replaced by one of another memory type");
        if (!table && is_resized(w, va, last) &&
            (old->prot != new->prot || old->memory != new->memory))
            violate(w, "attributes changed before a new size is everywhere");
        return;
    }
    if (w->fmt->break_first)
        violate(w, "a valid entry replaced by one of another size");
    if (!(new->kind == PT_TABLE ? maps_alike(w, level, *new, old, 0, false)
                                : maps_alike(w, level, *old, new, 0, true)))
        violate(w, "size changed, and frames or attributes, in one write");
    add_resized(w, va, last);
}

/*
 * Something at or below `level` in [va, last] is known to a CPU, or a leaf
 * above it.
 */
static bool is_cached(const struct world *w, uint64_t va, uint64_t last,
                      unsigned int level)
{
    for (unsigned int i = 0; i < WORLD_CPUS; i++) {
        for (unsigned int j = 0; j < w->cpu[i].n; j++) {
            const struct world_cached *c = &w->cpu[i].cached[j];

            if ((c->level <= level || c->entry.kind == PT_LEAF) &&
                c->va <= last && c->last >= va)
                return true;
        }
    }
    return false;
}

static int world_store(void *ctx, uint64_t *slot, uint64_t raw)
{
    struct world *w = ctx;
    struct world_table *t = table_with(w, slot);
    struct pt_entry old, new;
    uint64_t va, span;

    if (t == NULL) {
        violate(w, "a store to what is no table");
        return -EFAULT;
    }
    if (w->fail_store == 0) {
        if (w->refusals > 0 && --w->refusals == 0)
            w->fail_store = -1;
        return -EPERM;
    }
    if (w->fail_store > 0)
        w->fail_store--;
    w->stores++;
    if (slot - t->slot >= pt_entries(w->fmt, t->level))
        violate(w, "a store to a slot that no address uses");
    span = pt_span(w->fmt, t->level);
    va = world_canonical(w->fmt, t->va + (uint64_t)(slot - t->slot) * span);

    translate_all(w, va, span);
    old = w->fmt->decode(t->level, *slot);
    new = w->fmt->decode(t->level, raw);
    if (new.kind == PT_TABLE)
        link_table(w, new.mfn);
    if (old.kind != PT_EMPTY && new.kind != PT_EMPTY)
        check_replaced(w, t->level, va, &old, &new);
    if (old.kind == PT_EMPTY && new.kind != PT_EMPTY &&
        (is_cached(w, va, va | (span - 1), t->level) ||
         is_loaded(w, slot, MFN_INVALID)))
        violate(w, "an entry made while a CPU has the one before");
    if ((raw & never(w->fmt)) != 0)
        violate(w, "an entry of a contiguous group");
    *slot = raw;
    t->seen[slot - t->slot] = raw;
    if (!w->load_late)
        load_registers(w);
    translate_all(w, va, span);
    return 0;
}

/* What the CPUs have of [va, last], and of global leaves only where asked. */
static void forget(struct world *w, uint64_t va, uint64_t last, bool global)
{
    for (unsigned int i = 0; i < WORLD_CPUS && !w->other_guest; i++) {
        struct world_cpu *cpu = &w->cpu[i];
        unsigned int keep = 0;

        for (unsigned int j = 0; j < cpu->n; j++) {
            const struct world_cached *c = &cpu->cached[j];

            if (c->va > last || c->last < va ||
                (!global && (c->entry.prot & PT_GLOBAL) != 0))
                cpu->cached[keep++] = *c;
        }
        cpu->n = keep;
    }
}

static void world_invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    struct world *w = ctx;
    uint64_t last = va.v + bytes - 1;

    w->invalidations++;
    w->flushed = va.v;
    w->flushed_bytes = bytes;
    if (!pt_range_valid(w->fmt, va, VADDR(va.v + bytes)))
        violate(w, "invalidate() of what is no range");
    translate_all(w, va.v, bytes);
    forget_resized(w, va.v, last);
    load_registers(w);
    forget(w, va.v, last, true);
    translate_all(w, va.v, bytes);
}

void world_invalidate_page(struct world *w, uint64_t va)
{
    forget(w, va, va | (DW_PAGE_SIZE - 1), true);
}

void world_load_root(struct world *w)
{
    load_registers(w);
    forget(w, 0, UINT64_MAX, false);
}

void world_init(struct world *w, const struct pt_format *fmt, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->fmt = fmt;
    w->registers = fmt == &pt_x86_pae_pv;
    w->rng = seed;
    w->fail_alloc = -1;
    w->fail_store = -1;
    w->fail_publish = -1;
    w->unreachable = MFN_INVALID;
    w->table = calloc(WORLD_TABLES, sizeof(*w->table));
    w->slots = calloc(SLOTS, sizeof(*w->slots));
    w->seen = calloc(SLOTS, sizeof(*w->seen));
    if (w->table == NULL || w->slots == NULL || w->seen == NULL)
        abort();
    for (size_t i = 0; i < WORLD_TABLES; i++) {
        size_t at = i == 0 ? 0 : WORLD_ROOT + (i - 1) * PT_ENTRIES;

        w->table[i].slot = w->slots + at;
        w->table[i].seen = w->seen + at;
    }
    w->ops = (struct pt_ops){
        .table = world_table,
        .alloc = world_alloc,
        .free = world_free,
        .publish = world_publish,
        .store = world_store,
        .invalidate = world_invalidate,
    };
    w->pt = (struct pt_tables){.format = fmt, .ops = &w->ops, .ctx = w};
    if (world_alloc(w, fmt->levels - 1, VADDR(0), &w->pt.root) < 0)
        abort();
    set_published(w, &w->table[0]);
    load_registers(w);
    w->allocs = 0;
}

void world_dispose(struct world *w)
{
    free(w->slots);
    free(w->seen);
    free(w->table);
    w->slots = w->seen = NULL;
    w->table = NULL;
}
