/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removals: what is told, what is pending, when tables go. */
#include "test_pt.h"

#include <errno.h>
#include <limits.h>

#include "pt_ref.h"

#define PAGE DW_PAGE_SIZE

static struct world world;
static struct ref ref;
static struct pt_pending pending;

static void begin(const struct pt_format *fmt)
{
    world_init(&world, fmt, test_seed());
    ref.w = &world;
    ref.n = 0;
    pending = (struct pt_pending){0};
}

static void check(void)
{
    ref_check_all(&ref);
    world_quiet(&world);
    world_stored(&world);
    ck_assert_msg(world.violation == NULL, "%s: %s", world.fmt->name,
                  world.violation);
}

static void done(void)
{
    check();
    ck_assert(!pending.any);
    ck_assert_uint_eq(world.used, 1 + world.allocs - world.frees);
    world_dispose(&world);
}

static void map_pages(uint64_t first, uint64_t end, uint64_t mfn)
{
    ck_assert_int_eq(ref_map(&ref, first, end, mfn, PT_READ | PT_WRITE), 0);
    world_touch(&world, first);
    world_touch(&world, end - 1);
    world.invalidations = 0;
}

/* Each of what goes is told once, in order, as it was. */
static void told(void *arg, vaddr_t va, unsigned int level,
                 const struct pt_entry *entry)
{
    unsigned int *n = arg;
    struct ref_leaf *leaf = ref_at(&ref, va.v);

    (*n)++;
    REF_ASSERT(leaf != NULL && leaf->va == va.v && leaf->level == level &&
                   ref_same(&ref, leaf, entry),
               "%s: told of what was not there", world.fmt->name);
    ref_remove(&ref, va.v, va.v);
}

static int unmap(uint64_t first, uint64_t end, unsigned int *n)
{
    *n = 0;
    world.fail_alloc = 0; /* there is nothing to allocate */
    return pt_unmap(&world.pt, VADDR(first), VADDR(end), told, n, &pending);
}

static void assert_pending(uint64_t first, uint64_t end)
{
    ck_assert(pending.any && pending.first == first && pending.last == end - 1);
}

/* One invalidation for all that several calls took, one for their tables. */
START_TEST(deferred)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int n;

    begin(fmt);
    map_pages(2 * PAGE, 5 * PAGE, 0x100);
    map_pages(7 * PAGE, 9 * PAGE, 0x200);
    ck_assert_int_eq(unmap(7 * PAGE, 9 * PAGE, &n), 0);
    ck_assert_uint_eq(n, 2);
    assert_pending(7 * PAGE, 9 * PAGE);
    ck_assert_int_eq(unmap(0, 3 * PAGE, &n), 0);
    ck_assert_uint_eq(n, 1);
    assert_pending(2 * PAGE, 9 * PAGE);
    ck_assert_uint_eq(world.invalidations + world.frees, 0);
    ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
    ck_assert_uint_eq(world.invalidations, 1);
    ck_assert_uint_eq(world.frees, 0); /* there is something left */
    check();

    ck_assert_int_eq(unmap(0, pt_span(fmt, 1), &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
    ck_assert_uint_eq(world.invalidations, 3);
    ck_assert(world.flushed == 0 &&
              world.flushed_bytes == pt_span(fmt, fmt->levels - 1));
    ck_assert_uint_eq(world.used, 1);

    /* And nothing where nothing is. */
    ck_assert_int_eq(unmap(0, pt_span(fmt, 1), &n), 0);
    ck_assert(n == 0 && !pending.any);
    ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
    ck_assert_uint_eq(world.invalidations, 3);
    done();
}
END_TEST

/* Large leaves, in one piece. */
START_TEST(leaves)
{
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int level = 0; level < fmt->levels; level++) {
        uint64_t span = pt_span(fmt, level);
        struct pt_run run = {.first = VADDR(span),
                             .end = VADDR(2 * span),
                             .mfn = MFN(3 * span / PAGE),
                             .software = fmt->software,
                             .largest = level};
        unsigned int n;

        if (!fmt->level[level].leaf)
            continue;
        begin(fmt);
        ck_assert_int_eq(pt_map_run(&world.pt, &run), 0);
        ref_add_run(&ref, &run);
        world_touch(&world, span + 5);
        world.stores = 0;
        if (level > 0) {
            ck_assert_int_eq(unmap(span, span + PAGE, &n), -EDOM);
            ck_assert_int_eq(unmap(0, 2 * span - PAGE, &n), -EDOM);
            ck_assert_uint_eq(world.stores, 0);
        }
        ck_assert_int_eq(
            pt_unmap(&world.pt, VADDR(0), run.end, NULL, NULL, &pending), 0);
        ref.n = 0;
        assert_pending(span, 2 * span);
        ck_assert_uint_eq(world.stores, 1);
        ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
        ck_assert_uint_eq(world.used, 1);
        done();
    }
}
END_TEST

/* What is covered in part only is found before anything is written. */
START_TEST(refused)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);
    uint64_t high = world_canonical(fmt, UINT64_MAX - PAGE + 1);
    struct pt_run run = {.first = VADDR(span),
                         .end = VADDR(2 * span),
                         .mfn = MFN(3 * span / PAGE),
                         .largest = 1};
    unsigned int n;

    begin(fmt);
    map_pages(span - PAGE, span, 0x100);
    map_pages(high, high + PAGE, 0x200);
    if (fmt->level[1].leaf) {
        ck_assert_int_eq(pt_map_run(&world.pt, &run), 0);
        ref_add_run(&ref, &run);
        world.stores = 0;
        ck_assert_int_eq(unmap(span - PAGE, span + PAGE, &n), -EDOM);
    }
    world.stores = 0;
    ck_assert_int_eq(unmap(span - PAGE, span - PAGE, &n), -EINVAL);
    ck_assert_int_eq(unmap(1, PAGE, &n), -EINVAL);
    world.unreachable = world_mfn(&world, world_find(&world, 0, high));
    ck_assert_int_eq(unmap(high, high + PAGE, &n), -EFAULT);
    world.unreachable = MFN_INVALID;
    ck_assert(!pending.any && world.stores == 0);
    /* Two halves have no range in common. */
    ck_assert_int_eq(unmap(span - PAGE, span, &n), 0);
    ck_assert_int_eq(unmap(high, high + PAGE, &n),
                     fmt->va_signed ? -EINVAL : 0);
    ck_assert_uint_eq(n, !fmt->va_signed);
    ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
    done();
}
END_TEST

/* Each store refused in turn: what is pending is what was taken. */
START_TEST(store_refused)
{
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int at = 0; at < 4; at++) {
        unsigned int n;

        begin(fmt);
        map_pages(PAGE, 5 * PAGE, 0x100);
        world.fail_store = at;
        ck_assert_int_eq(unmap(0, 8 * PAGE, &n), -EPERM);
        world.fail_store = -1;
        ck_assert_uint_eq(n, at);
        ck_assert(pending.any == (at > 0));
        if (at > 0)
            assert_pending(PAGE, (1 + at) * PAGE);
        ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
        done();
    }
}
END_TEST

/* Many empty tables: 64 go with each invalidation. */
START_TEST(many_tables)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_table_span(fmt, 0), at;
    unsigned int n;

    begin(fmt);
    for (unsigned int i = 0; i < 150; i++)
        map_pages(i * span, i * span + PAGE, 0x100 + i);
    at = world.used;
    ck_assert_int_eq(unmap(0, 150 * span, &n), 0);
    ck_assert_uint_eq(n, 150);
    world.invalidations = 0;
    ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
    ck_assert_uint_eq(world.used, 1);
    ck_assert_uint_eq(world.frees, at - 1);
    ck_assert_uint_eq(world.invalidations, 1 + (at - 1 + 63) / 64);
    done();
}
END_TEST

/*
 * Each unlinking refused in turn, and each table out of reach: what stays is
 * linked, and goes with a later flush.
 */
START_TEST(flush_refused)
{
    const struct pt_format *fmt = test_format[_i];

    for (long at = 0; at < 2 * ((long)fmt->levels - 1); at++) {
        bool unreachable = at % 2 != 0;
        unsigned int n, level = (unsigned int)at / 2;

        begin(fmt);
        map_pages(PAGE, 3 * PAGE, 0x100);
        ck_assert_int_eq(unmap(PAGE, 3 * PAGE, &n), 0);
        world.fail_store = unreachable ? -1 : (long)level;
        if (unreachable)
            world.unreachable = world_mfn(&world, world_find(&world, level, 0));
        ck_assert_int_eq(pt_flush(&world.pt, &pending),
                         unreachable ? -EFAULT : -EPERM);
        ck_assert(!pending.any);
        world.fail_store = -1;
        world.unreachable = MFN_INVALID;
        ck_assert_uint_eq(world.frees, unreachable ? 0 : level);
        check();
        world.fail_alloc = -1;
        map_pages(PAGE, 2 * PAGE, 0x200);
        ck_assert_int_eq(unmap(PAGE, 2 * PAGE, &n), 0);
        ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
        ck_assert_uint_eq(world.used, 1);
        done();
    }
}
END_TEST

/* Without free() tables stay where they are. */
START_TEST(no_free)
{
    unsigned int n, used;

    begin(test_format[_i]);
    world.ops.free = NULL;
    map_pages(PAGE, 3 * PAGE, 0x100);
    used = world.used;
    ck_assert_int_eq(unmap(PAGE, 3 * PAGE, &n), 0);
    world.stores = 0;
    ck_assert_int_eq(pt_flush(&world.pt, &pending), 0);
    ck_assert_uint_eq(world.invalidations, 1);
    ck_assert_uint_eq(world.stores, 0);
    ck_assert_uint_eq(world.used, used);
    done();
}
END_TEST

/* Mapping again before the flush is the caller's mistake, and seen. */
START_TEST(mapped_too_early)
{
    unsigned int n;

    begin(test_format[_i]);
    map_pages(PAGE, 2 * PAGE, 0x100);
    ck_assert_int_eq(unmap(PAGE, 2 * PAGE, &n), 0);
    world.fail_alloc = -1;
    ck_assert_int_eq(ref_map(&ref, PAGE, 2 * PAGE, 0x200, 0), 0);
    ck_assert_ptr_nonnull(world.violation);
    world_dispose(&world);
}
END_TEST

TCase *unmap_tests(void)
{
    TCase *tc = tcase_create("unmap");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, deferred, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, leaves, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, many_tables, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, flush_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, no_free, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, mapped_too_early, 0, TEST_FORMATS);
    return tc;
}
