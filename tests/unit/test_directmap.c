/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The direct map of random RAM, held against one that is made page by page:
 * counted, and built in one stage and in two.
 */
#include "mem/directmap.h"

#include <errno.h>
#include <string.h>

#include "pt_scrambled.h"
#include "unit_random.h"

#define PAGE  DW_PAGE_SIZE
#define MIB   (UINT64_C(1) << 20)
#define MAPS  10000
#define BUILT 500 /* of them with tables */
#define FAILED                                                                 \
    150 /* of these with each allocation failing, if not too many              \
         */
#define PAGES  10240
#define CHUNKS 10
#define TABLES 1024

/* ---- random RAM ---- */

struct machine {
    struct unit_random rnd;
    struct directmap dm;
    uint64_t origin; /* address of the first of PAGES pages */
    struct mem_chunk chunk[CHUNKS];
    size_t n;
};

static const enum mem_type types[] = {MEM_UC,      MEM_WC, MEM_WT, MEM_WP,
                                      MEM_UNKNOWN, MEM_WB, MEM_WB, MEM_WB};

static void make_chunks(struct machine *m)
{
    uint64_t page = 0;

    while (m->n < CHUNKS && !unit_once_in(&m->rnd, 8)) {
        struct mem_chunk *c = &m->chunk[m->n];
        uint64_t align = unit_once_in(&m->rnd, 2) ? 512 : 1, end;

        if (!unit_once_in(&m->rnd, 3))
            page += unit_below(&m->rnd, unit_once_in(&m->rnd, 2) ? 16 : 2048);
        page = (page + align - 1) & ~(align - 1);
        end = page + 1 + unit_below(&m->rnd, 4096);
        if (unit_once_in(&m->rnd, 2))
            end = (end + 511) & ~UINT64_C(511);
        if (end > PAGES)
            break;
        c->first = MADDR(m->origin + page * PAGE);
        c->end = MADDR(m->origin + end * PAGE);
        c->type = UNIT_ONE_OF(&m->rnd, types);
        page = end;
        m->n++;
    }
}

static void make_machine(struct machine *m, uint64_t number)
{
    *m = (struct machine){.rnd = unit_random_case(number)};
    if (unit_once_in(&m->rnd, 2)) {
        m->dm.format = &pt_x86_64_native;
        m->dm.base = VADDR(UINT64_C(0xffff830000000000));
        m->dm.largest = (unsigned int)unit_below(&m->rnd, 3);
        if (unit_once_in(&m->rnd, 2)) /* over the end of a table */
            m->origin = 1024 * MIB - PAGES / 2 * PAGE;
    } else {
        m->dm.format = &pt_scrambled; /* leaves of 4 KiB, 64 KiB, 16 MiB */
        m->dm.base = VADDR(UINT64_C(0xfffffff800000000));
        m->dm.largest = (unsigned int)unit_below(&m->rnd, 4);
    }
    if (unit_once_in(&m->rnd, 8)) /* no superpage is possible */
        m->dm.base.v += PAGE;
    if (m->dm.largest > 0 && unit_once_in(&m->rnd, 2)) {
        uint64_t span = pt_table_span(m->dm.format, 1);

        m->dm.static_end = MADDR((m->origin + 4 * MIB + span) & ~(span - 1));
        m->dm.boot_maps = VADDR(m->dm.static_end.v - 8 * MIB);
    }
    make_chunks(m);
}

static const struct mem_chunk *chunk_at(const struct machine *m, uint64_t ma)
{
    for (size_t i = 0; i < m->n; i++)
        if (ma >= m->chunk[i].first.v && ma < m->chunk[i].end.v)
            return &m->chunk[i];
    return NULL;
}

/* May there be a leaf of the level at `ma`?  By the words of the header. */
static bool may_be_leaf(const struct machine *m, unsigned int level,
                        uint64_t ma)
{
    const struct mem_chunk *c = chunk_at(m, ma);
    uint64_t span = pt_span(m->dm.format, level);

    if (!m->dm.format->level[level].leaf || level > m->dm.largest)
        return false;
    if (level > 1 && ma < m->dm.static_end.v)
        return false;
    return ma % span == 0 && (m->dm.base.v + ma) % span == 0 &&
           ma + span <= c->end.v;
}

static unsigned int leaf_at(const struct machine *m, uint64_t ma)
{
    unsigned int level = m->dm.largest;

    while (level > 0 && !may_be_leaf(m, level, ma))
        level--;
    return level;
}

/* ---- counted ---- */

struct reference {
    struct directmap_need need;
    uint64_t last[PT_MAX_LEVELS]; /* table + 1 */
};

static void note_leaf(const struct machine *m, struct reference *ref,
                      unsigned int level, uint64_t ma)
{
    const struct pt_format *fmt = m->dm.format;

    ref->need.leaves[level]++;
    for (; level + 1 < fmt->levels; level++) {
        uint64_t table = (m->dm.base.v + ma) / pt_table_span(fmt, level) + 1;

        if (ref->last[level] != table)
            ref->need.tables[level]++;
        ref->last[level] = table;
    }
}

static void count_pages(const struct machine *m, struct reference *ref,
                        uint64_t first, uint64_t end)
{
    for (size_t i = 0; i < m->n; i++) {
        uint64_t ma = m->chunk[i].first.v, to = m->chunk[i].end.v;

        ma = ma < first ? first : ma;
        to = to > end ? end : to;
        while (ma < to) {
            unsigned int level = leaf_at(m, ma);

            note_leaf(m, ref, level, ma);
            ma += pt_span(m->dm.format, level);
        }
    }
}

static void check_need(struct machine *m, const struct directmap_need *is,
                       const struct directmap_need *wanted)
{
    for (unsigned int level = 0; level < PT_MAX_LEVELS; level++) {
        UNIT_CHECK_EQ(&m->rnd, is->leaves[level], wanted->leaves[level]);
        UNIT_CHECK_EQ(&m->rnd, is->tables[level], wanted->tables[level]);
    }
}

static void check_count(struct machine *m)
{
    struct reference ref = {.last = {0}};
    struct directmap_need need;

    UNIT_CHECK_EQ(&m->rnd, directmap_count(&m->dm, m->chunk, m->n, &need), 0);
    count_pages(m, &ref, 0, UINT64_MAX);
    ref.need.tables[m->dm.format->levels - 1] = 1;
    check_need(m, &need, &ref.need);
}

static void check_one_broken(struct machine *m, unsigned int level,
                             uint64_t first,
                             const struct directmap_broken *broken)
{
    uint64_t span = pt_span(m->dm.format, level), pages = 0, kinds = 0;
    struct reference ref = {.last = {0}};
    const struct mem_chunk *last = NULL;

    for (uint64_t ma = first; ma < first + span; ma += PAGE) {
        const struct mem_chunk *c = chunk_at(m, ma);

        pages += c != NULL;
        kinds += c != NULL && (last == NULL || last->type != c->type);
        last = c != NULL ? c : last;
    }
    UNIT_CHECK_EQ(&m->rnd, broken->first.v, first);
    UNIT_CHECK_EQ(&m->rnd, broken->hole, pages < span / PAGE);
    UNIT_CHECK_EQ(&m->rnd, broken->types, kinds > 1);
    count_pages(m, &ref, first, first + span);
    for (unsigned int l = level; l < PT_MAX_LEVELS; l++)
        ref.need.tables[l] = 0;
    check_need(m, &broken->need, &ref.need);
}

/* Every place that has RAM and not in one chunk alone is told, once. */
static void check_broken(struct machine *m, unsigned int level)
{
    uint64_t span = pt_span(m->dm.format, level);
    uint64_t first = m->origin & ~(span - 1), end = m->origin + PAGES * PAGE;
    struct directmap_broken broken;
    maddr_t at = MADDR(0);
    bool more;

    more = directmap_next_broken(&m->dm, m->chunk, m->n, level, &at, &broken);
    for (; first < end; first += span) {
        bool ram = false, edge = false;

        for (size_t i = 0; i < m->n; i++) {
            const struct mem_chunk *c = &m->chunk[i];

            ram = ram || (c->first.v < first + span && c->end.v > first);
            edge = edge || (c->first.v > first && c->first.v < first + span) ||
                   (c->end.v > first && c->end.v < first + span);
        }
        if (!ram || !edge)
            continue;
        UNIT_CHECK(&m->rnd, more);
        check_one_broken(m, level, first, &broken);
        more =
            directmap_next_broken(&m->dm, m->chunk, m->n, level, &at, &broken);
    }
    UNIT_CHECK(&m->rnd, !more);
}

START_TEST(counted)
{
    for (unsigned int number = 0; number < MAPS; number++) {
        struct machine m;

        make_machine(&m, number);
        check_count(&m);
        if (number % 8 == 0)
            for (unsigned int l = 1; l <= m.dm.largest; l++)
                if (m.dm.format->level[l].leaf && m.dm.base.v % MIB == 0)
                    check_broken(&m, l);
    }
}
END_TEST

/* ---- built ---- */

#define FIRST_TABLE UINT64_C(0x77000)

struct tables {
    uint64_t slot[TABLES][PT_ENTRIES];
    bool used[TABLES];
    const struct pt_format *format;
    unsigned int allocs, frees;
    long fail; /* this allocation fails; -1: none */
    struct pt_tables pt;
};

static uint64_t *table(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va)
{
    struct tables *t = ctx;

    (void)level;
    (void)va;
    return t->slot[mfn.v - FIRST_TABLE];
}

static int alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    struct tables *t = ctx;
    unsigned int i = 0;

    (void)va;
    if ((long)t->allocs == t->fail)
        return -ENOMEM;
    t->allocs++;
    while (t->used[i])
        i++;
    ck_assert_uint_lt(i, TABLES);
    t->used[i] = true;
    for (unsigned int j = 0; j < PT_ENTRIES; j++)
        t->slot[i][j] = t->format->empty(level);
    *mfn = MFN(FIRST_TABLE + i);
    return 0;
}

static void give_back(void *ctx, unsigned int level, mfn_t mfn)
{
    struct tables *t = ctx;

    (void)level;
    t->used[mfn.v - FIRST_TABLE] = false;
    t->frees++;
}

static const struct pt_ops ops = {
    .table = table, .alloc = alloc, .free = give_back};

/* A table of level 1 for all addresses from `base` on, and nothing in them. */
static void add_static(struct machine *m, struct tables *t, uint64_t base)
{
    uint64_t span = pt_span(m->dm.format, 1);
    struct pt_broken token;

    for (uint64_t at = 0; at < m->dm.static_end.v;
         at += pt_table_span(m->dm.format, 1)) {
        vaddr_t va = VADDR((base + at) & ~(span - 1));
        struct pt_run run = {.first = va, .end = VADDR(va.v + span)};

        run.largest = 1;
        UNIT_CHECK_EQ(&m->rnd, pt_map_run(&t->pt, &run), 0);
        UNIT_CHECK_EQ(&m->rnd, pt_break(&t->pt, va, 1, &token), 0);
    }
}

static struct tables the_tables;

static struct tables *new_tables(struct machine *m)
{
    struct tables *t = &the_tables;

    memset(t->used, 0, sizeof(t->used));
    t->format = m->dm.format;
    t->allocs = t->frees = 0;
    t->fail = -1;
    t->pt = (struct pt_tables){
        .format = m->dm.format, .ops = &ops, .ctx = t, .root = MFN_INVALID};
    UNIT_CHECK_EQ(&m->rnd,
                  alloc(t, m->dm.format->levels - 1, VADDR(0), &t->pt.root), 0);
    add_static(m, t, m->dm.base.v);
    if (m->dm.static_end.v)
        add_static(m, t, 0);
    t->allocs = 0;
    return t;
}

/* What is mapped: for each page the level of its leaf + 1. */
struct mapped {
    struct machine *m;
    uint8_t level[PAGES];
    struct directmap_need need;
};

static enum pt_memory wanted_memory(const struct machine *m, enum mem_type type)
{
    if (m->dm.format == &pt_scrambled)
        return PT_WB;
    return type == MEM_UC   ? PT_UC
           : type == MEM_WC ? PT_WC
           : type == MEM_WT ? PT_WT
                            : PT_WB;
}

static int note_mapped(struct pt_visit_ctx *v)
{
    struct mapped *mapped = v->arg;
    struct machine *m = mapped->m;
    uint64_t ma = v->va.v - m->dm.base.v,
             span = pt_span(m->dm.format, v->level);
    const struct mem_chunk *c;

    if (v->visit == PT_VISIT_PRE) {
        mapped->need.tables[v->level - 1]++;
        return 0;
    }
    mapped->need.leaves[v->level]++;
    UNIT_CHECK(&m->rnd, ma >= m->origin && ma - m->origin < PAGES * PAGE);
    c = chunk_at(m, ma);
    UNIT_CHECK(&m->rnd, c != NULL && ma + span <= c->end.v);
    UNIT_CHECK_EQ(&m->rnd, v->entry.mfn.v, ma / PAGE);
    UNIT_CHECK_EQ(&m->rnd, v->entry.prot,
                  pt_allowed(m->dm.format, PT_READ | PT_WRITE | PT_GLOBAL));
    UNIT_CHECK_EQ(&m->rnd, v->entry.memory, wanted_memory(m, c->type));
    memset(&mapped->level[(ma - m->origin) / PAGE], (int)v->level + 1,
           span / PAGE);
    return 0;
}

/* All of the direct map's half; boot maps are in the other one. */
static struct mapped *look(struct machine *m, struct tables *t)
{
    static struct mapped mapped;
    unsigned int top = m->dm.format->levels - 1;
    uint64_t half = UINT64_C(1) << (m->dm.format->va_bits - 1);

    memset(&mapped, 0, sizeof(mapped));
    mapped.m = m;
    mapped.need.tables[top] = 1;
    UNIT_CHECK_EQ(&m->rnd,
                  pt_walk(&t->pt, VADDR(-half), VADDR(0),
                          PT_VISIT_PRE | PT_VISIT_LEAF, note_mapped, &mapped),
                  0);
    return &mapped;
}

/* No RAM page is absent, no other one there, each by the largest leaf. */
static void check_built(struct machine *m, struct tables *t)
{
    struct mapped *mapped = look(m, t);
    struct directmap_need need;
    uint64_t ma = m->origin;

    UNIT_CHECK_EQ(&m->rnd, directmap_count(&m->dm, m->chunk, m->n, &need), 0);
    for (unsigned int i = 0; i < PAGES; i++, ma += PAGE)
        UNIT_CHECK_EQ(&m->rnd, mapped->level[i] != 0, chunk_at(m, ma) != NULL);
    if (m->dm.static_end.v) /* there are more tables than it takes */
        memcpy(mapped->need.tables, need.tables, sizeof(need.tables));
    check_need(m, &mapped->need, &need);
}

/* The first stage maps what level 1 can, and allocates nothing. */
static void check_static(struct machine *m, struct tables *t)
{
    uint64_t span = pt_span(m->dm.format, 1);
    struct mapped *mapped;

    t->fail = 0;
    UNIT_CHECK_EQ(&m->rnd, directmap_map_static(&m->dm, &t->pt, m->chunk, m->n),
                  0);
    UNIT_CHECK_EQ(&m->rnd, t->allocs, 0);
    t->fail = -1;
    mapped = look(m, t);
    for (unsigned int i = 0; i < PAGES; i++) {
        uint64_t ma = m->origin + i * PAGE, leaf = ma & ~(span - 1);
        const struct mem_chunk *c = chunk_at(m, ma);
        bool wanted = c != NULL && m->dm.largest >= 1 && leaf >= span &&
                      leaf >= c->first.v && leaf + span <= c->end.v &&
                      ma < m->dm.static_end.v && m->dm.base.v % span == 0;

        UNIT_CHECK_EQ(&m->rnd, mapped->level[i], wanted ? 2 : 0);
    }
}

/* Something anywhere is reached while there is no allocator. */
static void check_boot_map(struct machine *m, struct tables *t)
{
    uint64_t span = pt_span(m->dm.format, 1);
    uint64_t room = m->dm.static_end.v - m->dm.boot_maps.v;
    uint64_t first = unit_below(&m->rnd, 1 << 30) & ~UINT64_C(1);
    uint64_t end = first + 1 + unit_below(&m->rnd, room - span);
    struct pt_entry entry;
    unsigned int level;
    vaddr_t va, other;

    t->fail = t->allocs;
    UNIT_CHECK_EQ(
        &m->rnd,
        directmap_boot_map(&m->dm, &t->pt, MADDR(first), MADDR(end), &va), 0);
    for (uint64_t at = 0; at < end - first; at += span) {
        UNIT_CHECK_EQ(&m->rnd,
                      pt_lookup(&t->pt, VADDR(va.v + at), &entry, &level), 0);
        UNIT_CHECK(&m->rnd, entry.kind == PT_LEAF && level == 1);
        UNIT_CHECK_EQ(&m->rnd, entry.mfn.v,
                      ((first + at) & ~(span - 1)) / PAGE);
    }
    UNIT_CHECK_EQ(&m->rnd, va.v % span, first % span);
    UNIT_CHECK(&m->rnd, va.v >= m->dm.boot_maps.v);
    UNIT_CHECK_EQ(
        &m->rnd,
        directmap_boot_map(&m->dm, &t->pt, MADDR(first), MADDR(end), &other),
        -EEXIST);
    UNIT_CHECK_EQ(&m->rnd, directmap_boot_unmap(&m->dm, &t->pt), 0);
    UNIT_CHECK_EQ(&m->rnd, pt_lookup(&t->pt, va, &entry, &level), 0);
    UNIT_CHECK(&m->rnd, entry.kind == PT_EMPTY);
    UNIT_CHECK_EQ(
        &m->rnd,
        directmap_boot_map(&m->dm, &t->pt, MADDR(0), MADDR(room + 1), &va),
        -ENOSPC);
    t->fail = -1;
}

/* Each allocation fails in turn: what is mapped is right, and none is lost. */
static void check_failures(struct machine *m, unsigned int allocs)
{
    for (unsigned int i = 0; i < allocs; i++) {
        struct tables *t = new_tables(m);
        struct mapped *mapped;
        uint64_t used = 0, reached = 0;

        t->fail = i;
        UNIT_CHECK_EQ(&m->rnd,
                      directmap_map_rest(&m->dm, &t->pt, m->chunk, m->n),
                      -ENOMEM);
        mapped = look(m, t);
        for (unsigned int j = 0; j < TABLES; j++)
            used += t->used[j];
        for (unsigned int j = 0; j < PT_MAX_LEVELS; j++)
            reached += mapped->need.tables[j];
        UNIT_CHECK_EQ(&m->rnd, used, reached);
    }
}

START_TEST(built)
{
    for (unsigned int number = 0; number < BUILT; number++) {
        struct machine m;
        struct tables *t;

        make_machine(&m, number);
        t = new_tables(&m);
        check_static(&m, t);
        if (m.dm.static_end.v)
            check_boot_map(&m, t);
        UNIT_CHECK_EQ(&m.rnd, directmap_map_rest(&m.dm, &t->pt, m.chunk, m.n),
                      0);
        check_built(&m, t);
        if (m.dm.static_end.v == 0 && number < FAILED && t->allocs <= 64)
            check_failures(&m, t->allocs);
    }
}
END_TEST

/* ---- single rules ---- */

START_TEST(addresses)
{
    struct directmap dm = {.format = &pt_x86_64_native,
                           .base = VADDR(UINT64_C(0xffff830000000000)),
                           .largest = 2};
    struct mem_chunk chunk = {MADDR(0), MADDR(UINT64_C(0x7d0000000000)),
                              MEM_WB};
    struct directmap_need need;

    /* Up to the last byte of the address space, and not one page more. */
    ck_assert_int_eq(directmap_count(&dm, &chunk, 1, &need), 0);
    ck_assert_uint_eq(need.leaves[2], 0x7d0000000000 >> 30);
    ck_assert_uint_eq(need.tables[2], 250);
    chunk.end.v += PAGE;
    ck_assert_int_eq(directmap_count(&dm, &chunk, 1, &need), -EINVAL);
    chunk.first = MADDR(UINT64_C(0x7d0000000000));
    ck_assert_int_eq(directmap_count(&dm, &chunk, 1, &need), -EINVAL);
    dm.base = VADDR(0);
    chunk = (struct mem_chunk){MADDR(0), MADDR(UINT64_C(1) << 47), MEM_WB};
    ck_assert_int_eq(directmap_count(&dm, &chunk, 1, &need), 0);
    chunk.end.v += PAGE;
    ck_assert_int_eq(directmap_count(&dm, &chunk, 1, &need), -EINVAL);
    ck_assert_int_eq(directmap_count(&dm, NULL, 0, &need), 0);
    ck_assert_uint_eq(need.tables[3], 1);
}
END_TEST

/* 12 GiB with a hole at 3 GiB, and a type that changes at 5 GiB + 1 MiB. */
START_TEST(gigabytes)
{
    struct directmap dm = {.format = &pt_x86_64_native,
                           .base = VADDR(UINT64_C(0xffff830000000000)),
                           .largest = 2};
    struct mem_chunk chunk[] = {
        {MADDR(MIB), MADDR(3072 * MIB), MEM_WB},
        {MADDR(4096 * MIB), MADDR(5121 * MIB), MEM_WB},
        {MADDR(5121 * MIB), MADDR(12288 * MIB), MEM_UC},
    };
    struct directmap_broken broken;
    struct directmap_need need;
    maddr_t at = MADDR(0);

    ck_assert_int_eq(directmap_count(&dm, chunk, 3, &need), 0);
    ck_assert_uint_eq(need.leaves[2], 2 + 1 + 6);
    ck_assert_uint_eq(need.leaves[1], 511 + 511);
    ck_assert_uint_eq(need.leaves[0], 256 + 256 + 256);
    ck_assert_uint_eq(need.tables[2], 1);
    ck_assert_uint_eq(need.tables[1], 2);
    ck_assert_uint_eq(need.tables[0], 2);
    ck_assert(directmap_next_broken(&dm, chunk, 3, 2, &at, &broken));
    ck_assert(broken.first.v == 0 && broken.hole && !broken.types);
    ck_assert(directmap_next_broken(&dm, chunk, 3, 2, &at, &broken));
    ck_assert(broken.first.v == 5120 * MIB && !broken.hole && broken.types);
    ck_assert(broken.need.leaves[1] == 511 && broken.need.leaves[0] == 512);
    ck_assert(broken.need.tables[1] == 1 && broken.need.tables[0] == 1);
    ck_assert(!directmap_next_broken(&dm, chunk, 3, 2, &at, &broken));
}
END_TEST

/* ---- an image moves with its tables ---- */

static void check_mfn(const struct pt_format *fmt, unsigned int level,
                      uint64_t raw, enum pt_kind kind, uint64_t mfn)
{
    struct pt_entry entry = fmt->decode(level, raw);

    ck_assert_int_eq(entry.kind, kind);
    ck_assert_uint_eq(entry.mfn.v, mfn);
}

START_TEST(relocated)
{
    static const struct pt_format *const formats[] = {
        &pt_x86_64_native, &pt_x86_64_pv, &pt_scrambled};
    const struct pt_format *fmt = formats[_i];
    /* Frames 0x1000 to 0x100f. */
    const maddr_t from = MADDR(0x1000 * PAGE), to = MADDR(0x54321 * PAGE);
    static uint64_t upper[PT_ENTRIES], lower[PT_ENTRIES], low[PT_ENTRIES];
    static uint64_t before[PT_ENTRIES];
    struct directmap_table table[] = {{.slots = upper, .level = 1},
                                      {.slots = low, .constant = true},
                                      {.slots = lower}};
    const unsigned int top = (1u << fmt->level[1].bits) - 1;
    const unsigned int end = (1u << fmt->level[0].bits) - 1;
    struct pt_entry entry;

    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        upper[i] = fmt->empty(1);
        lower[i] = low[i] = fmt->empty(0);
    }
    upper[0] = fmt->table(1, MFN(0x1001));
    upper[1] = fmt->table(1, MFN(0xfff));
    upper[top] = fmt->table(1, MFN(0x100f));
    lower[0] = fmt->leaf(0, MFN(0x1000), PT_READ | PT_WRITE);
    lower[1] = fmt->leaf(0, MFN(0x1010), PT_READ);
    lower[end] = fmt->leaf(0, MFN(0x100f), PT_READ);
    if (fmt->set_memory != NULL)
        lower[0] = fmt->set_memory(0, lower[0], PT_UC);
    if (fmt->set_software != NULL)
        lower[0] = fmt->set_software(0, lower[0], fmt->software);
    low[3] = lower[0];
    entry = fmt->decode(0, lower[0]);
    ck_assert_int_eq(directmap_relocate(fmt, table, 3, from, 16 * PAGE, to), 0);
    check_mfn(fmt, 1, upper[0], PT_TABLE, 0x54322);
    check_mfn(fmt, 1, upper[1], PT_TABLE, 0xfff);
    ck_assert_uint_eq(upper[2], fmt->empty(1));
    check_mfn(fmt, 1, upper[top], PT_TABLE, 0x54330);
    check_mfn(fmt, 0, lower[0], PT_LEAF, 0x54321);
    check_mfn(fmt, 0, lower[1], PT_LEAF, 0x1010);
    check_mfn(fmt, 0, lower[end], PT_LEAF, 0x54330);
    check_mfn(fmt, 0, low[3], PT_LEAF, 0x1000);
    /* Nothing else of an entry changes. */
    ck_assert_uint_eq(fmt->decode(0, lower[0]).prot, entry.prot);
    ck_assert_int_eq(fmt->decode(0, lower[0]).memory, entry.memory);
    ck_assert_uint_eq(fmt->decode(0, lower[0]).software, entry.software);

    /* Refused: a frame that no entry names, the last of all to be moved. */
    memcpy(before, upper, sizeof(upper));
    ck_assert_int_eq(
        directmap_relocate(fmt, table, 3, to, 16 * PAGE,
                           MADDR((UINT64_C(1) << fmt->pa_bits) - 15 * PAGE)),
        -ERANGE);
    ck_assert_mem_eq(upper, before, sizeof(upper));
    check_mfn(fmt, 0, lower[0], PT_LEAF, 0x54321);
    ck_assert_int_eq(
        directmap_relocate(fmt, table, 3, from, PAGE, MADDR(PAGE / 2)),
        -EINVAL);
    ck_assert_int_eq(directmap_relocate(fmt, table, 3, from, 1, to), -EINVAL);
}
END_TEST

/* A superpage moves by whole superpages only. */
START_TEST(relocated_superpage)
{
    const struct pt_format *fmt = &pt_x86_64_native;
    static uint64_t upper[PT_ENTRIES];
    struct directmap_table table = {.slots = upper, .level = 1};
    const maddr_t from = MADDR(4 * MIB);

    upper[0] = fmt->table(1, MFN(4 * MIB / PAGE + 7));
    upper[1] = fmt->leaf(1, maddr_to_mfn(from), PT_READ);
    ck_assert_int_eq(
        directmap_relocate(fmt, &table, 1, from, 2 * MIB, MADDR(9 * MIB)),
        -EDOM);
    check_mfn(fmt, 1, upper[0], PT_TABLE, 4 * MIB / PAGE + 7);
    ck_assert_int_eq(
        directmap_relocate(fmt, &table, 1, from, 2 * MIB, MADDR(8 * MIB)), 0);
    check_mfn(fmt, 1, upper[0], PT_TABLE, 8 * MIB / PAGE + 7);
    check_mfn(fmt, 1, upper[1], PT_LEAF, 8 * MIB / PAGE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directmap");
    TCase *tc = tcase_create("directmap");

    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, addresses);
    tcase_add_test(tc, gigabytes);
    tcase_add_loop_test(tc, relocated, 0, 3);
    tcase_add_test(tc, relocated_superpage);
    tcase_add_test(tc, counted);
    tcase_add_test(tc, built);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
