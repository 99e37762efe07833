/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect's survey of a domain on the machine that inspect_world.c plays, and
 * the lists of runs that it is made of.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/survey.h"
#include "inspect_world.h"
#include "report/survey_svg.h"

#include <xen/foreign/x86_64.h>

#include "unit_random.h"

#define PAGE  UINT64_C(4096)
#define LEAF  UINT64_C(0x21)
#define TABLE UINT64_C(0x67)

static struct survey survey;

static const unsigned int widths[] = {32, 64};

static void look(void)
{
    struct view_domain domain = {
        .info = &world.info,
        .width = world.width,
        .store = MFN(world_mfn(PFN_STORE)),
        .console = MFN(world_mfn(PFN_CONSOLE)),
    };
    struct diag dg;

    diag_init(&dg);
    world.asked = world.read = world.calls = 0;
    ck_assert_int_eq(survey_domain(NULL, &dg, &domain, &survey), 0);
    ck_assert_uint_eq(dg.nr, 0);
}

/* The area number i is that, [first, end) in pages, from that PFN on. */
static void check_area(unsigned int i, enum run_kind kind, uint64_t first,
                       uint64_t end, uint64_t pfn)
{
    const struct run *run = &survey.areas.run[i];

    ck_assert_uint_lt(i, survey.areas.nr);
    ck_assert_str_eq(run_name(run->kind), run_name(kind));
    ck_assert_uint_eq(run->first, first * PAGE);
    ck_assert_uint_eq(run->end, end * PAGE);
    ck_assert_uint_eq(run->pfn, pfn);
    if (pfn != RUN_NONE)
        ck_assert_uint_eq(run->mfn, world_mfn(pfn));
}

/*
 * Xen's own comes last, as number i.  The 32-bit guest has the compat M2P where
 * no guest of Xen's has it, so that nothing is told of it.
 */
static void check_xen(unsigned int i)
{
    if (world.width == 64)
        check_area(i++, RUN_XEN, UINT64_C(0xffff800000000),
                   UINT64_C(0xffff880000000), RUN_NONE);
    ck_assert_uint_eq(survey.areas.nr, i);
}

static void check_levels(void)
{
    unsigned int level;

    for (level = 0; level < world.top; level++) {
        const struct survey_level *l = &survey.level[level];
        const struct run *run = &l->runs.run[0];

        ck_assert_uint_eq(l->tables, 1);
        ck_assert_uint_eq(l->reached, 1);
        ck_assert_uint_eq(l->pinned, level == world.top - 1);
        ck_assert_uint_eq(l->above_4g, 0);
        ck_assert_uint_eq(l->links, level > 0);
        ck_assert_uint_eq(l->others, 0);
        ck_assert_uint_eq(l->runs.nr, 1);
        ck_assert_uint_eq(run->first, 0);
        ck_assert_uint_eq(
            run->end, level == 3 ? 0
                                 : UINT64_C(1) << (21 + 9 * level) >>
                                       (world.top == 3 && level == 2 ? 7 : 0));
        ck_assert_uint_eq(run->mfn, world_mfn(PFN_TABLE + level + 1));
        ck_assert_uint_eq(run->pfn, PFN_TABLE + level + 1);
        ck_assert_uint_eq(run->entries, level ? 1 : WORLD_PAGES);
    }
    /* All but the spare one, and the shared info. */
    ck_assert_uint_eq(survey.level[0].read_only, world.top);
    ck_assert_uint_eq(survey.level[0].writable, WORLD_PAGES - world.top);
}

static void check_frames(void)
{
    const struct survey_frames *f = &survey.frames;

    ck_assert_uint_eq(f->total, WORLD_PAGES);
    ck_assert_uint_eq(f->above_4g, 0);
    ck_assert_uint_eq(f->extents, 1);
    ck_assert_uint_eq(f->blocks[0], WORLD_PAGES);
    ck_assert_uint_eq(f->blocks[1] + f->blocks[2], 0);
    ck_assert_uint_eq(f->ram_end, WORLD_FRAMES);
    ck_assert_uint_eq(f->runs.nr, 1);
    ck_assert_uint_eq(f->runs.run[0].first, WORLD_BASE);
    ck_assert_uint_eq(f->runs.run[0].end, WORLD_BASE + WORLD_PAGES);
    ck_assert_uint_eq(f->runs.run[0].pfn, 0);
    ck_assert_uint_eq(f->runs.run[0].tables, world.top);
    ck_assert_uint_eq(f->tables.nr, 1);
    ck_assert_uint_eq(f->tables.run[0].first, world_mfn(PFN_TABLE + 1));
    ck_assert_uint_eq(f->tables.run[0].count, world.top);
}

/* One that its builder has just left. */
START_TEST(fresh)
{
    uint64_t tables = PFN_TABLE + 1;

    world_start(widths[_i]);
    look();
    ck_assert_int_eq(survey.state, SURVEY_FRESH);
    ck_assert_uint_eq(survey.width, world.width);
    ck_assert_uint_eq(survey.pages, WORLD_PAGES);
    ck_assert_uint_eq(survey.root.v, world_mfn(PFN_TABLE + world.top));
    ck_assert_uint_eq(survey.root_pfn.v, PFN_TABLE + world.top);
    ck_assert(!survey.extended_cr3);
    ck_assert_int_eq(survey.p2m, P2M_START_INFO);
    check_area(0, RUN_START_INFO, 0, 1, PFN_START_INFO);
    check_area(1, RUN_P2M, 1, 2, PFN_P2M);
    check_area(2, RUN_CONSOLE, 2, 3, PFN_CONSOLE);
    check_area(3, RUN_STORE, 3, 4, PFN_STORE);
    check_area(4, RUN_MEMORY, 4, 5, 4);
    check_area(5, RUN_TABLES, tables, tables + world.top, tables);
    /* The page that is mapped nowhere is in between. */
    check_area(6, RUN_KERNEL, tables + world.top, PFN_STACK, RUN_NONE);
    ck_assert_uint_eq(survey.areas.run[6].count,
                      PFN_STACK - tables - world.top - 1);
    check_area(7, RUN_STACK, PFN_STACK, PFN_STACK + 1, PFN_STACK);
    check_area(8, RUN_PADDING, PFN_STACK + 1, WORLD_PAGES, PFN_STACK + 1);
    check_area(9, RUN_SHARED_INFO, WORLD_PAGES, WORLD_PAGES + 1, RUN_NONE);
    check_xen(10);
    ck_assert_uint_eq(survey.unmapped.nr, 0);
    check_levels();
    check_frames();
    ck_assert(survey.one_node);
    ck_assert_uint_le(world.read, 16);
    world_end();
}
END_TEST

/* What it was told at its start is not believed of one that has run. */
START_TEST(running)
{
    world_start(widths[_i]);
    world.info.cpu_time = 1;
    world.nodes = 2;
    look();
    ck_assert_int_eq(survey.state, SURVEY_RUN);
    ck_assert_int_eq(survey.p2m, P2M_NONE);
    check_area(0, RUN_MEMORY, 0, PFN_CONSOLE, 0);
    check_area(1, RUN_CONSOLE, PFN_CONSOLE, PFN_CONSOLE + 1, PFN_CONSOLE);
    check_area(2, RUN_STORE, PFN_STORE, PFN_STORE + 1, PFN_STORE);
    check_area(3, RUN_MEMORY, PFN_STORE + 1, WORLD_PAGES, RUN_NONE);
    ck_assert_uint_eq(survey.areas.run[3].tables, world.top);
    ck_assert_uint_eq(survey.areas.run[3].writable,
                      survey.areas.run[3].count - world.top);
    check_area(4, RUN_SHARED_INFO, WORLD_PAGES, WORLD_PAGES + 1, RUN_NONE);
    check_xen(5);
    check_levels();
    check_frames();
    ck_assert(!survey.one_node);
    world_end();
}
END_TEST

/* A list that a running guest tells of is named, and nothing else. */
START_TEST(list)
{
    shared_info_x86_64_t *shared;

    world_start(64);
    world.info.cpu_time = 1;
    shared = (shared_info_x86_64_t *)world.page[WORLD_SHARED_INFO];
    shared->arch.max_pfn = 513;
    shared->arch.p2m_vaddr = 20 * PAGE;
    shared->arch.p2m_cr3 = world_mfn(PFN_TABLE + 4) * PAGE;
    look();
    ck_assert_int_eq(survey.p2m, P2M_LIST);
    check_area(4, RUN_P2M, 20, 22, 20);
    world_end();
}
END_TEST

/* Frames of others, a special page twice, holes, an empty table. */
START_TEST(mapped)
{
    uint64_t *l1, first = PFN_STORE + 1;

    world_start(widths[_i]);
    world.info.cpu_time = 1;
    l1 = world_table(1);
    memset(l1 + first, 0, (WORLD_PAGES - first) * sizeof(*l1));
    l1[10] = world_mfn(PFN_CONSOLE) * PAGE | LEAF;
    l1[11] = WORLD_OTHERS * PAGE | LEAF | 2;
    l1[12] = world_mfn(PFN_TABLE + 1) * PAGE | LEAF;
    l1[450] = WORLD_GRANTS * PAGE | LEAF;
    world_table(2)[5] = world_mfn(PFN_SPARE) * PAGE | TABLE;
    world.level[world_mfn(PFN_SPARE)] = 1;
    look();
    check_area(3, RUN_MEMORY, 10, 13, RUN_NONE);
    ck_assert_uint_eq(survey.areas.run[3].count, 3);
    ck_assert_uint_eq(survey.areas.run[3].writable, 1);
    ck_assert_uint_eq(survey.areas.run[3].foreign, 1);
    ck_assert_uint_eq(survey.areas.run[3].tables, 1);
    check_area(5, RUN_GRANTS, 450, 451, RUN_NONE);
    ck_assert_uint_eq(survey.areas.run[5].foreign, 0);
    check_area(6, RUN_UNMAPPED, 5 * 512, 6 * 512, RUN_NONE);
    ck_assert_uint_eq(survey.level[0].reached, 2);
    ck_assert_uint_eq(survey.level[1].links, 2);
    ck_assert_uint_eq(survey.level[0].runs.nr, 2);
    /* A superpage, a linear mapping, what is no table. */
    world_table(2)[6] = 512 * PAGE | 0xe7;
    world_table(2)[7] = world_mfn(PFN_TABLE + 2) * PAGE | TABLE;
    world_table(2)[8] = world_mfn(PFN_DATA) * PAGE | TABLE;
    look();
    ck_assert_uint_eq(survey.level[1].others, 3);
    ck_assert_uint_eq(survey.level[1].links, 2);
    ck_assert_uint_eq(survey.level[1].reached, 1);
    world_end();
}
END_TEST

/* Tables that are used everywhere are looked at once. */
START_TEST(again)
{
    unsigned int level, slot;

    world_start(64);
    for (level = 2; level <= world.top; level++)
        for (slot = 0; slot < 512; slot++)
            if (level < 4 || slot < 256 || slot > 271)
                world_table(level)[slot] =
                    world_mfn(PFN_TABLE + level - 1) * PAGE | TABLE;
    look();
    ck_assert_uint_le(world.read, 16);
    ck_assert_uint_eq(survey.level[0].reached, 1);
    ck_assert_uint_eq(survey.level[1].links, 512);
    ck_assert_uint_eq(survey.level[3].links, 496);
    check_area(10, RUN_AGAIN, 512, UINT64_C(1) << 35, RUN_NONE);
    check_area(11, RUN_XEN, UINT64_C(0xffff800000000),
               UINT64_C(0xffff880000000), RUN_NONE);
    check_area(12, RUN_AGAIN, UINT64_C(0xffff880000000), 0, RUN_NONE);
    ck_assert_uint_eq(survey.areas.nr, 13);
    world_end();
}
END_TEST

/* Where the root lies, in each of the forms that it is told in. */
START_TEST(root)
{
    world_start(32);
    world.vcpu[0].x32.vm_assist = 1u << VMASST_TYPE_pae_extended_cr3;
    look();
    ck_assert(survey.extended_cr3);
    world.has_vcpu[0] = false;
    look();
    ck_assert(!survey.has_root);
    ck_assert_uint_eq(survey.areas.nr, 0);
    check_frames();
    /* One that is no root of the domain's. */
    world_set_root(0, WORLD_OTHERS);
    look();
    ck_assert_uint_eq(survey.areas.nr, 0);
    world_set_root(0, 0xfffffff);
    look();
    ck_assert_uint_eq(survey.root_pfn.v, UINT64_MAX);
    ck_assert_uint_eq(survey.areas.nr, 0);
    world_end();
}
END_TEST

START_TEST(dying)
{
    struct view_domain domain = {.info = &world.info, .width = widths[_i]};
    struct diag dg;

    world_start(widths[_i]);
    world.info.flags |= XEN_DOMINF_dying;
    diag_init(&dg);
    ck_assert_int_eq(survey_domain(NULL, &dg, &domain, &survey), -ESRCH);
    ck_assert_str_eq(dg.line[0], "domain 7 is dying");
    world_end();
}
END_TEST

/* Blocks of 2 MiB are those that are aligned in both, and whole. */
START_TEST(blocks)
{
    uint64_t mfn;

    world_start(64);
    for (mfn = 1024; mfn < 1024 + 1600; mfn++) {
        world.owned[mfn] = true;
        world.m2p[mfn] = mfn < 2048 ? mfn : mfn + 1; /* apart from there on */
    }
    world.info.tot_pages += 1600;
    look();
    ck_assert_uint_eq(survey.frames.extents, 3);
    ck_assert_uint_eq(survey.frames.blocks[1], 2);
    ck_assert_uint_eq(survey.frames.blocks[0], WORLD_PAGES + 1600 - 1024);
    world_end();
}
END_TEST

/* ---- guests that hold anything ---- */

static void check_runs(struct unit_random *rnd, const struct runs *runs,
                       uint64_t count)
{
    uint64_t sum = 0, at = 0;
    unsigned int i;

    UNIT_CHECK(rnd, runs->nr <= RUNS_MAX);
    for (i = 0; i < runs->nr; i++) {
        UNIT_CHECK(rnd, runs->run[i].first >= at);
        UNIT_CHECK(rnd, runs->run[i].end - 1 >= runs->run[i].first);
        at = runs->run[i].end;
        sum += runs->run[i].count;
    }
    UNIT_CHECK_EQ(rnd, sum, count);
}

static void check_all(struct unit_random *rnd)
{
    unsigned int level;

    check_runs(rnd, &survey.areas,
               survey.level[0].writable + survey.level[0].read_only);
    check_runs(rnd, &survey.frames.runs, survey.frames.total);
    for (level = 0; level < world.top; level++)
        check_runs(rnd, &survey.level[level].runs, survey.level[level].reached);
}

/* In each form it is small, and a picture has its tags, and only numbers. */
static void check_report(struct unit_random *rnd)
{
    const struct survey_of of = {.name = "a<b&c>\"\033\377\357\277\277.",
                                 .domid = 7};
    char *text, *json, *p;
    json_t *report = survey_json(&survey, &of);
    size_t size, i, open = 0, close = 0;
    FILE *out = open_memstream(&text, &size);

    UNIT_CHECK(rnd, out && report);
    survey_print(&survey, &of, out);
    fclose(out);
    UNIT_CHECK(rnd, size < 40000);
    free(text);
    json = json_dumps(report, 0);
    UNIT_CHECK(rnd, json && strlen(json) < 100000);
    free(json);
    json_decref(report);
    out = open_memstream(&text, &size);
    UNIT_CHECK(rnd, out);
    survey_svg(&survey, &of, out);
    fclose(out);
    UNIT_CHECK(rnd, size < 40000);
    UNIT_CHECK(rnd, strstr(text, ">a&lt;b&amp;c&gt;\"\\x1b\\xff., domain 7<"));
    for (i = 0; i < size; i++) {
        open += text[i] == '<';
        close += text[i] == '>';
        UNIT_CHECK(rnd, open - close <= 1);
    }
    UNIT_CHECK_EQ(rnd, open, close);
    UNIT_CHECK(rnd, !strstr(text, "nan") && !strstr(text, "\"inf"));
    for (p = text; (p = strstr(p, "\"-")); p++)
        ck_abort_msg("less than nothing: %.60s", p - 30);
    free(text);
}

static uint64_t random_entry(struct unit_random *rnd)
{
    switch (unit_below(rnd, 8)) {
    case 0:
        return unit_random64(rnd);
    case 1:
        return 0;
    default:
        return unit_below(rnd, WORLD_FRAMES + 8) * PAGE |
               (unit_random64(rnd) & 0xfff);
    }
}

/* Each frame is asked about once, each table read once. */
START_TEST(anything)
{
    struct unit_random rnd = unit_random_case((uint64_t)_i);
    unsigned int i, slot;
    uint64_t mfn;

    world_start(widths[_i % 2]);
    for (i = 0; i < 200; i++) {
        mfn = world_mfn(unit_below(&rnd, WORLD_PAGES));
        world.level[mfn] = (uint8_t)unit_below(&rnd, 6);
        world.m2p[mfn] = unit_random64(&rnd) >> unit_below(&rnd, 64);
        for (slot = 0; slot < 512; slot++)
            world.page[mfn][slot] = random_entry(&rnd);
    }
    for (slot = 0; slot < 512 && _i % 3; slot++)
        world_table(world.top)[slot] = random_entry(&rnd);
    for (i = 0; i < 512; i++)
        world.page[WORLD_SHARED_INFO][i] = random_entry(&rnd);
    world.level[world_mfn(PFN_TABLE + world.top)] = (uint8_t)world.top;
    world.info.cpu_time = _i % 5 > 0;
    look();
    check_all(&rnd);
    check_report(&rnd);
    UNIT_CHECK(&rnd, world.asked <= WORLD_FRAMES + 8);
    UNIT_CHECK(&rnd, world.read <= WORLD_PAGES + 8);
    world_end();
}
END_TEST

/* ---- runs ---- */

/* Whatever comes, in order: it is counted, and the names that are few stay. */
START_TEST(any_runs)
{
    struct unit_random rnd = unit_random_case((uint64_t)_i);
    struct runs runs = {.grain = unit_below(&rnd, 2) * 8191};
    uint64_t at = 0, count = 0, i, n = unit_below(&rnd, 4000);
    enum run_kind kind = RUN_MEMORY,
                  kinds = unit_below(&rnd, 2) ? RUN_NAMED : RUN_KINDS;

    for (i = 0; i < n; i++) {
        struct run run = {.kind = kind};

        if (!unit_below(&rnd, 4))
            kind = (enum run_kind)unit_below(&rnd, kinds);
        if (!unit_below(&rnd, 4))
            at += unit_random64(&rnd) >> (14 + unit_below(&rnd, 40));
        run.first = at;
        at += 1 + unit_below(&rnd, 4);
        run.end = at;
        run.count = 1;
        runs_add(&runs, &run);
        count++;
    }
    check_runs(&rnd, &runs, count);
    runs_limit(&runs, 8);
    check_runs(&rnd, &runs, count);
    UNIT_CHECK(&rnd, kinds != RUN_NAMED || runs.nr <= 8);
}
END_TEST

static void add(struct runs *runs, enum run_kind kind, uint64_t first,
                uint64_t n)
{
    struct run run = {
        .kind = kind,
        .first = first,
        .end = first + n,
        .count = n,
        .pfn = first + 7,
        .mfn = first,
    };

    runs_add(runs, &run);
}

START_TEST(few_runs)
{
    struct runs runs = {.grain = 0};
    uint64_t i;

    add(&runs, RUN_MEMORY, 10, 2);
    add(&runs, RUN_MEMORY, 12, 3);
    ck_assert_uint_eq(runs.nr, 1);
    ck_assert_uint_eq(runs.run[0].pfn, 17);
    ck_assert_uint_eq(runs.run[0].end, 15);
    add(&runs, RUN_KERNEL, 15, 1);
    add(&runs, RUN_MEMORY, 17, 1);
    add(&runs, RUN_MEMORY, 19, 1);
    ck_assert_uint_eq(runs.nr, 4);
    /* Too many, and a name among them, which stays, as do the large holes. */
    for (i = 0; i < 1000; i++)
        add(&runs, i % 2 ? RUN_MEMORY : RUN_UNMAPPED,
            100 + 3 * i + i / 500 * 1000000, 1);
    ck_assert_uint_eq(runs.nr, RUNS_MAX);
    ck_assert_uint_eq(runs.joined, 1004 - RUNS_MAX);
    ck_assert_int_eq(runs.run[1].kind, RUN_KERNEL);
    ck_assert_uint_eq(runs.run[1].pfn, 22);
    runs_limit(&runs, 4);
    ck_assert_uint_eq(runs.nr, 4);
    ck_assert_uint_eq(runs.run[2].end, 100 + 3 * 499 + 1);
    ck_assert_uint_eq(runs.run[2].count, 502);
    ck_assert_uint_eq(runs.run[2].pfn, RUN_NONE);
    ck_assert_uint_eq(runs.run[3].first, 100 + 3 * 500 + 1000000);
    ck_assert_uint_eq(runs.run[3].count, 500);
    runs_limit(&runs, 1);
    ck_assert_uint_eq(runs.nr, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("survey");
    TCase *tc = tcase_create("survey");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, fresh, 0, 2);
    tcase_add_loop_test(tc, running, 0, 2);
    tcase_add_test(tc, list);
    tcase_add_loop_test(tc, mapped, 0, 2);
    tcase_add_test(tc, again);
    tcase_add_test(tc, root);
    tcase_add_loop_test(tc, dying, 0, 2);
    tcase_add_test(tc, blocks);
    tcase_add_loop_test(tc, anything, 0, 60);
    tcase_add_loop_test(tc, any_runs, 0, 200);
    tcase_add_test(tc, few_runs);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
