/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mem/directmap.h"

#include <errno.h>

/* That of the leaves in static tables. */
#define STATIC_LEVEL 1

static uint64_t va_of(const struct directmap *dm, uint64_t ma)
{
    return dm->base.v + ma;
}

/* May leaves of the level be used, if `ma` and its address are both aligned? */
static bool takes(const struct directmap *dm, unsigned int level, uint64_t ma)
{
    uint64_t offset = va_of(dm, ma) ^ ma;

    return dm->format->level[level].leaf &&
           (offset & (pt_span(dm->format, level) - 1)) == 0;
}

/* The level of the largest leaf at `ma`; *end is cut to where that holds. */
static unsigned int largest_at(const struct directmap *dm, uint64_t ma,
                               uint64_t *end)
{
    if (ma >= dm->static_end.v || dm->largest == 0)
        return dm->largest;
    if (*end > dm->static_end.v)
        *end = dm->static_end.v;
    return STATIC_LEVEL;
}

struct directmap_run directmap_next_run(const struct directmap *dm,
                                        maddr_t first, maddr_t last)
{
    uint64_t ma = first.v, end = last.v;
    unsigned int level = largest_at(dm, ma, &end);
    struct directmap_run run = {.level = 0, .bytes = end - ma};

    for (; level > 0; level--) {
        uint64_t span = pt_span(dm->format, level);
        uint64_t up = (ma + span - 1) & ~(span - 1);

        if (!takes(dm, level, ma) || end < up || end - up < span)
            continue;
        if (up == ma) {
            run.level = level;
            run.bytes &= ~(span - 1);
            return run;
        }
        /* Before these come smaller ones. */
        run.bytes = up - ma;
        end = up;
    }
    return run;
}

struct count {
    const struct directmap *dm;
    struct directmap_need need;
    uint64_t last[PT_MAX_LEVELS]; /* the last table of each level, by place */
};

static void count_begin(struct count *c, const struct directmap *dm)
{
    *c = (struct count){.dm = dm};
    for (unsigned int level = 0; level < PT_MAX_LEVELS; level++)
        c->last[level] = UINT64_MAX; /* no table is there: va >> 12 at least */
}

/* In ascending order, so that a table is met again only where it was last. */
static void count_run(struct count *c, uint64_t ma,
                      const struct directmap_run *run)
{
    const struct pt_format *fmt = c->dm->format;
    uint64_t va = va_of(c->dm, ma);

    c->need.leaves[run->level] += run->bytes >> fmt->level[run->level].shift;
    for (unsigned int level = run->level; level + 1 < fmt->levels; level++) {
        unsigned int shift = fmt->level[level + 1].shift;
        uint64_t first = va >> shift, last = (va + run->bytes - 1) >> shift;

        c->need.tables[level] += last - first + (c->last[level] != first);
        c->last[level] = last;
    }
}

static void count_range(struct count *c, uint64_t ma, uint64_t end)
{
    while (ma < end) {
        struct directmap_run run =
            directmap_next_run(c->dm, MADDR(ma), MADDR(end));

        count_run(c, ma, &run);
        ma += run.bytes;
    }
}

static int check_chunk(const struct directmap *dm,
                       const struct mem_chunk *chunk)
{
    uint64_t first = va_of(dm, chunk->first.v);
    uint64_t last = va_of(dm, chunk->end.v - 1);

    if (first < dm->base.v || last < first)
        return -EINVAL;
    return pt_range_valid(dm->format, VADDR(first), VADDR(last + 1)) ? 0
                                                                     : -EINVAL;
}

int directmap_count(const struct directmap *dm, const struct mem_chunk *chunk,
                    size_t n, struct directmap_need *need)
{
    struct count c;

    count_begin(&c, dm);
    for (size_t i = 0; i < n; i++) {
        int rc = check_chunk(dm, &chunk[i]);

        if (rc < 0)
            return rc;
        count_range(&c, chunk[i].first.v, chunk[i].end.v);
    }
    c.need.tables[dm->format->levels - 1] = 1;
    *need = c.need;
    return 0;
}

/* What there is in [first, first + span). */
static void look_into(const struct directmap *dm, const struct mem_chunk *chunk,
                      size_t n, struct directmap_broken *broken)
{
    uint64_t span = pt_span(dm->format, broken->level);
    uint64_t first = broken->first.v, end = first + span, ram = 0;
    enum mem_type type = MEM_UNKNOWN;
    struct count c;

    count_begin(&c, dm);
    for (size_t i = 0; i < n && chunk[i].first.v < end; i++) {
        uint64_t from = chunk[i].first.v, to = chunk[i].end.v;

        if (to <= first)
            continue;
        from = from < first ? first : from;
        to = to > end ? end : to;
        if (ram > 0 && chunk[i].type != type)
            broken->types = true;
        type = chunk[i].type;
        ram += to - from;
        count_range(&c, from, to);
    }
    broken->hole = ram < span;
    broken->need = c.need;
    for (unsigned int l = broken->level; l < PT_MAX_LEVELS; l++)
        broken->need.tables[l] = 0;
}

bool directmap_next_broken(const struct directmap *dm,
                           const struct mem_chunk *chunk, size_t n,
                           unsigned int level, maddr_t *at,
                           struct directmap_broken *broken)
{
    uint64_t span = pt_span(dm->format, level);

    for (size_t i = 0; i < 2 * n; i++) {
        const struct mem_chunk *c = &chunk[i / 2];
        uint64_t edge = i % 2 == 0 ? c->first.v : c->end.v;
        uint64_t first = edge & ~(span - 1);

        /* An edge at a place where leaves begin breaks none. */
        if (first == edge || first < at->v)
            continue;
        *broken =
            (struct directmap_broken){.first = MADDR(first), .level = level};
        look_into(dm, chunk, n, broken);
        *at = MADDR(first + span);
        return true;
    }
    return false;
}

/* The part that the first stage maps; it may be empty. */
static struct mem_chunk static_part(const struct directmap *dm,
                                    const struct mem_chunk *chunk)
{
    uint64_t span = pt_span(dm->format, STATIC_LEVEL);
    uint64_t first = (chunk->first.v + span - 1) & ~(span - 1);
    uint64_t end = chunk->end.v;
    struct mem_chunk part = {.type = chunk->type};

    if (first < span)
        first = span;
    if (end > dm->static_end.v)
        end = dm->static_end.v;
    end &= ~(span - 1);
    if (first >= end || !takes(dm, STATIC_LEVEL, first))
        first = end = chunk->first.v;
    part.first = MADDR(first);
    part.end = MADDR(end);
    return part;
}

/*
 * What an entry says beside the MTRRs.  Write-protect and what is not known are
 * left to them: together with PT_WB their type holds (SDM vol. 3A, table 12-7).
 */
static enum pt_memory entry_memory(const struct pt_format *fmt,
                                   enum mem_type type)
{
    if (fmt->set_memory == NULL)
        return PT_WB;
    switch (type) {
    case MEM_UC:
        return PT_UC;
    case MEM_WC:
        return PT_WC;
    case MEM_WT:
        return PT_WT;
    default:
        return PT_WB;
    }
}

static int map_part(const struct directmap *dm, const struct pt_tables *pt,
                    uint64_t first, uint64_t end, enum mem_type type)
{
    struct mem_chunk part = {MADDR(first), MADDR(end), type};
    struct pt_run run = {.prot = PT_READ | PT_WRITE | PT_GLOBAL};
    int rc = 0;

    run.memory = entry_memory(dm->format, type);
    while (rc == 0 && first < end) {
        uint64_t to = end;

        rc = check_chunk(dm, &part);
        run.largest = largest_at(dm, first, &to);
        run.first = VADDR(va_of(dm, first));
        run.end = VADDR(va_of(dm, to));
        run.mfn = maddr_to_mfn(MADDR(first));
        if (rc == 0)
            rc = pt_map_run(pt, &run);
        first = to;
    }
    return rc;
}

static int no_table(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    (void)ctx;
    (void)level;
    (void)va;
    (void)mfn;
    return -ENOMEM;
}

int directmap_map_static(const struct directmap *dm, const struct pt_tables *pt,
                         const struct mem_chunk *chunk, size_t n)
{
    struct pt_ops ops = *pt->ops;
    struct pt_tables there = *pt;
    int rc = 0;

    ops.alloc = no_table;
    there.ops = &ops;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct mem_chunk part = static_part(dm, &chunk[i]);

        rc = map_part(dm, &there, part.first.v, part.end.v, part.type);
    }
    return rc;
}

int directmap_map_rest(const struct directmap *dm, const struct pt_tables *pt,
                       const struct mem_chunk *chunk, size_t n)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct mem_chunk *c = &chunk[i];
        struct mem_chunk part = static_part(dm, c);

        rc = map_part(dm, pt, c->first.v, part.first.v, c->type);
        if (rc == 0)
            rc = map_part(dm, pt, part.end.v, c->end.v, c->type);
    }
    return rc;
}

int directmap_boot_unmap(const struct directmap *dm, const struct pt_tables *pt)
{
    uint64_t span = pt_span(dm->format, STATIC_LEVEL);
    struct pt_broken token;
    int rc = 0;

    for (uint64_t va = dm->boot_maps.v; rc == 0 && va < dm->static_end.v;
         va += span)
        rc = pt_break(pt, VADDR(va), STATIC_LEVEL, &token);
    /* The first that is EMPTY is behind the last. */
    return rc == -ENOENT ? 0 : rc;
}

int directmap_boot_map(const struct directmap *dm, const struct pt_tables *pt,
                       maddr_t first, maddr_t end, vaddr_t *va)
{
    uint64_t span = pt_span(dm->format, STATIC_LEVEL);
    uint64_t from = first.v & ~(span - 1);
    uint64_t bytes = ((end.v + span - 1) & ~(span - 1)) - from;
    struct pt_run run = {.prot = PT_READ | PT_WRITE, .largest = STATIC_LEVEL};
    struct pt_ops ops = *pt->ops;
    struct pt_tables there = *pt;
    int rc;

    if (first.v >= end.v || end.v > MEM_ADDR_END)
        return -EINVAL;
    if (dm->boot_maps.v > dm->static_end.v ||
        bytes > dm->static_end.v - dm->boot_maps.v)
        return -ENOSPC;
    ops.alloc = no_table;
    there.ops = &ops;
    run.first = dm->boot_maps;
    run.end = VADDR(dm->boot_maps.v + bytes);
    run.mfn = maddr_to_mfn(MADDR(from));
    rc = pt_map_run(&there, &run);
    if (rc == -ENOMEM) /* what was mapped before is the first of all */
        return directmap_boot_unmap(dm, pt) < 0 ? -EFAULT : rc;
    *va = VADDR(dm->boot_maps.v + (first.v - from));
    return rc;
}

/* The image's old place and its new one, in frames. */
struct relocation {
    const struct pt_format *fmt;
    mfn_t from, to;
    uint64_t frames;
};

/* The entry as it is to be; *rc where it cannot be that. */
static uint64_t relocate_entry(const struct relocation *r, unsigned int level,
                               uint64_t raw, int *rc)
{
    const struct pt_format *fmt = r->fmt;
    struct pt_entry entry = fmt->decode(level, raw);
    uint64_t delta = r->to.v - r->from.v;
    mfn_t mfn = MFN(entry.mfn.v + delta);

    if (entry.kind == PT_EMPTY || entry.mfn.v - r->from.v >= r->frames)
        return raw;
    if (!pt_mfn_fits(fmt, mfn))
        *rc = -ERANGE;
    else if (entry.kind == PT_LEAF &&
             (delta & ((pt_span(fmt, level) >> DW_PAGE_SHIFT) - 1)) != 0)
        *rc = -EDOM;
    if (*rc < 0)
        return raw;
    if (fmt->frame_in_place) /* with whatever else stands in it */
        return raw + (delta << DW_PAGE_SHIFT);
    if (entry.kind == PT_TABLE)
        return fmt->table(level, mfn);
    raw = fmt->leaf(level, mfn, entry.prot);
    if (entry.memory != PT_WB)
        raw = fmt->set_memory(level, raw, entry.memory);
    if (entry.software != 0)
        raw = fmt->set_software(level, raw, entry.software);
    return raw;
}

static int relocate_table(const struct relocation *r,
                          const struct directmap_table *table, bool write)
{
    size_t n = (size_t)1 << r->fmt->level[table->level].bits;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        uint64_t raw = relocate_entry(r, table->level, table->slots[i], &rc);

        if (write)
            table->slots[i] = raw;
    }
    return rc;
}

int directmap_relocate(const struct pt_format *fmt,
                       const struct directmap_table *table, size_t n,
                       maddr_t from, uint64_t bytes, maddr_t to)
{
    struct relocation r = {.fmt = fmt,
                           .from = maddr_to_mfn(from),
                           .to = maddr_to_mfn(to),
                           .frames = bytes >> DW_PAGE_SHIFT};
    int rc = 0;

    if (((from.v | bytes | to.v) & (DW_PAGE_SIZE - 1)) != 0)
        return -EINVAL;
    for (size_t i = 0; rc == 0 && i < 2 * n; i++)
        if (!table[i % n].constant)
            rc = relocate_table(&r, &table[i % n], i >= n);
    return rc;
}
