/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries that CPUs use while they change: break and make, permissions. */
#include "test_pt.h"

#include <errno.h>
#include <limits.h>

#include "pt_ref.h"

#define PAGE DW_PAGE_SIZE

/* Half of "not executable", and the hint at a contiguous group. */
#define NOT_WRITTEN (UINT64_C(3) << 52)

static struct world world;
static struct ref ref;

static void begin(const struct pt_format *fmt)
{
    world_init(&world, fmt, test_seed());
    ref.w = &world;
    ref.n = 0;
    ck_assert_int_eq(ref_map(&ref, 0, 4 * PAGE, 0x100, PT_WRITE), 0);
    for (uint64_t va = 0; va < 4 * PAGE; va += PAGE)
        world_touch(&world, va);
}

static void done(void)
{
    world_quiet(&world);
    ck_assert_msg(world.violation == NULL, "%s", world.violation);
    ref_check_all(&ref);
    world_dispose(&world);
}

static void flush(uint64_t bytes)
{
    world.ops.invalidate(&world, VADDR(0), bytes);
}

/* An invalidation of too much is one that every CPU pays for. */
static void assert_flushed(unsigned int times, uint64_t va, uint64_t bytes)
{
    ck_assert_uint_eq(world.invalidations, times);
    ck_assert_msg(world.flushed == va && world.flushed_bytes == bytes,
                  "invalidated %#llx + %#llx",
                  (unsigned long long)world.flushed,
                  (unsigned long long)world.flushed_bytes);
}

START_TEST(break_make)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token = {0};

    begin(fmt);
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(1), 0), -EINVAL);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(PAGE + 5), 0, &token), 0);
    ck_assert(token.pending && token.level == 0 && token.va.v == PAGE);
    ck_assert(token.old.kind == PT_LEAF && token.old.mfn.v == 0x101);
    ref_remove(&ref, PAGE, PAGE);
    ref_check_all(&ref);
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN_INVALID, 0), -ERANGE);
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(7), PT_WRITE), 0);
    ref_add(&ref, PAGE, 0, 7, PT_WRITE);
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(7), PT_WRITE), -EINVAL);
    assert_flushed(1, PAGE, PAGE);
    done();
}
END_TEST

START_TEST(break_refused)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token;
    unsigned int stores;

    begin(fmt);
    stores = world.stores;
    ck_assert_int_eq(pt_break(&world.pt, VADDR(5 * PAGE), 0, &token), -ENOENT);
    ck_assert_int_eq(
        pt_break(&world.pt, VADDR(pt_table_span(fmt, 1)), 0, &token), -ENOENT);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(0), fmt->levels, &token),
                     -EINVAL);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(UINT64_C(1) << 62), 0, &token),
                     -EINVAL);
    ck_assert(!token.pending);
    ck_assert_uint_eq(world.stores, stores);
    done();
}
END_TEST

/* Whichever table is out of reach: nothing was done. */
START_TEST(break_unreachable)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int root = fmt->levels - 1;
    struct pt_broken token;
    unsigned int stores;

    begin(fmt);
    stores = world.stores;
    for (unsigned int level = root; level > 0; level--) {
        struct world_table *t = world_find(&world, level, 0);

        world.unreachable = fmt->decode(level, t->slot[0]).mfn;
        ck_assert_int_eq(pt_break(&world.pt, VADDR(0), root, &token), -EFAULT);
        ck_assert_int_eq(pt_break(&world.pt, VADDR(0), 0, &token), -EFAULT);
        ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(PAGE), 0),
                         -EFAULT);
        ck_assert(!token.pending);
    }
    ck_assert_uint_eq(world.stores, stores);
    ck_assert_uint_eq(world.frees, 0);
    world.unreachable = MFN_INVALID;
    done();
}
END_TEST

/* A broken TABLE gives back all the tables below it. */
START_TEST(break_tables)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token;

    for (unsigned int level = 1; level < fmt->levels; level++) {
        uint64_t last = pt_span(fmt, level) - 1;
        uint64_t more = last + 1 - PAGE;
        unsigned int below;

        begin(fmt);
        /* The far end of the span as well. */
        ck_assert_int_eq(ref_map(&ref, more, last + 1, 0x900, 0), 0);
        world_touch(&world, more);
        below = level == 1 ? 1 : 2 * level - 1;
        ck_assert_uint_eq(world.used, fmt->levels - level + below);
        ck_assert_int_eq(pt_break(&world.pt, VADDR(PAGE), level, &token), 0);
        ck_assert_int_eq(token.old.kind, PT_TABLE);
        ck_assert(token.va.v == 0);
        ck_assert_uint_eq(world.frees, below);
        ck_assert_uint_eq(world.used, fmt->levels - level);
        assert_flushed(1, 0, pt_span(fmt, level));
        ref_remove(&ref, 0, last);
        done();
    }
}
END_TEST

START_TEST(make_superpage)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token;

    for (unsigned int level = 1; level < fmt->levels; level++) {
        uint64_t frames = pt_span(fmt, level) >> DW_PAGE_SHIFT;
        uint64_t mfn = 2 * frames;
        int rc = fmt->level[level].leaf ? 0 : -EDOM;

        begin(fmt);
        ck_assert_int_eq(pt_break(&world.pt, VADDR(0), level, &token), 0);
        ref_remove(&ref, 0, pt_span(fmt, level) - 1);
        ck_assert_int_eq(pt_make(&world.pt, &token, MFN(mfn + 1), 0), -EDOM);
        ck_assert_int_eq(pt_make(&world.pt, &token, MFN(mfn), PT_WRITE), rc);
        if (rc == 0) {
            ref_add(&ref, 0, level, mfn, PT_WRITE);
            world_touch(&world, 0);
            ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(PAGE), 0),
                             -EDOM);
            ck_assert_int_eq(
                pt_protect(&world.pt, VADDR(0), VADDR(pt_span(fmt, level)), 0),
                0);
            ref.leaf[0].prot = 0;
        }
        done();
    }
}
END_TEST

/* A slot that was filled, or whose table went away, in the meantime. */
START_TEST(make_late)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token, other;

    begin(fmt);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(0), 0, &token), 0);
    ref_remove(&ref, 0, 0);
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 5, 0), 0);
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(6), 0), -EEXIST);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(0), 1, &other), 0);
    ref.n = 0;
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(6), 0), -ENOENT);
    ck_assert(token.pending);
    done();
}
END_TEST

START_TEST(protect)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int stores;

    begin(fmt);
    /* Holes are passed over; one invalidation does for all pages. */
    ck_assert_int_eq(ref_map(&ref, 6 * PAGE, 7 * PAGE, 0x900, PT_WRITE), 0);
    ck_assert_int_eq(pt_protect(&world.pt, VADDR(PAGE), VADDR(9 * PAGE), 0), 0);
    for (unsigned int i = 1; i < ref.n; i++)
        ref.leaf[i].prot = 0;
    assert_flushed(1, PAGE, 6 * PAGE);
    ref_check_all(&ref);
    /* More rights need none on most CPUs; what is so is not written again. */
    ck_assert_int_eq(
        pt_protect(&world.pt, VADDR(PAGE), VADDR(9 * PAGE), PT_WRITE), 0);
    for (unsigned int i = 1; i < ref.n; i++)
        ref.leaf[i].prot = PT_WRITE;
    ck_assert_uint_eq(world.invalidations, fmt->keeps_refusals ? 2 : 1);
    stores = world.stores;
    ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(9 * PAGE), PT_WRITE),
                     0);
    /* Nor is what only differs in what the format cannot say. */
    ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(9 * PAGE),
                                PT_WRITE | (31 & ~fmt->prots)),
                     0);
    ck_assert_uint_eq(world.stores, stores);
    ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(0), 0), -EINVAL);
    done();
}
END_TEST

/*
 * What else stands in an entry stays: memory type, software's bits, NX.  Of
 * Arm's two bits for "not executable" one is always written as 0, and no entry
 * is of a contiguous group.
 */
START_TEST(protect_keeps)
{
    const struct pt_format *fmt = test_format[_i];
    struct world_table *t;
    uint64_t raw;

    begin(fmt);
    t = world_find(&world, 0, 0);
    for (unsigned int n = 0; n < 200; n++) {
        do
            raw = world_random(&world) & ~(_i >= TEST_ARM ? NOT_WRITTEN : 0);
        while (fmt->decode(0, raw).kind != PT_LEAF);
        t->slot[0] = raw;
        for (uint32_t prot = 0; prot < 32; prot++) {
            ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(PAGE), prot),
                             0);
            ck_assert_uint_eq(fmt->decode(0, t->slot[0]).prot,
                              pt_allowed(fmt, prot));
        }
        ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(PAGE),
                                    fmt->decode(0, raw).prot),
                         0);
        ck_assert_uint_eq(t->slot[0], raw);
    }
    t->slot[0] = fmt->leaf(0, MFN(0x100), PT_WRITE);
    flush(PAGE);
    done();
}
END_TEST

/* Each store of a protect refused in turn: one boundary between old and new. */
START_TEST(protect_store_refused)
{
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int n = 0; n < 4; n++) {
        begin(fmt);
        world.fail_store = n;
        ck_assert_int_eq(pt_protect(&world.pt, VADDR(0), VADDR(4 * PAGE), 0),
                         -EPERM);
        for (unsigned int i = 0; i < n; i++)
            ref.leaf[i].prot = 0;
        if (n > 0)
            assert_flushed(1, 0, n * PAGE);
        else
            ck_assert_uint_eq(world.invalidations, 0);
        done();
    }
}
END_TEST

/* A refused break leaves the entry and all that is below it in force. */
START_TEST(break_store_refused)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token;

    for (unsigned int level = 0; level < fmt->levels; level++) {
        unsigned int used;

        begin(fmt);
        used = world.used;
        world.fail_store = 0;
        ck_assert_int_eq(pt_break(&world.pt, VADDR(0), level, &token), -EPERM);
        ck_assert(!token.pending);
        ck_assert_uint_eq(world.invalidations + world.frees, 0);
        ck_assert_uint_eq(world.used, used);
        done();
    }
}
END_TEST

START_TEST(make_store_refused)
{
    struct pt_broken token;

    begin(test_format[_i]);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(0), 0, &token), 0);
    ref_remove(&ref, 0, 0);
    world.fail_store = 0;
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(7), PT_WRITE), -EPERM);
    ck_assert(token.pending);
    ref_check_all(&ref);
    world.fail_store = -1;
    ck_assert_int_eq(pt_make(&world.pt, &token, MFN(7), PT_WRITE), 0);
    ck_assert(!token.pending);
    ref_add(&ref, 0, 0, 7, PT_WRITE);
    done();
}
END_TEST

/* A superpage that somebody else put into a PV table is not touched. */
START_TEST(protect_foreign)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t *slot;

    begin(fmt);
    slot = &world_find(&world, 1, 0)->slot[1];
    *slot = 0x4000e7;
    ck_assert_int_eq(
        pt_protect(&world.pt, VADDR(0), VADDR(2 * pt_span(fmt, 1)), 0), -EDOM);
    ck_assert(*slot == 0x4000e7);
    *slot = 0;
    done();
}
END_TEST

static void no_invalidation(void *ctx, vaddr_t va, uint64_t bytes)
{
    (void)ctx;
    (void)va;
    (void)bytes;
}

/* The same calls with an invalidation that does nothing must be caught. */
START_TEST(invalidation_matters)
{
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int level = 0; level <= fmt->levels; level++) {
        struct pt_broken token;
        int rc;

        begin(fmt);
        world.ops.invalidate = no_invalidation;
        if (level < fmt->levels)
            rc = pt_break(&world.pt, VADDR(0), level, &token);
        else
            rc = pt_protect(&world.pt, VADDR(0), VADDR(PAGE), 0);
        ck_assert_int_eq(rc, 0);
        world_quiet(&world);
        ck_assert_ptr_nonnull(world.violation);
        world_dispose(&world);
    }
}
END_TEST

TCase *tlb_tests(void)
{
    TCase *tc = tcase_create("tlb");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, break_make, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, break_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, break_unreachable, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, break_tables, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, make_superpage, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, make_late, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, protect, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, protect_keeps, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, protect_store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, break_store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, make_store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, protect_foreign, 0, 2); /* the PV formats */
    tcase_add_loop_test(tc, invalidation_matters, 0, TEST_FORMATS);
    return tc;
}
