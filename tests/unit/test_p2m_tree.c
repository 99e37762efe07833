/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The P2M tree against two flat arrays, and what it takes for it. */
#include <errno.h>
#include <string.h>

#include "pv/p2m_tree.h"
#include "unit_random.h"

#define SIZE   (P2M_MIDDLE + 3 * P2M_PER_PAGE + 77)
#define SHARED 5u /* pages of a tree that holds nothing */

/* What nothing may ever answer with. */
#define POISON UINT64_C(0x600df00d5eed)

/* ---- pages, some from a reserve, as many as there are ---- */

#define RESERVE 8

struct pages {
    union p2m_page reserve[RESERVE];
    bool taken[RESERVE];
    unsigned int held, left;
};

static union p2m_page *take_from_reserve(void *ctx)
{
    struct pages *pages = ctx;
    unsigned int i;

    for (i = 0; i < RESERVE; i++)
        if (!pages->taken[i] && pages->left) {
            pages->taken[i] = true;
            pages->held++;
            pages->left--;
            return &pages->reserve[i];
        }
    return NULL;
}

static union p2m_page *take_new(void *ctx)
{
    struct pages *pages = ctx;
    union p2m_page *page = pages->left ? malloc(sizeof(*page)) : NULL;

    if (!page)
        return NULL;
    memset(page, 0x5a, sizeof(*page)); /* as it comes */
    pages->held++;
    pages->left--;
    return page;
}

static void give_back(void *ctx, union p2m_page *page)
{
    struct pages *pages = ctx;

    ck_assert_uint_gt(pages->held, 0);
    pages->held--;
    pages->left++;
    if (page >= pages->reserve && page < pages->reserve + RESERVE) {
        ck_assert(pages->taken[page - pages->reserve]);
        pages->taken[page - pages->reserve] = false;
    } else {
        free(page);
    }
}

static const struct p2m_ops from_reserve = {take_from_reserve, give_back};
static const struct p2m_ops from_allocator = {take_new, give_back};

/* ---- a tree, and what it has to be ---- */

static struct pages pages;
static struct p2m_tree tree;
static uint64_t wanted[SIZE]; /* MFNs, all ones for none */
static enum p2m_kind wanted_kind[SIZE];

/* No lookup reads what is in a shared leaf. */
static void poison_shared(void)
{
    unsigned int kind, i;

    for (kind = P2M_MISSING; kind <= P2M_IDENTITY; kind++)
        for (i = 0; i < P2M_PER_PAGE; i++)
            tree.leaf[kind]->mfn[i] = POISON;
}

static void begin(uint64_t size)
{
    uint64_t i;

    memset(&pages, 0, sizeof(pages));
    pages.left = 10000;
    ck_assert_int_eq(p2m_tree_init(&tree, size, &from_allocator, &pages), 0);
    ck_assert_uint_eq(pages.held, SHARED);
    poison_shared();
    for (i = 0; i < SIZE; i++) {
        wanted[i] = UINT64_MAX;
        wanted_kind[i] = P2M_MISSING;
    }
}

static void end(void)
{
    p2m_tree_dispose(&tree);
    ck_assert_uint_eq(pages.held, 0);
    p2m_tree_dispose(&tree);
}

static void check_one(struct unit_random *rnd, uint64_t pfn)
{
    mfn_t mfn;

    UNIT_CHECK_EQ(rnd, p2m_tree_get(&tree, PFN(pfn), &mfn), wanted_kind[pfn]);
    UNIT_CHECK_EQ(rnd, mfn.v, wanted[pfn]);
}

/* Every PFN, and each run as long as it can be. */
static void check_all(struct unit_random *rnd)
{
    struct p2m_run run = {.end = PFN(0)};
    uint64_t pfn;

    for (pfn = 0; pfn < SIZE; pfn++)
        check_one(rnd, pfn);
    for (pfn = 0; p2m_tree_run(&tree, PFN(pfn), &run); pfn = run.end.v) {
        uint64_t i = pfn;

        UNIT_CHECK_EQ(rnd, run.first.v, pfn);
        UNIT_CHECK_EQ(rnd, run.kind, wanted_kind[pfn]);
        UNIT_CHECK_EQ(rnd, run.mfn.v, wanted[pfn]);
        while (i < SIZE && wanted_kind[i] == run.kind &&
               (run.kind != P2M_MAPPED || wanted[i] == wanted[pfn] + (i - pfn)))
            i++;
        UNIT_CHECK_EQ(rnd, run.end.v, i);
    }
    UNIT_CHECK_EQ(rnd, pfn, SIZE);
}

/* PFNs near the pages' boundaries more often than others. */
static uint64_t any_pfn(struct unit_random *rnd, uint64_t limit)
{
    static const uint64_t steps[] = {P2M_PER_PAGE, P2M_MIDDLE, 1};
    uint64_t step = UNIT_ONE_OF(rnd, steps);
    uint64_t pfn = unit_below(rnd, limit / step + 1) * step;

    pfn += unit_below(rnd, 3);
    pfn -= pfn ? unit_below(rnd, 2) : 0;
    return pfn < limit ? pfn : limit - 1;
}

/* ---- random changes, with and without the pages for them ---- */

static int change_one(struct unit_random *rnd)
{
    uint64_t pfn = any_pfn(rnd, SIZE);
    uint64_t mfns[] = {UINT64_MAX, pfn, pfn + 1, unit_below(rnd, 1 << 20),
                       (UINT64_C(1) << 52) - 1};
    uint64_t mfn = UNIT_ONE_OF(rnd, mfns);
    int rc = p2m_tree_set(&tree, PFN(pfn), MFN(mfn));

    /* In a part that is 1:1, a PFN's own number is there already. */
    if (!rc && wanted[pfn] != mfn) {
        wanted[pfn] = mfn;
        wanted_kind[pfn] = mfn == UINT64_MAX ? P2M_MISSING : P2M_MAPPED;
    }
    check_one(rnd, pfn);
    return rc;
}

static int change_range(struct unit_random *rnd)
{
    enum p2m_kind kind = unit_once_in(rnd, 2) ? P2M_IDENTITY : P2M_MISSING;
    uint64_t first = any_pfn(rnd, SIZE), pfn;
    uint64_t until = first + 1 + any_pfn(rnd, SIZE - first);
    int rc = p2m_tree_fill(&tree, PFN(first), PFN(until), kind);

    for (pfn = first; !rc && pfn < until; pfn++) {
        wanted[pfn] = kind == P2M_IDENTITY ? pfn : UINT64_MAX;
        wanted_kind[pfn] = kind;
    }
    return rc;
}

START_TEST(random_changes)
{
    struct unit_random rnd = unit_random_case((uint64_t)_i);
    unsigned int i, held;
    int rc;

    begin(SIZE);
    for (i = 0; i < 60; i++) {
        held = pages.held;
        pages.left = unit_once_in(&rnd, 3) ? unit_below(&rnd, 4) : 10000;
        tree.ops = unit_once_in(&rnd, 2) ? &from_reserve : &from_allocator;
        rc = unit_once_in(&rnd, 3) ? change_range(&rnd) : change_one(&rnd);
        if (rc) {
            UNIT_CHECK_EQ(&rnd, rc, -ENOMEM);
            UNIT_CHECK_EQ(&rnd, pages.held, held);
        }
        if (rc || i % 20 == 19)
            check_all(&rnd);
    }
    pages.left = 10000;
    tree.ops = &from_allocator;
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(0), PFN(SIZE), P2M_MISSING), 0);
    ck_assert_uint_eq(pages.held, SHARED);
    end();
}
END_TEST

/* ---- what it costs ---- */

static void map(uint64_t first, uint64_t until)
{
    uint64_t pfn; /* frames run downwards on a fresh host */

    for (pfn = first; pfn < until; pfn++)
        ck_assert_int_eq(
            p2m_tree_set(&tree, PFN(pfn), MFN((8 << 20) - pfn % (4 << 20))), 0);
}

#define GIB (UINT64_C(1) << 18) /* pages */

START_TEST(gaps_cost_nothing)
{
    unsigned int sparse;

    begin(64 * GIB);
    map(0, GIB / 2);
    map(64 * GIB - GIB / 2, 64 * GIB);
    sparse = pages.held;
    end();
    begin(2 * GIB);
    map(0, 2 * GIB);
    ck_assert_uint_lt(sparse, pages.held);
    end();
}
END_TEST

/* What a change of [first, end) to 1:1 takes, in a tree without anything. */
static unsigned int pages_for(uint64_t first, uint64_t until)
{
    unsigned int held;

    begin(4 * GIB);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(first), PFN(until), P2M_IDENTITY),
                     0);
    held = pages.held - SHARED;
    end();
    return held;
}

START_TEST(a_range_takes_what_it_cuts)
{
    ck_assert_uint_eq(pages_for(0, GIB), 0);
    ck_assert_uint_eq(pages_for(0, 4 * GIB), 0);
    /* 2.5 GiB to the end: a middle page, and no leaf. */
    ck_assert_uint_eq(pages_for(5 * GIB / 2, 4 * GIB), 1);
    ck_assert_uint_eq(pages_for(5 * GIB / 2 + 1, 4 * GIB), 2);
    ck_assert_uint_eq(pages_for(5, 6), 2);
    ck_assert_uint_eq(pages_for(5, P2M_PER_PAGE + 6), 3);
    ck_assert_uint_eq(pages_for(5, 2 * GIB + 6), 4);
}
END_TEST

/* RAM that ends at 2364 MiB, a hole to 4 GiB: as a machine's map has it. */
START_TEST(a_pci_hole)
{
    const uint64_t ram = 2364 << 8, hole = 5 * GIB / 2;
    struct p2m_run run;
    mfn_t mfn;

    begin(4 * GIB + 5);
    map(0, ram);
    ck_assert_int_eq(
        p2m_tree_fill(&tree, PFN(hole), PFN(4 * GIB), P2M_IDENTITY), 0);
    ck_assert_int_eq(p2m_tree_get(&tree, PFN(ram - 1), &mfn), P2M_MAPPED);
    ck_assert(p2m_tree_run(&tree, PFN(ram), &run));
    ck_assert_int_eq(run.kind, P2M_MISSING);
    ck_assert_uint_eq(run.end.v, hole);
    ck_assert(p2m_tree_run(&tree, run.end, &run));
    ck_assert_int_eq(run.kind, P2M_IDENTITY);
    ck_assert_uint_eq(run.end.v, 4 * GIB);
    ck_assert_uint_eq(run.mfn.v, hole);
    ck_assert_int_eq(p2m_tree_get(&tree, PFN(4 * GIB), &mfn), P2M_MISSING);
    ck_assert_int_eq(p2m_tree_get(&tree, PFN(4 * GIB + 5), &mfn), P2M_MISSING);
    ck_assert_int_eq(p2m_tree_get(&tree, PFN(UINT64_MAX), &mfn), P2M_MISSING);
    ck_assert_uint_eq(mfn.v, MFN_INVALID.v);
    end();
}
END_TEST

/* Whoever looks at the pages themselves finds no frame in a shared one. */
START_TEST(shared_pages_hold_no_frame)
{
    unsigned int kind, i;

    memset(&pages, 0, sizeof(pages));
    pages.left = SHARED;
    ck_assert_int_eq(p2m_tree_init(&tree, 1, &from_reserve, &pages), 0);
    for (kind = P2M_MISSING; kind <= P2M_IDENTITY; kind++)
        for (i = 0; i < P2M_PER_PAGE; i++)
            ck_assert_uint_eq(tree.leaf[kind]->mfn[i], MFN_INVALID.v);
    end();
}
END_TEST

/* ---- what toolstacks read ---- */

START_TEST(the_mark_does_not_leave)
{
    uint64_t wide[4];
    uint32_t narrow[4];

    begin(SIZE);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(1), PFN(2), P2M_IDENTITY), 0);
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(2), MFN(2)), 0);
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(3), MFN(0xfffffffe)), 0);
    ck_assert_int_eq(p2m_tree_export(&tree, PFN(0), 4, 8, wide), 0);
    ck_assert_uint_eq(wide[0], UINT64_MAX);
    ck_assert_uint_eq(wide[1], UINT64_MAX);
    ck_assert_uint_eq(wide[2], 2);
    ck_assert_uint_eq(wide[3], 0xfffffffe);
    ck_assert_int_eq(p2m_tree_export(&tree, PFN(0), 4, 4, narrow), 0);
    ck_assert_uint_eq(narrow[0], UINT32_MAX);
    ck_assert_uint_eq(narrow[1], UINT32_MAX);
    ck_assert_uint_eq(narrow[2], 2);
    ck_assert_uint_eq(narrow[3], 0xfffffffe);
    /* A shared page, the last PFN, and what lies beyond it. */
    ck_assert_int_eq(p2m_tree_export(&tree, PFN(SIZE - 1), 2, 8, wide), 0);
    ck_assert_uint_eq(wide[0] & wide[1], UINT64_MAX);
    /* 32 bits' all ones would be taken for no frame. */
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(3), MFN(UINT32_MAX)), 0);
    ck_assert_int_eq(p2m_tree_export(&tree, PFN(2), 2, 4, narrow), -ERANGE);
    ck_assert_int_eq(p2m_tree_export(&tree, PFN(2), 2, 2, narrow), -EINVAL);
    end();
}
END_TEST

/* ---- refusals ---- */

START_TEST(refusals)
{
    unsigned int n;

    memset(&pages, 0, sizeof(pages));
    for (n = 0; n < SHARED; n++) {
        pages.left = n;
        ck_assert_int_eq(p2m_tree_init(&tree, SIZE, &from_allocator, &pages),
                         -ENOMEM);
        ck_assert_uint_eq(pages.held, 0);
        p2m_tree_dispose(&tree);
    }
    pages.left = SHARED;
    ck_assert_int_eq(p2m_tree_init(&tree, 0, &from_allocator, &pages), -EINVAL);
    ck_assert_int_eq(p2m_tree_init(&tree, P2M_MAX + 1, &from_allocator, &pages),
                     -EINVAL);

    begin(SIZE);
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(SIZE), MFN(1)), -EINVAL);
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(0), MFN(UINT64_C(1) << 52)),
                     -ERANGE);
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(0), MFN(UINT64_C(1) << 62)),
                     -ERANGE);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(1), PFN(1), P2M_IDENTITY),
                     -EINVAL);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(2), PFN(1), P2M_IDENTITY),
                     -EINVAL);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(0), PFN(SIZE + 1), P2M_IDENTITY),
                     -EINVAL);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(0), PFN(1), P2M_MAPPED), -EINVAL);
    ck_assert_uint_eq(pages.held, SHARED);
    end();
}
END_TEST

/* The last page of the largest tree. */
START_TEST(the_largest_tree)
{
    mfn_t mfn;

    begin(P2M_MAX);
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(P2M_MAX - 1), MFN(7)), 0);
    ck_assert_int_eq(p2m_tree_get(&tree, PFN(P2M_MAX - 1), &mfn), P2M_MAPPED);
    ck_assert_uint_eq(mfn.v, 7);
    ck_assert_int_eq(p2m_tree_get(&tree, PFN(P2M_MAX), &mfn), P2M_MISSING);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(0), PFN(P2M_MAX), P2M_IDENTITY),
                     0);
    ck_assert_uint_eq(pages.held, SHARED);
    ck_assert_int_eq(p2m_tree_get(&tree, PFN(P2M_MAX - 1), &mfn), P2M_IDENTITY);
    end();
}
END_TEST

/* Pages that nobody takes back: a reserve that is used up. */
START_TEST(without_free)
{
    static const struct p2m_ops no_free = {take_from_reserve, NULL};

    memset(&pages, 0, sizeof(pages));
    pages.left = RESERVE;
    ck_assert_int_eq(p2m_tree_init(&tree, SIZE, &no_free, &pages), 0);
    ck_assert_int_eq(p2m_tree_set(&tree, PFN(5), MFN(6)), 0);
    ck_assert_int_eq(p2m_tree_fill(&tree, PFN(0), PFN(SIZE), P2M_MISSING), 0);
    ck_assert_uint_eq(pages.held, SHARED + 2);
    p2m_tree_dispose(&tree);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("p2m_tree");
    TCase *tc = tcase_create("p2m_tree");

    tcase_add_loop_test(tc, random_changes, 0, 60);
    tcase_add_test(tc, gaps_cost_nothing);
    tcase_add_test(tc, a_range_takes_what_it_cuts);
    tcase_add_test(tc, a_pci_hole);
    tcase_add_test(tc, shared_pages_hold_no_frame);
    tcase_add_test(tc, the_mark_does_not_leave);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, the_largest_tree);
    tcase_add_test(tc, without_free);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
