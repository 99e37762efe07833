/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random operations on live tables, each predicted from the plain list and
 * compared with it, while the CPUs of the model look on.
 */
#include "test_pt.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "pt_ref.h"

#define PAGE       DW_PAGE_SIZE
#define ROUNDS     6
#define OPERATIONS 400
#define WALK_EVERY 25
#define MAX_LEAVES 2000

static struct world world;
static struct ref ref;
static struct pt_broken token;
static uint64_t seed; /* of this round */
static unsigned int operation;

#define CHECK(cond)                                                            \
    REF_ASSERT(cond, "%s: PT_SEED=%#" PRIx64 " operation %u: %s",              \
               world.fmt->name, seed, operation, #cond)

static unsigned int below(unsigned int n)
{
    return (unsigned int)world_below(&world, n);
}

/* A page near a place where something ends. */
static uint64_t some_page(void)
{
    const struct pt_format *fmt = world.fmt;
    uint64_t size = UINT64_C(1) << fmt->va_bits;
    const uint64_t place[] = {
        0,
        pt_table_span(fmt, 0),
        pt_table_span(fmt, 1),
        pt_table_span(fmt, fmt->levels - 2),
        size / 2,
        world_canonical(fmt, size / 2),
        world_canonical(fmt, size - 1) + 1, /* the end, or 0 for 1 << 64 */
    };
    uint64_t at = place[below(sizeof(place) / sizeof(place[0]))];

    return at + below(20) * PAGE - 10 * PAGE;
}

static uint64_t some_mfn(void)
{
    return world_random(&world) >> (64 - (world.fmt->pa_bits - DW_PAGE_SHIFT));
}

struct plan {
    uint64_t first, end, mfn[24];
    uint32_t prot[24];
};

static int planned(void *arg, vaddr_t va, mfn_t *mfn, uint32_t *prot)
{
    const struct plan *plan = arg;
    uint64_t i = (va.v - plan->first) >> DW_PAGE_SHIFT;

    *mfn = MFN(plan->mfn[i]);
    *prot = plan->prot[i];
    return 0;
}

static struct plan make_plan(void)
{
    struct plan plan = {.first = some_page()};

    plan.end = plan.first + (1 + below(24)) * PAGE;
    for (unsigned int i = 0; i < 24; i++) {
        plan.mfn[i] = some_mfn();
        plan.prot[i] = below(32);
    }
    if (below(8) == 0)
        plan.mfn[below(24)] = UINT64_C(1)
                              << (world.fmt->pa_bits - DW_PAGE_SHIFT);
    return plan;
}

/* Tables that are missing for `va`, those of `prev` counted as there. */
static long missing(uint64_t va, uint64_t prev, bool has_prev)
{
    const struct pt_format *fmt = world.fmt;
    long n = 0;

    for (unsigned int l = 0; l + 1 < fmt->levels; l++)
        if (world_find(&world, l, va) == NULL &&
            !(has_prev && (va ^ prev) < pt_table_span(fmt, l)))
            n++;
    return n;
}

/* What pt_map() will answer; *mapped pages before it does. */
static int predict_map(const struct plan *plan, long allocs, uint64_t *mapped)
{
    const struct pt_format *fmt = world.fmt;
    uint64_t pages = (plan->end - plan->first) >> DW_PAGE_SHIFT;

    *mapped = 0;
    if (!pt_range_valid(fmt, VADDR(plan->first), VADDR(plan->end)))
        return -EINVAL;
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t va = plan->first + i * PAGE;
        long need;

        if (ref_at(&ref, va) != NULL)
            return -EEXIST;
        need = missing(va, va - PAGE, i > 0);
        if (allocs >= 0 && need > allocs)
            return -ENOMEM;
        if (allocs >= 0)
            allocs -= need;
        if (!pt_mfn_fits(fmt, MFN(plan->mfn[i])))
            return -ERANGE;
        (*mapped)++;
    }
    return 0;
}

static void check_around(uint64_t first, uint64_t end)
{
    for (uint64_t va = first - 2 * PAGE; va != end + 2 * PAGE; va += PAGE)
        ref_check_lookup(&ref, va + below(PAGE));
}

static void random_map(void)
{
    struct plan plan = make_plan();
    long allocs = below(4) == 0 ? (long)below(4) : -1;
    uint64_t mapped;
    int expected = predict_map(&plan, allocs, &mapped);
    int rc;

    world.fail_alloc = allocs;
    rc = pt_map(&world.pt, VADDR(plan.first), VADDR(plan.end), planned, &plan);
    world.fail_alloc = -1;
    CHECK(rc == expected);
    for (uint64_t i = 0; i < mapped; i++)
        ref_add(&ref, plan.first + i * PAGE, 0, plan.mfn[i], plan.prot[i]);
    check_around(plan.first, plan.end);
}

static void random_protect(void)
{
    const struct pt_format *fmt = world.fmt;
    uint64_t first = some_page(), end = first + (1 + below(24)) * PAGE;
    struct ref_leaf *from, *leaf, *stop = ref.leaf + ref.n;
    uint32_t prot = below(32);
    int expected = 0, rc;

    if (below(4) == 0) { /* so that it covers superpages */
        first &= ~(pt_table_span(fmt, 0) - 1);
        end = first + pt_table_span(fmt, 0);
    }
    from = ref_from(&ref, first);
    if (!pt_range_valid(fmt, VADDR(first), VADDR(end)))
        expected = -EINVAL;
    for (leaf = from; leaf < stop && leaf->va <= end - 1; leaf++)
        if (leaf->va < first ||
            (leaf->va | (pt_span(fmt, leaf->level) - 1)) > end - 1)
            expected = expected < 0 ? expected : -EDOM;
    rc = pt_protect(&world.pt, VADDR(first), VADDR(end), prot);
    CHECK(rc == expected);
    for (leaf = from; rc == 0 && leaf < stop && leaf->va <= end - 1; leaf++)
        leaf->prot = prot;
    check_around(first, first + 24 * PAGE);
}

/* Is there an entry of `level` for `va`, EMPTY or not? */
static bool reached(uint64_t va, unsigned int level)
{
    return world_find(&world, level, va) != NULL;
}

/* What is in it: the list and the world's tables know. */
static enum pt_kind kind_at(uint64_t va, unsigned int level)
{
    struct ref_leaf *leaf = ref_at(&ref, va);

    if (leaf != NULL && leaf->level == level)
        return PT_LEAF;
    if (level > 0 && world_find(&world, level - 1, va) != NULL)
        return PT_TABLE;
    return PT_EMPTY;
}

static void random_break(void)
{
    const struct pt_format *fmt = world.fmt;
    unsigned int level = below(3) > 0 ? 0 : below(fmt->levels + 1);
    uint64_t va = some_page() + below(PAGE), base;
    int expected = 0, rc;

    if (level == fmt->levels || !pt_addr_valid(fmt, VADDR(va)))
        expected = -EINVAL;
    else if (!reached(va, level) || kind_at(va, level) == PT_EMPTY)
        expected = -ENOENT;
    rc = pt_break(&world.pt, VADDR(va), level, &token);
    CHECK(rc == expected);
    CHECK(token.pending == (rc == 0));
    if (rc == 0) {
        base = va & ~(pt_span(fmt, level) - 1);
        CHECK(token.va.v == base && token.level == level);
        ref_remove(&ref, base, base | (pt_span(fmt, level) - 1));
        check_around(base, base + PAGE);
        base += pt_span(fmt, level);
        check_around(base, base + PAGE);
    }
}

static void random_make(void)
{
    const struct pt_format *fmt = world.fmt;
    uint64_t mfn = some_mfn(), va = token.va.v, frames;
    uint32_t prot = below(32);
    int expected = 0, rc;

    if (!token.pending) {
        CHECK(pt_make(&world.pt, &token, MFN(mfn), prot) == -EINVAL);
        return;
    }
    frames = pt_span(fmt, token.level) >> DW_PAGE_SHIFT;
    if (below(8) > 0)
        mfn &= ~(frames - 1);
    if (!fmt->level[token.level].leaf || mfn % frames != 0)
        expected = -EDOM;
    else if (!reached(va, token.level))
        expected = -ENOENT;
    else if (kind_at(va, token.level) != PT_EMPTY)
        expected = -EEXIST;
    rc = pt_make(&world.pt, &token, MFN(mfn), prot);
    CHECK(rc == expected);
    CHECK(token.pending == (rc < 0));
    if (rc == 0)
        ref_add(&ref, va, token.level, mfn, prot);
    check_around(va, va + PAGE);
}

/*
 * A leaf that there is, superpages more often than not; NULL: none, or too many
 * to split one.
 */
static struct ref_leaf *some_leaf(void)
{
    struct ref_leaf *leaf = NULL;

    if (ref.n > MAX_LEAVES)
        return NULL;

    for (unsigned int i = 0; ref.n > 0 && i < 20; i++) {
        leaf = &ref.leaf[below(ref.n)];
        if (leaf->level > 0)
            break;
    }
    return leaf;
}

/* One allocation or store is refused, now and then. */
static bool sabotage(void)
{
    if (below(4) > 0)
        return false;
    if (below(2) == 0) {
        world.fail_alloc = below(3);
    } else {
        world.fail_store = below(3);
        world.refusals = 1;
    }
    return true;
}

static void end_sabotage(void)
{
    world.fail_alloc = world.fail_store = -1;
    world.refusals = 0;
}

/* Nothing is lost by a change that fails, and nothing is left of it. */
static void check_failed(bool sabotaged, int rc, unsigned int used)
{
    if (rc == 0)
        return;
    CHECK(sabotaged && (rc == -ENOMEM || rc == -EPERM));
    CHECK(world.used == used);
}

static void random_split(void)
{
    struct ref_leaf *leaf = some_leaf();
    unsigned int used = world.used, level;
    bool sabotaged;
    uint64_t va;
    int rc;

    if (leaf == NULL)
        return;
    level = below(leaf->level + 1);
    va = leaf->va + world_below(&world, pt_span(world.fmt, leaf->level));
    sabotaged = sabotage();
    rc = pt_split(&world.pt, VADDR(va), level);
    end_sabotage();
    if (level < leaf->level && !world.fmt->level[level].leaf) {
        CHECK(rc == -EDOM);
        return;
    }
    check_failed(sabotaged, rc, used);
    if (rc == 0)
        ref_split(&ref, va, level);
    check_around(va & ~(PAGE - 1), va & ~(PAGE - 1));
}

/* One page of a superpage gets another frame, by way of a subtree. */
static void random_replace(void)
{
    struct ref_leaf *leaf = some_leaf();
    unsigned int used = world.used, level;
    struct pt_run page = {.mfn = MFN(some_mfn()), .prot = below(32)};
    uint64_t base, end;
    struct pt_subtree sub;
    struct pt_entry old;
    bool sabotaged;
    int rc;

    if (leaf == NULL || leaf->level == 0)
        return;
    level = leaf->level;
    base = leaf->va;
    end = base + pt_span(world.fmt, level);
    page.first = VADDR(base + world_below(&world, (end - base) / PAGE) * PAGE);
    page.end = VADDR(page.first.v + PAGE);
    CHECK(pt_lookup(&world.pt, page.first, &old, NULL) == 0);
    sabotaged = sabotage();
    rc = pt_subtree_new(&world.pt, page.first, level, &sub);
    if (rc == 0)
        rc = pt_subtree_copy(&sub, &old, VADDR(base), page.first, level);
    if (rc == 0)
        rc = pt_subtree_map_run(&sub, &page);
    if (rc == 0)
        rc = pt_subtree_copy(&sub, &old, page.end, VADDR(end), level);
    if (rc == 0)
        rc = pt_replace(&world.pt, &sub);
    end_sabotage();
    pt_subtree_discard(&sub);
    check_failed(sabotaged, rc, used);
    if (rc == 0) {
        ref_split(&ref, page.first.v, 0);
        ref_remove(&ref, page.first.v, page.first.v);
        ref_add_run(&ref, &page);
    }
    check_around(page.first.v, page.end.v);
}

/* Removal of what a range covers as a whole, then a flush. */
static void random_unmap(void)
{
    const struct pt_format *fmt = world.fmt;
    struct ref_leaf *leaf = some_leaf();
    uint64_t first = leaf == NULL || below(2) ? some_page() : leaf->va;
    uint64_t end =
        first + (leaf == NULL || below(2) ? (1 + below(24)) * PAGE
                                          : pt_span(fmt, leaf->level));
    struct pt_pending pending = {0};
    int expected = 0, rc;

    if (!pt_range_valid(fmt, VADDR(first), VADDR(end)))
        expected = -EINVAL;
    for (leaf = ref_from(&ref, first);
         leaf < ref.leaf + ref.n && leaf->va <= end - 1; leaf++)
        if (leaf->va < first ||
            (leaf->va | (pt_span(fmt, leaf->level) - 1)) > end - 1)
            expected = expected < 0 ? expected : -EDOM;
    rc = pt_unmap(&world.pt, VADDR(first), VADDR(end), NULL, NULL, &pending);
    CHECK(rc == expected);
    if (rc == 0)
        ref_remove(&ref, first, end - 1);
    CHECK(pt_flush(&world.pt, &pending) == 0);
    check_around(first, first + 24 * PAGE);
}

static void random_operation(void)
{
    uint64_t va = some_page();

    switch (below(12)) {
    case 8:
    case 9:
        random_split();
        break;
    case 10:
        random_replace();
        break;
    case 11:
        random_unmap();
        break;
    case 0:
    case 1:
    case 2:
        random_map();
        break;
    case 3:
        random_protect();
        break;
    case 4:
    case 5:
        random_break();
        break;
    default:
        random_make();
        break;
    }
    if (pt_addr_valid(world.fmt, VADDR(va)))
        world_touch(&world, va);
    world_quiet(&world);
    ck_assert_msg(world.violation == NULL,
                  "%s: PT_SEED=%#" PRIx64 " operation %u: %s", world.fmt->name,
                  seed, operation, world.violation);
}

static void random_walk(void)
{
    uint64_t first = some_page(), end = some_page();
    unsigned int skip = below(2) == 0 ? REF_NOSKIP : below(5);

    if (pt_range_valid(world.fmt, VADDR(first), VADDR(end)))
        ref_check_walk(&ref, first, end, below(16), skip);
}

START_TEST(operations)
{
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int round = 0; round < ROUNDS; round++) {
        seed = test_seed() + round;
        world_init(&world, fmt, seed);
        ref.w = &world;
        ref.n = 0;
        token = (struct pt_broken){0};
        for (operation = 0; operation < OPERATIONS; operation++) {
            random_operation();
            if (operation % WALK_EVERY == 0)
                random_walk();
        }
        ref_check_all(&ref);
        world_stored(&world);
        ck_assert_ptr_null(world.violation);
        ck_assert_uint_eq(world.used, 1 + world.allocs - world.frees);
        world_dispose(&world);
    }
}
END_TEST

TCase *random_tests(void)
{
    TCase *tc = tcase_create("random");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, operations, 0, TEST_FORMATS);
    return tc;
}
