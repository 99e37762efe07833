/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mem/directmap.h"

#include <errno.h>

/* Leaves of one size, one behind the other. */
struct run {
    unsigned int level;
    uint64_t bytes;
};

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

/*
 * The leaves from `ma` on: as large as alignment and end allow, and as many as
 * there are before larger ones can be had.
 */
static struct run next_run(const struct directmap *dm, uint64_t ma,
                           uint64_t end)
{
    struct run run = {.level = 0, .bytes = end - ma};

    for (unsigned int level = dm->largest; level > 0; level--) {
        uint64_t span = pt_span(dm->format, level);
        uint64_t up = (ma + span - 1) & ~(span - 1);

        if (!takes(dm, level, ma) || end < up || end - up < span)
            continue;
        if (up == ma) {
            run.level = level;
            run.bytes &= ~(span - 1);
            return run;
        }
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
static void count_run(struct count *c, uint64_t ma, const struct run *run)
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
        struct run run = next_run(c->dm, ma, end);

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
