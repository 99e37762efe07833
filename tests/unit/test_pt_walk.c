/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test_pt.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "pt_ref.h"

static struct world world;
static struct ref ref;

#define PAGE DW_PAGE_SIZE

/* A few pages on both sides of each kind of boundary. */
static void build(const struct pt_format *fmt)
{
    uint64_t deep = pt_table_span(fmt, fmt->levels - 2);
    uint64_t top = world_canonical(fmt, UINT64_MAX - PAGE + 1);

    world_init(&world, fmt, test_seed());
    ref.w = &world;
    ref.n = 0;
    ck_assert_int_eq(ref_map(&ref, 0, 3 * PAGE, 0x100, PT_WRITE), 0);
    ck_assert_int_eq(ref_map(&ref, pt_table_span(fmt, 0) - 2 * PAGE,
                             pt_table_span(fmt, 0) + 2 * PAGE, 0x200, 0),
                     0);
    ck_assert_int_eq(ref_map(&ref, deep - 2 * PAGE, deep + PAGE, 0x300, 0xf),
                     0);
    ck_assert_int_eq(ref_map(&ref, top, top + PAGE, 0x400, 0), 0);
}

static void done(void)
{
    ck_assert_msg(world.violation == NULL, "%s", world.violation);
    world_dispose(&world);
}

START_TEST(order)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t deep = pt_table_span(fmt, fmt->levels - 2);

    build(fmt);
    ref_check_all(&ref);
    for (unsigned int flags = 0; flags < 16; flags++)
        ref_check_walk(&ref, deep - 4 * PAGE, deep + 4 * PAGE, flags,
                       REF_NOSKIP);
    /* Clipped at every page around a boundary of all levels but one. */
    for (uint64_t first = deep - 3 * PAGE; first < deep + 3 * PAGE;
         first += PAGE)
        for (uint64_t end = first + PAGE; end <= deep + 3 * PAGE; end += PAGE)
            ref_check_walk(&ref, first, end, 15, REF_NOSKIP);
    done();
}
END_TEST

START_TEST(skip)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t deep = pt_table_span(fmt, fmt->levels - 2);

    build(fmt);
    for (unsigned int level = 1; level < fmt->levels; level++)
        ref_check_walk(&ref, 0, deep + 4 * PAGE, 15, level);
    done();
}
END_TEST

START_TEST(last_page)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t top = world_canonical(fmt, UINT64_MAX - PAGE + 1);

    build(fmt);
    ref_check_walk(&ref, top, top + PAGE, 15, REF_NOSKIP);
    ref_check_walk(&ref, top - PAGE, top + PAGE, 15, REF_NOSKIP);
    ref_check_walk(&ref, top - PAGE, top, 15, REF_NOSKIP);
    ref_check_lookup(&ref, top + PAGE - 1);
    ref_check_lookup(&ref, top + PAGE);
    done();
}
END_TEST

struct countdown {
    unsigned int calls, fail_at;
};

static int fail_nth(struct pt_visit_ctx *v)
{
    struct countdown *c = v->arg;

    return c->calls++ == c->fail_at ? -EPROTO : 0;
}

/* Whatever the call, its error ends the walk and comes back. */
START_TEST(error)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t deep = pt_table_span(fmt, fmt->levels - 2);
    struct countdown c = {.fail_at = 0};
    int rc = -EPROTO;

    build(fmt);
    for (unsigned int n = 0; rc == -EPROTO; n++) {
        c = (struct countdown){.fail_at = n};
        rc = pt_walk(&world.pt, VADDR(deep - 3 * PAGE), VADDR(deep + 2 * PAGE),
                     15, fail_nth, &c);
        ck_assert_uint_eq(c.calls, rc == 0 ? n : n + 1);
    }
    ck_assert_int_eq(rc, 0);
    /* A PRE and a POST for each table, but for the root; 5 pages. */
    ck_assert_uint_eq(c.calls, 5 + 2 * 2 * (fmt->levels - 1));
    done();
}
END_TEST

START_TEST(refused)
{
    const struct pt_format *fmt = test_format[_i];
    struct countdown c = {.fail_at = UINT_MAX};
    struct pt_entry entry;

    build(fmt);
    ck_assert_int_eq(
        pt_walk(&world.pt, VADDR(PAGE), VADDR(PAGE), 15, fail_nth, &c),
        -EINVAL);
    ck_assert_int_eq(
        pt_walk(&world.pt, VADDR(PAGE), VADDR(3 * PAGE + 1), 15, fail_nth, &c),
        -EINVAL);
    ck_assert_uint_eq(c.calls, 0);
    ck_assert_int_eq(
        pt_lookup(&world.pt, VADDR(UINT64_C(1) << 62), &entry, NULL), -EINVAL);
    done();
}
END_TEST

/* Each table on the way is taken out of reach in turn. */
START_TEST(unreachable)
{
    const struct pt_format *fmt = test_format[_i];
    struct countdown c = {.fail_at = UINT_MAX};
    struct pt_entry entry;

    build(fmt);
    world.unreachable = world.pt.root;
    ck_assert_int_eq(pt_lookup(&world.pt, VADDR(0), &entry, NULL), -EFAULT);
    for (unsigned int level = fmt->levels - 1; level > 0; level--) {
        struct world_table *t = world_find(&world, level, 0);

        world.unreachable = fmt->decode(level, t->slot[0]).mfn;
        ck_assert_int_eq(pt_lookup(&world.pt, VADDR(0), &entry, NULL), -EFAULT);
        ck_assert_int_eq(
            pt_walk(&world.pt, VADDR(0), VADDR(PAGE), 15, fail_nth, &c),
            -EFAULT);
    }
    done();
}
END_TEST

/* A visitor that changes what it is shown. */
struct rewrite {
    enum pt_visit at;
    unsigned int level;
    uint64_t raw;
    unsigned int pre, leaf, post, empty; /* calls */
};

static int rewrite(struct pt_visit_ctx *v)
{
    struct rewrite *r = v->arg;

    r->pre += v->visit == PT_VISIT_PRE;
    r->leaf += v->visit == PT_VISIT_LEAF;
    r->post += v->visit == PT_VISIT_POST;
    r->empty += v->visit == PT_VISIT_EMPTY;
    if (v->visit == r->at && v->level == r->level)
        *v->slot = r->raw;
    return 0;
}

static struct rewrite walk_page(uint64_t va, enum pt_visit at,
                                unsigned int level, uint64_t raw)
{
    struct rewrite r = {.at = at, .level = level, .raw = raw};

    ck_assert_int_eq(
        pt_walk(&world.pt, VADDR(va), VADDR(va + PAGE), 15, rewrite, &r), 0);
    return r;
}

START_TEST(rewriting)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int levels = fmt->levels;
    uint64_t far = pt_table_span(fmt, 0) * 5;
    uint64_t table;
    struct rewrite r;
    mfn_t mfn;

    build(fmt);
    /* An EMPTY entry that becomes a TABLE is walked, PRE and POST included. */
    ck_assert_int_eq(world.ops.alloc(&world, 0, VADDR(far), &mfn), 0);
    world_find(&world, 0, far)->slot[0] = fmt->leaf(0, MFN(8), 0);
    r = walk_page(far, PT_VISIT_EMPTY, 1, fmt->table(1, mfn));
    ck_assert_uint_eq(r.empty, 1);
    ck_assert_uint_eq(r.pre, levels - 1);
    ck_assert_uint_eq(r.post, levels - 1);
    ck_assert_uint_eq(r.leaf, 1);

    /* A TABLE that a PRE call empties is not entered and has no POST call. */
    r = walk_page(far, PT_VISIT_PRE, 1, fmt->empty(1));
    ck_assert_uint_eq(r.pre, levels - 1);
    ck_assert_uint_eq(r.post, levels - 2);
    ck_assert_uint_eq(r.leaf + r.empty, 0);
    world.ops.free(&world, 0, mfn);

    /* A leaf that an EMPTY call writes is not visited. */
    far = 9 * PAGE;
    r = walk_page(far, PT_VISIT_EMPTY, 0, fmt->leaf(0, MFN(9), 0));
    ck_assert_uint_eq(r.empty, 1);
    ck_assert_uint_eq(r.leaf, 0);
    ref_add(&ref, far, 0, 9, 0);

    /* A table may go away in its POST call; the walk is past it. */
    table = world_find(&world, 1, 0)->slot[0];
    r = walk_page(far, PT_VISIT_POST, 1, fmt->empty(1));
    ck_assert_uint_eq(r.leaf, 1);
    ck_assert_uint_eq(r.post, levels - 1);
    r = walk_page(far, PT_VISIT_EMPTY, 1, table);
    ck_assert_uint_eq(r.empty, 1);
    ck_assert_uint_eq(r.leaf, 1);
    ref_check_all(&ref);
    done();
}
END_TEST

/* A superpage may turn into a table under the walk. */
START_TEST(leaf_to_table)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t *slot, table;
    struct rewrite r;

    build(fmt);
    if (fmt->level[1].leaf) {
        slot = &world_find(&world, 1, 0)->slot[0];
        table = *slot;
        *slot = fmt->leaf(1, MFN(0), 0);
        r = walk_page(0, PT_VISIT_LEAF, 1, table);
        ck_assert_uint_eq(r.leaf, 2);
        ck_assert_uint_eq(r.pre, fmt->levels - 1);
        ck_assert_uint_eq(r.post, fmt->levels - 1);
    }
    done();
}
END_TEST

static uint64_t *only_table(void *ctx, mfn_t mfn, unsigned int level,
                            vaddr_t va)
{
    (void)mfn;
    (void)level;
    (void)va;
    return ctx;
}

/* A table that is its own parent, on every level, cannot hold a walk. */
START_TEST(loop)
{
    const struct pt_format *fmt = test_format[_i];
    const struct pt_ops ops = {.table = only_table};
    uint64_t slot[PT_ENTRIES];
    struct pt_tables pt = {
        .format = fmt, .ops = &ops, .ctx = slot, .root = MFN(1)};
    struct countdown c = {.fail_at = UINT_MAX};

    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        slot[i] = fmt->table(fmt->levels - 1, MFN(1));
    ck_assert_int_eq(pt_walk(&pt, VADDR(0), VADDR(PAGE), 15, fail_nth, &c), 0);
    ck_assert_uint_le(c.calls, 2 * fmt->levels);
}
END_TEST

static struct pt_entry always_table(unsigned int level, uint64_t raw)
{
    (void)level;
    (void)raw;
    return (struct pt_entry){.kind = PT_TABLE, .mfn = MFN(1)};
}

/* Nor can a decoder that sees tables at level 0 as well. */
START_TEST(bottomless)
{
    struct pt_format fmt = *test_format[_i];
    const struct pt_ops ops = {.table = only_table};
    uint64_t slot[PT_ENTRIES] = {0};
    struct pt_tables pt = {.format = &fmt, .ops = &ops, .ctx = slot};
    struct countdown c = {.fail_at = UINT_MAX};

    fmt.decode = always_table;
    ck_assert_int_eq(pt_walk(&pt, VADDR(0), VADDR(PAGE), 15, fail_nth, &c), 0);
    ck_assert_uint_eq(c.calls, 2 * fmt.levels - 1);
}
END_TEST

TCase *walk_tests(void)
{
    TCase *tc = tcase_create("walk");

    tcase_add_loop_test(tc, order, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, skip, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, last_page, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, error, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, unreachable, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, rewriting, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, leaf_to_table, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, loop, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, bottomless, 0, TEST_FORMATS);
    return tc;
}
