/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* E820 ranges and MTRRs to RAM of one memory type. */
#include "mem/memmap.h"

#include <errno.h>
#include <string.h>

#include "unit_random.h"

#define PAGE   DW_PAGE_SIZE
#define MAPS   10000
#define PAGES  1024 /* of a random machine */
#define UNITS  4    /* of a page: ranges end at these */
#define RANGES 12
#define MTRRS  8

/* ---- random machines, page by page ---- */

struct machine {
    struct unit_random rnd;
    uint64_t origin; /* address of the first page */
    struct mem_range e820[RANGES];
    size_t nr_e820;
    struct mtrr_range fixed[MTRRS], variable[MTRRS];
    uint64_t base[MTRRS], mask[MTRRS];
    struct mtrrs mtrrs;
};

static const enum mem_type types[] = {MEM_UC, MEM_WC, MEM_WT, MEM_WP,
                                      MEM_WB, MEM_WB, MEM_WB};

static void make_e820(struct machine *m)
{
    m->nr_e820 = unit_below(&m->rnd, RANGES + 1);
    for (size_t i = 0; i < m->nr_e820; i++) {
        uint64_t unit = unit_once_in(&m->rnd, 3) ? PAGE / UNITS : PAGE;
        uint64_t total = PAGES * PAGE / unit;
        uint64_t first = unit_below(&m->rnd, total + 1);
        uint64_t end = first + unit_below(&m->rnd, total + 1 - first);

        if (unit_once_in(&m->rnd, 3)) /* next to another one */
            end = first + unit_below(&m->rnd, 8);
        if (end > total)
            end = total;
        m->e820[i] = (struct mem_range){
            .first = MADDR(m->origin + first * unit),
            .end = MADDR(m->origin + end * unit),
            .type = unit_once_in(&m->rnd, 3) ? (uint32_t)unit_random64(&m->rnd)
                                             : MEM_E820_RAM,
        };
    }
}

static void make_variable(struct machine *m)
{
    struct mtrrs *mtrrs = &m->mtrrs;

    mtrrs->variable = m->variable;
    mtrrs->nr_variable = unit_below(&m->rnd, MTRRS + 1);
    for (size_t i = 0; i < mtrrs->nr_variable; i++) {
        uint64_t size = PAGE << unit_below(&m->rnd, 11);

        m->base[i] = m->origin + unit_below(&m->rnd, PAGES) * PAGE;
        m->mask[i] = ((UINT64_C(1) << 40) - 1) & ~(size - 1);
        UNIT_CHECK_EQ(
            &m->rnd, memmap_mtrr_range(m->base[i], m->mask[i], &m->variable[i]),
            0);
        m->variable[i].type = UNIT_ONE_OF(&m->rnd, types);
    }
}

static void make_fixed(struct machine *m)
{
    struct mtrrs *mtrrs = &m->mtrrs;
    uint64_t at = 0;

    mtrrs->fixed_unknown = unit_once_in(&m->rnd, 4);
    mtrrs->fixed = m->fixed;
    while (mtrrs->nr_fixed < MTRRS && !unit_once_in(&m->rnd, 4)) {
        struct mtrr_range *r = &m->fixed[mtrrs->nr_fixed++];

        r->first = MADDR(at);
        at += (1 + unit_below(&m->rnd, 32)) * PAGE;
        r->end = MADDR(at);
        r->type = UNIT_ONE_OF(&m->rnd, types);
    }
}

static void make_machine(struct machine *m, uint64_t number)
{
    *m = (struct machine){.rnd = unit_random_case(number)};
    /* Where fixed ranges end, and where TOM2 is about. */
    if (unit_once_in(&m->rnd, 2))
        m->origin = (UINT64_C(1) << 32) - PAGES / 2 * PAGE;
    make_e820(m);
    make_variable(m);
    make_fixed(m);
    m->mtrrs.default_type = UNIT_ONE_OF(&m->rnd, types);
    if (unit_once_in(&m->rnd, 2))
        m->mtrrs.tom2 =
            MADDR(m->origin + unit_below(&m->rnd, PAGES + 1) * PAGE);
    m->mtrrs.tom2_unknown = unit_once_in(&m->rnd, 8);
    m->mtrrs.disabled = unit_once_in(&m->rnd, 16);
}

static bool is_ram(const struct machine *m, uint64_t first, uint64_t bytes)
{
    bool ram = false;

    for (size_t i = 0; i < m->nr_e820; i++) {
        const struct mem_range *r = &m->e820[i];

        if (r->first.v >= first + bytes || r->end.v <= first)
            continue;
        if (r->type != MEM_E820_RAM)
            return false;
        ram = true;
    }
    return ram;
}

/* Each unit is RAM or not as a whole. */
static bool page_is_ram(const struct machine *m, uint64_t page)
{
    for (unsigned int i = 0; i < UNITS; i++)
        if (!is_ram(m, page + i * (PAGE / UNITS), PAGE / UNITS))
            return false;
    return true;
}

/* By the words of the SDM: which types there are at the page, as bits. */
static enum mem_type page_type(const struct machine *m, uint64_t page)
{
    unsigned int set = 0;

    if (m->mtrrs.disabled)
        return MEM_UC;
    for (size_t i = 0; i < m->mtrrs.nr_fixed; i++)
        if (page >= m->fixed[i].first.v && page < m->fixed[i].end.v)
            return m->fixed[i].type;
    for (size_t i = 0; i < m->mtrrs.nr_variable; i++)
        if ((page & m->mask[i]) == (m->base[i] & m->mask[i]))
            set |= 1u << m->variable[i].type;
    if (set == 0) {
        if (page >> 32 == 0)
            return m->mtrrs.default_type;
        if (m->mtrrs.tom2_unknown)
            return MEM_UNKNOWN;
        return page < m->mtrrs.tom2.v ? MEM_WB : m->mtrrs.default_type;
    }
    if ((set & (set - 1)) == 0)
        return (enum mem_type)__builtin_ctz(set);
    if (set & 1u << MEM_UC)
        return MEM_UC;
    return set == (1u << MEM_WT | 1u << MEM_WB) ? MEM_WT : MEM_UNDEFINED;
}

static void check_ram(struct machine *m, const struct mem_range *ram, size_t n)
{
    size_t at = 0;

    for (uint64_t unit = 0; unit < PAGES * UNITS; unit++) {
        uint64_t first = m->origin + unit * (PAGE / UNITS);

        while (at < n && ram[at].end.v <= first)
            at++;
        UNIT_CHECK_EQ(&m->rnd, at < n && ram[at].first.v <= first,
                      is_ram(m, first, PAGE / UNITS));
    }
    for (size_t i = 0; i < n; i++) {
        UNIT_CHECK(&m->rnd, ram[i].first.v < ram[i].end.v);
        UNIT_CHECK(&m->rnd, ram[i].type == MEM_E820_RAM);
        UNIT_CHECK(&m->rnd, i == 0 || ram[i - 1].end.v < ram[i].first.v);
    }
}

static void check_chunks(struct machine *m, const struct mem_chunk *chunk,
                         size_t n, bool typed)
{
    size_t at = 0;

    for (uint64_t i = 0; i < PAGES; i++) {
        uint64_t page = m->origin + i * PAGE;

        while (at < n && chunk[at].end.v <= page)
            at++;
        UNIT_CHECK_EQ(&m->rnd, at < n && chunk[at].first.v <= page,
                      page_is_ram(m, page));
        if (at < n && chunk[at].first.v <= page)
            UNIT_CHECK_EQ(&m->rnd, chunk[at].type,
                          typed ? page_type(m, page) : MEM_UNKNOWN);
    }
    for (size_t i = 0; i < n; i++) {
        UNIT_CHECK(&m->rnd, chunk[i].first.v < chunk[i].end.v);
        UNIT_CHECK(&m->rnd,
                   ((chunk[i].first.v | chunk[i].end.v) & (PAGE - 1)) == 0);
        UNIT_CHECK(&m->rnd, !typed || m->mtrrs.disabled ||
                                !m->mtrrs.fixed_unknown ||
                                chunk[i].first.v >= 1 << 20 ||
                                chunk[i].end.v <= 1 << 20);
        if (i == 0)
            continue;
        UNIT_CHECK(&m->rnd, chunk[i - 1].end.v <= chunk[i].first.v);
        /* They are as large as can be. */
        if (chunk[i - 1].end.v == chunk[i].first.v)
            UNIT_CHECK(&m->rnd, chunk[i - 1].type != chunk[i].type ||
                                    (typed && m->mtrrs.fixed_unknown &&
                                     chunk[i].first.v == 1 << 20));
    }
}

/* With less room than it takes, nothing behind it is written. */
static void check_room(struct machine *m, const struct mem_range *ram,
                       size_t nr_ram, size_t nr)
{
    struct mem_chunk chunk[RANGES + 4 * MTRRS + 4];
    struct mem_range again[RANGES + 1];
    size_t n, less;

    if (nr > 0) {
        less = unit_below(&m->rnd, nr);
        memset(chunk, 0x5a, sizeof(chunk));
        UNIT_CHECK_EQ(&m->rnd,
                      memmap_chunks(ram, nr_ram, &m->mtrrs, chunk, less, &n),
                      -ENOSPC);
        UNIT_CHECK(&m->rnd, chunk[less].first.v == 0x5a5a5a5a5a5a5a5a);
    }
    if (nr_ram > 0) {
        less = unit_below(&m->rnd, nr_ram);
        memset(again, 0x5a, sizeof(again));
        UNIT_CHECK_EQ(&m->rnd, memmap_ram(m->e820, m->nr_e820, again, less, &n),
                      -ENOSPC);
        UNIT_CHECK(&m->rnd, again[less].first.v == 0x5a5a5a5a5a5a5a5a);
    }
}

START_TEST(random_machines)
{
    for (unsigned int number = 0; number < MAPS; number++) {
        struct mem_range ram[RANGES];
        struct mem_chunk chunk[RANGES + 4 * MTRRS + 3];
        struct machine m;
        size_t nr_ram, nr, max;

        make_machine(&m, number);
        UNIT_CHECK_EQ(
            &m.rnd, memmap_ram(m.e820, m.nr_e820, ram, m.nr_e820, &nr_ram), 0);
        check_ram(&m, ram, nr_ram);
        max = memmap_chunks_max(nr_ram, &m.mtrrs);
        UNIT_CHECK(&m.rnd, max <= sizeof(chunk) / sizeof(chunk[0]));
        UNIT_CHECK_EQ(&m.rnd,
                      memmap_chunks(ram, nr_ram, &m.mtrrs, chunk, max, &nr), 0);
        check_chunks(&m, chunk, nr, true);
        check_room(&m, ram, nr_ram, nr);
        max = memmap_chunks_max(nr_ram, NULL);
        UNIT_CHECK_EQ(&m.rnd, memmap_chunks(ram, nr_ram, NULL, chunk, max, &nr),
                      0);
        check_chunks(&m, chunk, nr, false);
    }
}
END_TEST

/* ---- single rules ---- */

START_TEST(refusals)
{
    struct mem_range e820[] = {
        {MADDR(0), MADDR(PAGE), MEM_E820_RAM},
        {MADDR(4 * PAGE), MADDR(2 * PAGE), 2},
    };
    struct mem_range ram[2];
    size_t n;

    ck_assert_int_eq(memmap_ram(e820, 2, ram, 2, &n), -EINVAL);
    e820[1].end = MADDR(MEM_ADDR_END + PAGE);
    ck_assert_int_eq(memmap_ram(e820, 2, ram, 2, &n), 0);
    ck_assert_uint_eq(n, 1);
    e820[1].type = MEM_E820_RAM;
    ck_assert_int_eq(memmap_ram(e820, 2, ram, 2, &n), -ERANGE);
    e820[1].end = MADDR(MEM_ADDR_END);
    ck_assert_int_eq(memmap_ram(e820, 2, ram, 2, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(ram[1].end.v, MEM_ADDR_END);
    ck_assert_int_eq(memmap_ram(e820, 0, ram, 0, &n), 0);
    ck_assert_uint_eq(n, 0);
}
END_TEST

/* As CPUs of several widths have them. */
START_TEST(masks)
{
    static const struct {
        uint64_t base, mask, first, end;
    } good[] = {
        {0, 0xf80000000, 0, 0x80000000},
        {0xfb000000, 0xffffff000, 0xfb000000, 0xfb001000},
        {0x4000000000, 0x4000000000, 0x4000000000, 0x8000000000},
        {0x400000000, 0x7c00000000, 0x400000000, 0x800000000},
        {0x12345678000, 0x7e000000000, 0x12000000000, 0x14000000000},
        {0, 0xc0000000, 0, 0x40000000},
    };
    static const uint64_t bad[] = {
        0, 0x800, 0xf80000800, 0xf00f00000, 0x8000000080000, UINT64_C(1) << 52};
    struct mtrr_range range;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_int_eq(memmap_mtrr_range(good[i].base, good[i].mask, &range),
                         0);
        ck_assert_uint_eq(range.first.v, good[i].first);
        ck_assert_uint_eq(range.end.v, good[i].end);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(memmap_mtrr_range(0, bad[i], &range), -EDOM);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memmap");
    TCase *tc = tcase_create("memmap");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, masks);
    tcase_add_test(tc, random_machines);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
