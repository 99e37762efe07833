/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test_pt.h"

#include <errno.h>
#include <limits.h>

#include "pt_ref.h"

#define PAGE DW_PAGE_SIZE

static struct world world;
static struct ref ref;

static void begin(const struct pt_format *fmt)
{
    world_init(&world, fmt, test_seed());
    ref.w = &world;
    ref.n = 0;
}

static void done(void)
{
    ref_check_all(&ref);
    world_quiet(&world);
    ck_assert_msg(world.violation == NULL, "%s", world.violation);
    world_dispose(&world);
}

static uint64_t low_end(const struct pt_format *fmt)
{
    return UINT64_C(1) << (fmt->va_bits - fmt->va_signed);
}

START_TEST(edges)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t hole = low_end(fmt);
    uint64_t high = world_canonical(fmt, hole);
    uint64_t top = world_canonical(fmt, UINT64_MAX - PAGE + 1);

    begin(fmt);
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 1, PT_WRITE), 0);
    ck_assert_int_eq(ref_map(&ref, top, top + PAGE, 2, 0), 0);
    if (fmt->va_signed) {
        ck_assert_int_eq(ref_map(&ref, hole - PAGE, hole, 3, 0), 0);
        ck_assert_int_eq(ref_map(&ref, high, high + PAGE, 4, 0), 0);
        ck_assert_int_eq(ref_map(&ref, hole - 2 * PAGE, high + 2 * PAGE, 5, 0),
                         -EINVAL);
        ck_assert_int_eq(ref_map(&ref, hole, hole + PAGE, 5, 0), -EINVAL);
    }
    ck_assert_int_eq(ref_map(&ref, 0, 0, 5, 0), -EINVAL);
    ck_assert_int_eq(ref_map(&ref, top - PAGE, top + 2 * PAGE, 5, 0), -EINVAL);
    ck_assert_int_eq(ref_map(&ref, PAGE, PAGE + 1, 5, 0), -EINVAL);
    done();
}
END_TEST

/* What is in the way stays, with the frame and permissions that it had. */
START_TEST(exists)
{
    const struct pt_format *fmt = test_format[_i];
    struct ref_leaf *kept;

    begin(fmt);
    ck_assert_int_eq(ref_map(&ref, 4 * PAGE, 5 * PAGE, 77, PT_WRITE), 0);
    ck_assert_int_eq(ref_map(&ref, 0, 8 * PAGE, 100, 0), -EEXIST);
    ck_assert_uint_eq(ref.n, 5);
    kept = ref_at(&ref, 4 * PAGE);
    ck_assert(kept->mfn == 77 && kept->prot == PT_WRITE);
    ck_assert_int_eq(ref_map(&ref, 4 * PAGE, 5 * PAGE, 77, PT_WRITE), -EEXIST);
    done();
}
END_TEST

START_TEST(exists_superpage)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token;
    uint64_t span = pt_span(fmt, 1);

    begin(fmt);
    if (fmt->level[1].leaf) {
        ck_assert_int_eq(ref_map(&ref, span, span + PAGE, 1, 0), 0);
        ck_assert_int_eq(pt_break(&world.pt, VADDR(span), 1, &token), 0);
        ck_assert_int_eq(pt_make(&world.pt, &token, MFN(0x40000), 0), 0);
        ref_remove(&ref, span, span + PAGE);
        ref_add(&ref, span, 1, 0x40000, 0);
        ck_assert_int_eq(ref_map(&ref, span - PAGE, span + PAGE, 9, 0),
                         -EEXIST);
        ck_assert_int_eq(ref_map(&ref, 2 * span - PAGE, 2 * span + PAGE, 9, 0),
                         -EEXIST);
    }
    done();
}
END_TEST

/* Fails at each allocation in turn; what is there is whole and goes on. */
START_TEST(no_memory)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t deep = pt_table_span(fmt, fmt->levels - 2);
    uint64_t first = deep - 3 * PAGE, end = deep + 3 * PAGE;
    long tables = 2 * ((long)fmt->levels - 1);

    for (long n = 0; n <= tables; n++) {
        int rc;

        begin(fmt);
        world.fail_alloc = n;
        rc = ref_map(&ref, first, end, 0x1000, PT_WRITE);
        ck_assert_int_eq(rc, n < tables ? -ENOMEM : 0);
        ck_assert_uint_eq(ref.n, n < tables / 2 ? 0 : n < tables ? 3 : 6);
        ck_assert_uint_eq(world.used, 1 + n);
        ref_check_all(&ref);
        world.fail_alloc = -1;
        if (rc < 0)
            ck_assert_int_eq(
                ref_map(&ref, first + ref.n * PAGE, end, 0x2000, 0), 0);
        ck_assert_uint_eq(ref.n, 6);
        ck_assert_uint_eq(world.used, 1 + tables);
        done();
    }
}
END_TEST

/*
 * Each store refused in turn: no table that nothing leads to is left, and the
 * call can be made again for the rest.
 */
START_TEST(store_refused)
{
    const struct pt_format *fmt = test_format[_i];
    long tables = (long)fmt->levels - 1;

    for (long n = 0; n < tables + 4; n++) {
        begin(fmt);
        world.fail_store = n;
        ck_assert_int_eq(ref_map(&ref, 0, 4 * PAGE, 0x1000, PT_WRITE), -EPERM);
        if (n >= tables) /* the source had been asked for it */
            ref_remove(&ref, (uint64_t)(n - tables) * PAGE,
                       (uint64_t)(n - tables) * PAGE);
        ck_assert_uint_eq(ref.n, n < tables ? 0 : n - tables);
        ck_assert_uint_eq(world.used, 1 + (n < tables ? n : tables));
        ck_assert_uint_eq(world.frees, n < tables);
        ref_check_all(&ref);
        world.fail_store = -1;
        ck_assert_int_eq(
            ref_map(&ref, ref.n * PAGE, 4 * PAGE, 0x2000, PT_WRITE), 0);
        done();
    }
}
END_TEST

/*
 * Each table is published, once and before it is linked; where that is refused,
 * the table is given back and nothing leads to it.
 */
START_TEST(publish_refused)
{
    const struct pt_format *fmt = test_format[_i];
    long tables = (long)fmt->levels - 1;

    for (long n = 0; n <= tables; n++) {
        int rc;

        begin(fmt);
        world.fail_publish = n;
        rc = ref_map(&ref, 0, 4 * PAGE, 0x1000, PT_WRITE);
        ck_assert_int_eq(rc, n < tables ? -EACCES : 0);
        ck_assert_uint_eq(world.publishes, n);
        ck_assert_uint_eq(world.stores, n < tables ? n : tables + 4);
        ck_assert_uint_eq(world.used, 1 + n);
        ck_assert_uint_eq(world.frees, n < tables);
        ref_check_all(&ref);
        world.fail_publish = -1;
        if (rc < 0)
            ck_assert_int_eq(ref_map(&ref, 0, 4 * PAGE, 0x2000, PT_WRITE), 0);
        ck_assert_uint_eq(world.publishes, tables);
        done();
    }
}
END_TEST

struct odd_source {
    unsigned int calls, bad_at;
    uint64_t mfn;
    int rc;
};

static int odd_source(void *arg, vaddr_t va, mfn_t *mfn, uint32_t *prot)
{
    struct odd_source *s = arg;

    *mfn = MFN(1);
    *prot = 0;
    if (s->calls++ == s->bad_at) {
        *mfn = MFN(s->mfn);
        return s->rc;
    }
    ref_add(&ref, va.v, 0, 1, 0);
    return 0;
}

START_TEST(source_fails)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t limit = UINT64_C(1) << (fmt->pa_bits - DW_PAGE_SHIFT);
    struct odd_source s = {.bad_at = 2, .rc = -EPROTO};

    begin(fmt);
    ck_assert_int_eq(
        pt_map(&world.pt, VADDR(0), VADDR(4 * PAGE), odd_source, &s), -EPROTO);
    ck_assert_uint_eq(s.calls, 3);
    s = (struct odd_source){.bad_at = 1, .mfn = limit};
    ck_assert_int_eq(
        pt_map(&world.pt, VADDR(4 * PAGE), VADDR(8 * PAGE), odd_source, &s),
        -ERANGE);
    s.calls = 0;
    s.mfn = MFN_INVALID.v;
    ck_assert_int_eq(
        pt_map(&world.pt, VADDR(8 * PAGE), VADDR(12 * PAGE), odd_source, &s),
        -ERANGE);
    ck_assert_int_eq(ref_map(&ref, 12 * PAGE, 13 * PAGE, limit - 1, PT_WRITE),
                     0);
    ck_assert_uint_eq(ref.n, 5);
    done();
}
END_TEST

static int wide_alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    (void)ctx;
    (void)level;
    (void)va;
    *mfn = MFN(UINT64_C(1) << 40);
    return 0;
}

static unsigned int wide_freed;

static void wide_free(void *ctx, unsigned int level, mfn_t mfn)
{
    (void)ctx;
    (void)level;
    wide_freed += mfn.v == UINT64_C(1) << 40;
}

/* A table that no entry can name goes back to whom it came from. */
START_TEST(wide_table)
{
    begin(test_format[_i]);
    world.ops.alloc = wide_alloc;
    world.ops.free = wide_free;
    wide_freed = 0;
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 1, 0), -ERANGE);
    ck_assert_uint_eq(wide_freed, 1);
    world.ops.free = NULL;
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 1, 0), -ERANGE);
    ck_assert_uint_eq(wide_freed, 1);
    done();
}
END_TEST

/* pt_map_run() and the list together. */
static int map_run(const struct pt_run *run)
{
    int rc = pt_map_run(&world.pt, run);

    if (rc == 0)
        ref_add_run(&ref, run);
    return rc;
}

/* Around two whole leaves of level 1, with frames that fit and that do not. */
START_TEST(run_sizes)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);

    for (unsigned int largest = 0; largest < 3; largest++)
        for (unsigned int odd = 0; odd < 2; odd++) {
            struct pt_run run = {.first = VADDR(3 * span - PAGE),
                                 .end = VADDR(5 * span + 2 * PAGE),
                                 .prot = PT_WRITE | PT_GLOBAL,
                                 .largest = largest};

            run.mfn = MFN(0x40000 + run.first.v / PAGE + odd);
            begin(fmt);
            ck_assert_int_eq(map_run(&run), 0);
            done();
        }
}
END_TEST

/* The last entries of the address space, and the largest leaf there is. */
START_TEST(run_edges)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t top = world_canonical(fmt, UINT64_MAX - 3 * PAGE + 1), span;
    struct pt_run run = {.first = VADDR(top), .mfn = MFN(7)};
    unsigned int level = fmt->levels - 1, found;
    struct pt_entry entry;

    begin(fmt);
    run.end = VADDR(top + 3 * PAGE);
    ck_assert_int_eq(pt_map_run(&world.pt, &run), 0);
    for (uint64_t i = 0; i < 3; i++)
        ref_add(&ref, top + i * PAGE, 0, 7 + i, 0);
    while (!fmt->level[level].leaf)
        level--;
    span = pt_span(fmt, level);
    run = (struct pt_run){.first = VADDR(span),
                          .end = VADDR(2 * span),
                          .mfn = MFN(span / PAGE),
                          .largest = PT_MAX_LEVELS};
    ck_assert_int_eq(pt_map_run(&world.pt, &run), 0);
    ck_assert_int_eq(pt_lookup(&world.pt, VADDR(2 * span - 1), &entry, &found),
                     0);
    ck_assert_uint_eq(found, level);
    ck_assert_uint_eq(entry.mfn.v, span / PAGE);
    ref_add(&ref, span, level, span / PAGE, 0);
    done();
}
END_TEST

START_TEST(run_refused)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);
    uint64_t limit = UINT64_C(1) << (fmt->pa_bits - DW_PAGE_SHIFT);
    struct pt_run run = {.first = VADDR(0), .end = VADDR(2 * PAGE)};

    begin(fmt);
    run.mfn = MFN(limit - 1);
    ck_assert_int_eq(pt_map_run(&world.pt, &run), -ERANGE);
    run.mfn = MFN_INVALID;
    ck_assert_int_eq(pt_map_run(&world.pt, &run), -ERANGE);
    run.mfn = MFN(0);
    run.end = VADDR(1);
    ck_assert_int_eq(pt_map_run(&world.pt, &run), -EINVAL);
    run.end = VADDR(2 * PAGE);
    run.memory = PT_UC;
    if (fmt->set_memory == NULL)
        ck_assert_int_eq(pt_map_run(&world.pt, &run), -EDOM);
    run.memory = PT_WB;
    run.software = fmt->software + 1;
    ck_assert_int_eq(pt_map_run(&world.pt, &run), -EDOM);
    ck_assert_uint_eq(world.used, 1);

    /* What is in the way, in the middle of what is filled at once. */
    ck_assert_int_eq(ref_map(&ref, 4 * PAGE, 5 * PAGE, 77, PT_WRITE), 0);
    run = (struct pt_run){.first = VADDR(0),
                          .end = VADDR(span),
                          .mfn = MFN(0x40000),
                          .largest = 1};
    ck_assert_int_eq(pt_map_run(&world.pt, &run), -EEXIST);
    for (uint64_t i = 0; i < 4; i++)
        ref_add(&ref, i * PAGE, 0, 0x40000 + i, 0);

    /* And behind a table that was added for what is before it. */
    ck_assert_int_eq(
        ref_map(&ref, 5 * span + 4 * PAGE, 5 * span + 5 * PAGE, 78, 0), 0);
    run = (struct pt_run){.first = VADDR(4 * span + PAGE),
                          .end = VADDR(6 * span),
                          .mfn = MFN(0x50000)};
    ck_assert_int_eq(pt_map_run(&world.pt, &run), -EEXIST);
    for (uint64_t at = run.first.v; at < 5 * span + 4 * PAGE; at += PAGE)
        ref_add(&ref, at, 0, 0x50000 + (at - run.first.v) / PAGE, 0);
    done();
}
END_TEST

/* Each store refused in turn: what is mapped before it stays, and no more. */
START_TEST(run_store_refused)
{
    const struct pt_format *fmt = test_format[_i];
    long tables = (long)fmt->levels - 1;
    struct pt_run run = {
        .first = VADDR(PAGE), .end = VADDR(5 * PAGE), .mfn = MFN(9)};

    for (long n = 0; n < tables + 4; n++) {
        begin(fmt);
        world.fail_store = n;
        ck_assert_int_eq(pt_map_run(&world.pt, &run), -EPERM);
        world.fail_store = -1;
        for (long i = 0; i < n - tables; i++)
            ref_add(&ref, (uint64_t)(1 + i) * PAGE, 0, 9 + (uint64_t)i, 0);
        ck_assert_uint_eq(world.used, 1 + (n < tables ? n : tables));
        done();
    }
}
END_TEST

/*
 * A memory type and software's value stay when permissions change, and when a
 * leaf is replaced.
 */
static void check_run_keeps(const struct pt_format *fmt, unsigned int level,
                            enum pt_memory memory, uint32_t software)
{
    uint64_t span = pt_span(fmt, level);
    struct pt_run run = {.first = VADDR(span),
                         .end = VADDR(2 * span),
                         .mfn = MFN(span / PAGE),
                         .memory = memory,
                         .software = software,
                         .largest = level};
    struct pt_broken token;

    begin(fmt);
    ck_assert_int_eq(map_run(&run), 0);
    ref_check_all(&ref);
    ck_assert_int_eq(
        pt_protect(&world.pt, run.first, run.end, PT_WRITE | PT_EXEC), 0);
    ref.leaf[0].prot = PT_WRITE | PT_EXEC;
    ref_check_all(&ref);
    ck_assert_int_eq(pt_break(&world.pt, run.first, level, &token), 0);
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(4 * span / PAGE), PT_READ),
                     0);
    ref.leaf[0].prot = PT_READ;
    ref.leaf[0].mfn = 4 * span / PAGE;
    done();
}

START_TEST(run_keeps)
{
    static const enum pt_memory types[] = {PT_WB, PT_WT, PT_WC, PT_UC};
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int level = 0; level < 2; level++)
        for (unsigned int i = 0; i < 4; i++)
            for (uint32_t software = 0; software <= fmt->software;
                 software += 5)
                if (fmt->level[level].leaf &&
                    pt_can_say(fmt, types[i], software))
                    check_run_keeps(fmt, level, types[i], software);
}
END_TEST

/* Tables that are not live yet need none of the ops but two. */
START_TEST(plain_store)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token;

    begin(fmt);
    world.ops.store = NULL;
    world.ops.invalidate = NULL;
    world.ops.free = NULL;
    ck_assert_int_eq(ref_map(&ref, 0, 4 * PAGE, 1, PT_WRITE), 0);
    ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(PAGE), 0), 0);
    ref.leaf[0].prot = 0;
    ck_assert_int_eq(pt_break(&world.pt, VADDR(PAGE), 0, &token), 0);
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(9), 0), 0);
    ref.leaf[1].mfn = 9;
    ref.leaf[1].prot = 0;
    ck_assert_uint_eq(world.stores + world.invalidations, 0);
    world_adopt(&world); /* from here on CPUs use them */
    done();
}
END_TEST

/* The entries themselves, as a guest finds them. */
START_TEST(pv_entries)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t va = UINT64_C(0xc0001000);

    begin(fmt);
    ck_assert_int_eq(ref_map(&ref, va, va + PAGE, 0x5000, PT_WRITE), 0);
    ck_assert_int_eq(ref_map(&ref, va + PAGE, va + 2 * PAGE, 0x5001, 0), 0);
    for (unsigned int l = fmt->levels - 1; l > 0; l--) {
        uint64_t *slot = world_find(&world, l, va)->slot;

        ck_assert_uint_eq(slot[pt_index(fmt, l, VADDR(va))] & 0xfff, 0x67);
    }
    ck_assert(world_find(&world, 0, va)->slot[1] == 0x5000023);
    ck_assert(world_find(&world, 0, va)->slot[2] == 0x5001021);
    done();
}
END_TEST

TCase *map_tests(void)
{
    TCase *tc = tcase_create("map");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, edges, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, exists, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, exists_superpage, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, no_memory, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, publish_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, source_fails, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, wide_table, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, run_sizes, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, run_edges, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, run_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, run_store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, run_keeps, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, plain_store, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, pv_entries, 0, 2); /* the two PV formats */
    return tc;
}
