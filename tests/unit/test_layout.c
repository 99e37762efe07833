/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pv_layout_plan() against a plan found the slow way (layout_ref.h), and
 * against what Xen and the builder rely on.
 */
#include <errno.h>
#include <string.h>

#include "extents.h"
#include "layout_random.h"
#include "layout_ref.h"

#define PAGE DW_PAGE_SIZE
#define KIB  (UINT64_C(1) << 10)
#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)

#define SMALL_CASES   6000
#define BIG_CASES     250
#define FIT_CASES     120
#define HOSTILE_CASES 40000

/* ---- the plan is the reference's plan ---- */

/* A table's address: its number, made canonical. */
static uint64_t table_va(const struct layout_ref *ref, unsigned int level,
                         uint64_t number)
{
    uint64_t va = level + 1 == ref->levels ? 0 : number << (21 + 9 * level);

    return ref->levels == 4 && va >> 47 & 1 ? va | ~UINT64_C(0) << 48 : va;
}

static uint64_t last_byte(const struct layout_ref *ref, unsigned int level,
                          uint64_t va)
{
    return level + 1 == ref->levels
               ? ref->levels == 3 ? UINT32_MAX : (UINT64_C(1) << 47) - 1
               : va + (UINT64_C(1) << (21 + 9 * level)) - 1;
}

static void compare_items(const struct unit_random *r,
                          const struct pv_layout *layout,
                          const struct layout_ref *ref)
{
    for (unsigned int i = 0; i < PV_ITEMS; i++) {
        const struct pv_item *is = &layout->item[i], *wanted = &ref->item[i];

        UNIT_CHECK_EQ(r, is->pages, wanted->pages);
        UNIT_CHECK_EQ(r, is->va.v, wanted->va.v);
        if (is->pages > 0)
            UNIT_CHECK_EQ(r, is->pfn.v, wanted->pfn.v);
    }
    UNIT_CHECK_EQ(r, layout->end.v, ref->next);
    UNIT_CHECK_EQ(r, layout->root.v, ref->level[ref->levels - 1].pfn[0]);
    UNIT_CHECK_EQ(r, layout->total_pages, ref->total_pages);
    UNIT_CHECK_EQ(r, layout->p2m_entries, ref->p2m_entries);
}

static void compare_maps(const struct unit_random *r,
                         const struct pv_layout *layout,
                         const struct layout_ref *ref)
{
    UNIT_CHECK_EQ(r, layout->nr_maps, ref->nr_maps);
    for (unsigned int i = 0; i < layout->nr_maps; i++) {
        uint64_t pfn = i == 0 ? 0 : ref->item[PV_P2M].pfn.v;

        UNIT_CHECK_EQ(r, layout->map[i].first.v, (uint64_t)ref->first[i]);
        UNIT_CHECK_EQ(r, layout->map[i].end.v, (uint64_t)ref->end[i]);
        UNIT_CHECK_EQ(r, layout->map[i].pfn.v, pfn);
    }
}

static void compare_absent(struct unit_random *r,
                           const struct pv_layout *layout,
                           const struct layout_ref *ref, unsigned int level)
{
    const struct ref_level *set = &ref->level[level];
    uint64_t numbers;

    if (level + 1 == ref->levels)
        return; /* the root covers all */
    numbers = UINT64_C(1) << ((ref->levels == 3 ? 32 : 48) - 21 - 9 * level);
    for (unsigned int i = 0; i < 8; i++) {
        uint64_t near = set->number[unit_below(r, set->count)];
        uint64_t number = (near + unit_below(r, 3) - 1) & (numbers - 1);

        if (i >= 6)
            number = unit_below(r, numbers);
        UNIT_CHECK_EQ(
            r,
            pv_layout_table(layout, level, VADDR(table_va(ref, level, number)))
                .v,
            layout_ref_table(ref, level, number));
    }
}

static void compare_tables(struct unit_random *r,
                           const struct pv_layout *layout,
                           const struct layout_ref *ref)
{
    uint64_t all = 0;

    for (unsigned int l = 0; l < ref->levels; l++) {
        const struct ref_level *set = &ref->level[l];

        for (uint64_t i = 0; i < set->count; i++) {
            uint64_t va = table_va(ref, l, set->number[i]);
            uint64_t last = last_byte(ref, l, va);

            UNIT_CHECK_EQ(r, pv_layout_table(layout, l, VADDR(va)).v,
                          set->pfn[i]);
            UNIT_CHECK_EQ(r, pv_layout_table(layout, l, VADDR(last)).v,
                          set->pfn[i]);
            UNIT_CHECK_EQ(
                r, pv_table_va(layout->abi->format, l, set->number[i]).v, va);
            UNIT_CHECK(r, pv_layout_is_table(layout, PFN(set->pfn[i])));
        }
        all += set->count;
        compare_absent(r, layout, ref, l);
    }
    UNIT_CHECK_EQ(r, all_tables(layout), all);
}

/* What the runs say is the set of tables, each once, in PFN order. */
static void compare_runs(const struct unit_random *r,
                         const struct pv_layout *layout,
                         const struct layout_ref *ref)
{
    uint64_t count = 0, next = layout->root.v;

    UNIT_CHECK(r, layout->nr_runs <= 2 * PT_MAX_LEVELS);
    UNIT_CHECK_EQ(r, layout->run[0].level, ref->levels - 1);
    for (unsigned int i = 0; i < layout->nr_runs; i++) {
        const struct pv_run *run = &layout->run[i];

        if (count == layout->item[PV_TABLES].pages)
            next = layout->item[PV_P2M_TABLES].pfn.v;
        UNIT_CHECK(r, run->count > 0);
        UNIT_CHECK_EQ(r, run->pfn.v, next);
        /* Ends suffice: pv_layout_table() was asked for all of them. */
        UNIT_CHECK_EQ(r, layout_ref_table(ref, run->level, run->number),
                      run->pfn.v);
        UNIT_CHECK_EQ(
            r, layout_ref_table(ref, run->level, run->number + run->count - 1),
            run->pfn.v + run->count - 1);
        next += run->count;
        count += run->count;
    }
    UNIT_CHECK_EQ(r, count, all_tables(layout));
}

static bool is_in(const struct pv_item *item, uint64_t pfn)
{
    return item->pages > 0 && pfn >= item->pfn.v &&
           pfn < item->pfn.v + item->pages;
}

static void compare_is_table(const struct unit_random *r,
                             const struct pv_layout *layout,
                             const struct layout_ref *ref)
{
    for (unsigned int i = 0; i < PV_ITEMS; i++) {
        const struct pv_item *item = &layout->item[i];

        for (uint64_t k = 0; k < 6 && item->pages > 0; k++) {
            uint64_t pfn = item->pfn.v + (k < 3 ? 0 : item->pages) + k % 3 - 1;
            bool wanted = is_in(&ref->item[PV_TABLES], pfn) ||
                          is_in(&ref->item[PV_P2M_TABLES], pfn);

            UNIT_CHECK(r, pv_layout_is_table(layout, PFN(pfn)) == wanted);
        }
    }
    UNIT_CHECK(r, !pv_layout_is_table(layout, PFN_INVALID));
}

/* Up to the last item that has contents: the stack and padding have none. */
static void compare_written_end(const struct unit_random *r,
                                const struct pv_layout *layout)
{
    uint64_t end = 0;

    for (unsigned int i = 0; i < PV_ITEMS; i++) {
        const struct pv_item *item = &layout->item[i];

        if (i != PV_BOOT_STACK && i != PV_PADDING && item->pages > 0 &&
            item->pfn.v + item->pages > end)
            end = item->pfn.v + item->pages;
    }
    UNIT_CHECK_EQ(r, pv_layout_written_end(layout).v, end);
}

/* ---- what holds for any plan, whatever was asked ---- */

static void check_order(const struct unit_random *r,
                        const struct pv_request *req,
                        const struct pv_layout *layout)
{
    const struct pv_item *item = layout->item;
    bool apart = item[PV_P2M].pages > 0 && layout->nr_maps == 2;
    bool unmapped[PV_ITEMS] = {false}, after;
    u128 next = 0;

    for (unsigned int i = 0; i < PV_MAX_MODULES; i++)
        unmapped[PV_MODULE0 + i] = req->kernel.unmapped_modules &&
                                   req->module[i].first.v == VADDR_NONE.v;
    for (unsigned int pass = 0; pass < 2; pass++)
        for (unsigned int i = 0; i < PV_ITEMS; i++) {
            bool chosen = i == PV_KERNEL || i == PV_MODULE0 || i == PV_MODULE1;

            after = unmapped[i] || i == PV_P2M_TABLES || (i == PV_P2M && apart);
            if (item[i].pages == 0 || after != (pass == 1))
                continue;
            UNIT_CHECK(r, item[i].pfn.v == next ||
                              (chosen && !unmapped[i] && item[i].pfn.v > next));
            next = (u128)item[i].pfn.v + item[i].pages;
            UNIT_CHECK(r, next <= req->ranges[0].end.v || req->nr_ranges > 1);
        }
    UNIT_CHECK(r, layout->end.v == next);
    UNIT_CHECK(r, next <= layout->p2m_entries);
}

static void check_sizes(const struct unit_random *r,
                        const struct pv_request *req,
                        const struct pv_layout *layout)
{
    const struct pv_item *item = layout->item;
    u128 bytes = (u128)layout->p2m_entries * layout->abi->word;
    u128 image = (u128)req->kernel.end.v - req->kernel.first.v;

    UNIT_CHECK(r, (u128)item[PV_P2M].pages * PAGE >= bytes);
    UNIT_CHECK(r, (u128)item[PV_P2M].pages * PAGE < bytes + PAGE);
    UNIT_CHECK(r, (u128)item[PV_KERNEL].pages * PAGE >= image);
    for (unsigned int i = 0; i < PV_MAX_MODULES; i++)
        UNIT_CHECK(r, (u128)item[PV_MODULE0 + i].pages * PAGE >=
                          req->module[i].bytes);
    UNIT_CHECK_EQ(r, item[PV_START_INFO].pages, 1);
    UNIT_CHECK_EQ(r, item[PV_XENSTORE].pages, 1);
    UNIT_CHECK_EQ(r, item[PV_CONSOLE].pages, 1);
    UNIT_CHECK_EQ(r, item[PV_BOOT_STACK].pages, 1);
    UNIT_CHECK(r, item[PV_PADDING].pages * PAGE >= 512 * KIB);
    UNIT_CHECK_EQ(r, layout->root.v, item[PV_TABLES].pfn.v);
}

static void check_region(const struct unit_random *r,
                         const struct pv_request *req,
                         const struct pv_layout *layout)
{
    const struct pv_item *item = layout->item;
    const struct pv_map *boot = &layout->map[0];
    u128 end = boot->end.v;
    u128 pages = (u128)item[PV_PADDING].pfn.v + item[PV_PADDING].pages;

    UNIT_CHECK(r, end == req->kernel.base.v + pages * PAGE);
    UNIT_CHECK(r, end % (4 * MIB) == 0);
    UNIT_CHECK_EQ(r, boot->pfn.v, 0);
    for (unsigned int i = 0; i < PV_ITEMS; i++) {
        const struct pv_map *map = &layout->map[0];
        u128 last = (u128)item[i].va.v + (u128)item[i].pages * PAGE - 1;

        if (item[i].pages == 0 || item[i].va.v == VADDR_NONE.v)
            continue;
        if (i == PV_P2M && layout->nr_maps == 2)
            map = &layout->map[1];
        UNIT_CHECK(r, item[i].va.v >= map->first.v);
        UNIT_CHECK(r, last <= map->end.v - 1);
        UNIT_CHECK_EQ(r, item[i].va.v - map->first.v,
                      (item[i].pfn.v - map->pfn.v) * PAGE);
    }
}

/* The tables make a tree: each but the root has the one above it. */
static void check_tree(const struct unit_random *r,
                       const struct pv_layout *layout)
{
    unsigned int levels = layout->abi->format->levels;

    for (unsigned int m = 0; m < layout->nr_maps; m++)
        for (unsigned int l = 0; l < levels; l++) {
            vaddr_t first = layout->map[m].first;
            vaddr_t last = VADDR(layout->map[m].end.v - 1);

            UNIT_CHECK(r, pfn_valid(pv_layout_table(layout, l, first)));
            UNIT_CHECK(r, pfn_valid(pv_layout_table(layout, l, last)));
        }
    if (levels == 3)
        for (uint64_t slot = layout->base.v / GIB; slot < 4; slot++)
            UNIT_CHECK(
                r, pfn_valid(pv_layout_table(layout, 1, VADDR(slot * GIB))));
}

static void check_plan(const struct unit_random *r,
                       const struct pv_request *req,
                       const struct pv_layout *layout)
{
    UNIT_CHECK(r, layout->abi == req->abi);
    UNIT_CHECK_EQ(r, layout->base.v, req->kernel.base.v);
    check_order(r, req, layout);
    check_sizes(r, req, layout);
    check_region(r, req, layout);
    check_tree(r, layout);
}

static void check_refusal(const struct unit_random *r, int rc,
                          const struct pv_refusal *why)
{
    UNIT_CHECK(r, rc == -EINVAL || rc == -ENOSPC);
    UNIT_CHECK(r, why->what != NULL && why->what[0] != '\0');
    if (rc == -ENOSPC)
        UNIT_CHECK(r, why->need > why->have);
}

/* ---- random domains ---- */

static bool compare(struct unit_random *r, const struct pv_request *req)
{
    struct pv_refusal why = {.what = NULL};
    struct pv_layout layout;
    struct layout_ref ref;
    int rc = pv_layout_plan(req, &layout, &why);

    layout_ref_plan(req, &ref);
    if (rc == 0) {
        UNIT_CHECK(r, !ref.invalid && !ref.no_space);
        compare_items(r, &layout, &ref);
        compare_maps(r, &layout, &ref);
        compare_tables(r, &layout, &ref);
        compare_runs(r, &layout, &ref);
        compare_is_table(r, &layout, &ref);
        compare_written_end(r, &layout);
        check_plan(r, req, &layout);
    } else {
        check_refusal(r, rc, &why);
        UNIT_CHECK(r, rc == -EINVAL ? ref.invalid : ref.no_space);
    }
    layout_ref_dispose(&ref);
    return rc == 0;
}

START_TEST(random_domains)
{
    bool big = _i != 0;
    unsigned int cases = big ? BIG_CASES : SMALL_CASES, planned = 0;

    for (unsigned int i = 0; i < cases; i++) {
        struct unit_random r = unit_random_case(i);
        struct random_request q;

        random_request(&r, big, &q);
        planned += compare(&r, &q.req);
    }
    /* Else nothing has been tested. */
    ck_assert_uint_gt(planned, cases / 4);
    ck_assert_uint_lt(planned, cases);
}
END_TEST

static int plan_with(struct random_request *q, uint64_t pages,
                     struct pv_layout *layout, struct pv_refusal *why)
{
    random_request_memory(q, pages);
    return pv_layout_plan(&q->req, layout, why);
}

static bool names_item(const char *what)
{
    bool named = false;

    for (unsigned int i = 0; i < PV_ITEMS; i++)
        named |= !strcmp(what, pv_item_name(i));
    return named;
}

/* The smallest memory does, and a page less is refused for want of room. */
START_TEST(smallest_memory)
{
    unsigned int found = 0;

    for (unsigned int i = 0; i < FIT_CASES; i++) {
        struct unit_random r = unit_random_case(i);
        struct random_request q;
        struct pv_refusal why;
        struct pv_layout layout;
        uint64_t too_few = 1, enough = 64 * GIB / PAGE;

        random_request(&r, unit_once_in(&r, 4), &q);
        if (plan_with(&q, enough, &layout, &why))
            continue;
        while (enough - too_few > 1) {
            uint64_t mid = too_few + (enough - too_few) / 2;

            if (plan_with(&q, mid, &layout, &why))
                too_few = mid;
            else
                enough = mid;
        }
        UNIT_CHECK_EQ(&r, plan_with(&q, enough, &layout, &why), 0);
        compare(&r, &q.req);
        UNIT_CHECK(&r, plan_with(&q, too_few, &layout, &why) == -ENOSPC);
        UNIT_CHECK(&r, names_item(why.what));
        UNIT_CHECK(&r, why.need > why.have);
        compare(&r, &q.req);
        found++;
    }
    ck_assert_uint_gt(found, FIT_CASES / 4);
}
END_TEST

/* Whatever comes in: an end, and a plan that holds or a refusal. */
START_TEST(hostile_values)
{
    unsigned int planned = 0;

    for (unsigned int i = 0; i < HOSTILE_CASES; i++) {
        struct unit_random r = unit_random_case(i);
        struct pv_refusal why = {.what = NULL};
        struct pv_layout layout;
        struct random_request q;
        int rc;

        hostile_request(&r, &q);
        rc = pv_layout_plan(&q.req, &layout, &why);
        if (rc == 0)
            check_plan(&r, &q.req, &layout);
        else
            check_refusal(&r, rc, &why);
        planned += rc == 0;
    }
    ck_assert_uint_gt(planned, HOSTILE_CASES / 50);
}
END_TEST

/* ---- examples and refusals, one by one ---- */

/* A kernel of 1 MiB at the base in 64 MiB; `q` must live as long. */
static void plain(struct random_request *q, const struct pv_abi *abi,
                  uint64_t base)
{
    memset(q, 0, sizeof(*q));
    q->req.abi = abi;
    q->req.kernel = (struct pv_kernel){
        .base = VADDR(base),
        .first = VADDR(base),
        .end = VADDR(base + MIB),
        .init_p2m = VADDR_NONE,
    };
    q->req.module[0].first = q->req.module[1].first = VADDR_NONE;
    random_request_memory(q, 64 * MIB / PAGE);
}

static int outcome(const struct random_request *q)
{
    struct pv_refusal why = {.what = NULL};
    struct pv_layout layout;
    int rc = pv_layout_plan(&q->req, &layout, &why);

    ck_assert_int_eq(rc != 0, why.what != NULL);
    return rc;
}

/* Counted by hand from xen/xen.h. */
START_TEST(pae_example)
{
    static const struct {
        enum pv_item_id id;
        uint64_t pfn, pages;
    } wanted[] = {
        {PV_KERNEL, 0, 256},    {PV_MODULE0, 256, 1},
        {PV_P2M, 257, 16},      {PV_START_INFO, 273, 1},
        {PV_XENSTORE, 274, 1},  {PV_CONSOLE, 275, 1},
        {PV_TABLES, 276, 4},    {PV_BOOT_STACK, 280, 1},
        {PV_PADDING, 281, 743},
    };
    struct random_request q;
    struct pv_refusal why;
    struct pv_layout layout;

    plain(&q, &pv_abi_x86_32p, 0xc0000000);
    q.req.module[0].bytes = 1;
    ck_assert_int_eq(pv_layout_plan(&q.req, &layout, &why), 0);
    for (unsigned int i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct pv_item *item = &layout.item[wanted[i].id];

        ck_assert_uint_eq(item->pfn.v, wanted[i].pfn);
        ck_assert_uint_eq(item->pages, wanted[i].pages);
        ck_assert_uint_eq(item->va.v, 0xc0000000 + wanted[i].pfn * PAGE);
    }
    ck_assert_uint_eq(layout.map[0].end.v, 0xc0400000);
    ck_assert_uint_eq(layout.root.v, 276); /* L3, L2 of slot 3, two L1 */
    ck_assert_uint_eq(pv_layout_table(&layout, 1, VADDR(0xffffffff)).v, 277);
    ck_assert_uint_eq(pv_layout_table(&layout, 0, VADDR(0xc01fffff)).v, 278);
    ck_assert_uint_eq(pv_layout_table(&layout, 0, VADDR(0xc0200000)).v, 279);
    ck_assert(!pfn_valid(pv_layout_table(&layout, 0, VADDR(0xc0400000))));
    ck_assert(!pfn_valid(pv_layout_table(&layout, 1, VADDR(0xbfffffff))));
    ck_assert_uint_eq(pv_layout_written_end(&layout).v, 280);
}
END_TEST

/* One page of padding too few makes the region 4 MiB longer. */
START_TEST(padding_of_512_kib)
{
    /* P2M, start info, rings, L3, L2 and two L1, stack: 16 + 3 + 4 + 1. */
    const uint64_t room = 1024 - 24 - 128;
    struct random_request q;
    struct pv_refusal why;
    struct pv_layout layout;

    plain(&q, &pv_abi_x86_32p, 0xc0000000);
    q.req.kernel.end.v = 0xc0000000 + room * PAGE;
    ck_assert_int_eq(pv_layout_plan(&q.req, &layout, &why), 0);
    ck_assert_uint_eq(layout.map[0].end.v, 0xc0400000);
    ck_assert_uint_eq(layout.item[PV_PADDING].pages, 128);
    q.req.kernel.end.v++;
    ck_assert_int_eq(pv_layout_plan(&q.req, &layout, &why), 0);
    ck_assert_uint_eq(layout.map[0].end.v, 0xc0800000);
    ck_assert_uint_eq(layout.item[PV_TABLES].pages, 6);
}
END_TEST

/* A P2M that the boot region's tables cover already needs none. */
START_TEST(p2m_without_tables)
{
    const uint64_t base = 0xffffffff80000000 + 64 * PAGE;
    struct random_request q;
    struct pv_refusal why;
    struct pv_layout layout;

    plain(&q, &pv_abi_x86_64, base);
    q.req.kernel.init_p2m = VADDR(base - 32 * PAGE);
    ck_assert_int_eq(pv_layout_plan(&q.req, &layout, &why), 0);
    ck_assert_uint_eq(layout.item[PV_P2M].pages, 32);
    ck_assert_uint_eq(layout.item[PV_P2M].pfn.v, 1024 - 64);
    ck_assert_uint_eq(layout.item[PV_P2M].va.v, base - 32 * PAGE);
    ck_assert_uint_eq(layout.item[PV_P2M_TABLES].pages, 0);
    ck_assert_uint_eq(layout.nr_maps, 2);
    ck_assert_uint_eq(pv_layout_written_end(&layout).v, layout.end.v);
    /* A page nearer, and its end would be in the kernel. */
    q.req.kernel.init_p2m.v += PAGE;
    ck_assert_int_eq(outcome(&q), -EINVAL);
}
END_TEST

START_TEST(refused_kernels)
{
    struct random_request q;

    plain(&q, &pv_abi_x86_32p, 0xc0000000);
    ck_assert_int_eq(outcome(&q), 0);
    q.req.kernel.first.v++;
    ck_assert_int_eq(outcome(&q), -EINVAL);
    plain(&q, &pv_abi_x86_32p, 0xc0000001);
    q.req.kernel.first.v = 0xc0001000;
    ck_assert_int_eq(outcome(&q), -EINVAL);
    plain(&q, &pv_abi_x86_32p, 0xc0000000);
    q.req.kernel.first.v -= PAGE;
    ck_assert_int_eq(outcome(&q), -EINVAL);
    plain(&q, &pv_abi_x86_32p, 0xc0000000);
    q.req.kernel.end = q.req.kernel.first;
    ck_assert_int_eq(outcome(&q), -EINVAL);
    q.req.kernel.end.v = 0;
    ck_assert_int_eq(outcome(&q), -EINVAL);
}
END_TEST

/* The last region of 4 MiB that fits does, the next is refused. */
START_TEST(refused_addresses)
{
    static const struct {
        const struct pv_abi *abi;
        uint64_t good, bad;
    } edge[] = {
        {&pv_abi_x86_32p, 0xf5400000, 0xf5700000}, /* Xen's */
        {&pv_abi_x86_32p, 0, 0xffc00000},          /* the end of 4 GiB */
        {&pv_abi_x86_32p, 0, 0x100000000},
        {&pv_abi_x86_32p, 0, 0xffffffff80000000},
        {&pv_abi_x86_64, 0x7fffffc00000, 0x7ffffff00000}, /* the hole */
        {&pv_abi_x86_64, 0, 0xffff7fffffc00000},
        {&pv_abi_x86_64, 0xffff880000000000, 0xffff87ffffc00000}, /* Xen's */
        {&pv_abi_x86_64, 0, 0xffff800000000000},
        {&pv_abi_x86_64, 0xffffffffff800000, 0xffffffffffc00000}, /* top */
    };

    for (unsigned int i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
        struct random_request q;

        plain(&q, edge[i].abi, edge[i].good);
        ck_assert_msg(outcome(&q) == 0, "%#" PRIx64, edge[i].good);
        plain(&q, edge[i].abi, edge[i].bad);
        ck_assert_msg(outcome(&q) == -EINVAL, "%#" PRIx64, edge[i].bad);
    }
}
END_TEST

START_TEST(refused_memory)
{
    static const struct {
        uint64_t first[2], end[2];
        int rc;
    } memory[] = {
        {{0, 10000}, {10000, 20000}, 0},
        {{0, 10001}, {10000, 20000}, 0},
        {{0, 9999}, {10000, 20000}, -EINVAL},
        {{0, 0}, {10000, 20000}, -EINVAL},
        {{0, 10000}, {10000, 10000}, -EINVAL},
        {{0, 10000}, {10000, 9000}, -EINVAL},
        {{10000, 0}, {20000, 10000}, -EINVAL},
        {{1, 10000}, {10000, 20000}, -ENOSPC},
        {{0, 101}, {100, 20000}, -ENOSPC}, /* a hole in the kernel */
        {{0, 100}, {100, 20000}, 0},
    };
    struct random_request q;

    for (unsigned int i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
        plain(&q, &pv_abi_x86_64, 0xffffffff80000000);
        q.req.nr_ranges = 2;
        for (unsigned int k = 0; k < 2; k++)
            q.range[k] = (struct pv_range){PFN(memory[i].first[k]),
                                           PFN(memory[i].end[k]), k};
        ck_assert_int_eq(outcome(&q), memory[i].rc);
    }
    q.req.nr_ranges = 0;
    ck_assert_int_eq(outcome(&q), -ENOSPC);
    /* Frames without an address; their P2M would wrap to nothing. */
    random_request_memory(&q, UINT64_C(1) << 61);
    ck_assert_int_eq(outcome(&q), -EINVAL);
}
END_TEST

START_TEST(refused_modules)
{
    struct random_request q;

    plain(&q, &pv_abi_x86_32p, 0xc0000000);
    q.req.module[0] = (struct pv_module){1, VADDR(0xc0000000 + MIB)};
    ck_assert_int_eq(outcome(&q), 0);
    q.req.module[1] = (struct pv_module){1, VADDR(0xc0000000 + MIB)};
    ck_assert_int_eq(outcome(&q), -EINVAL);
    q.req.module[1].bytes = 0; /* no module at all */
    ck_assert_int_eq(outcome(&q), 0);
    q.req.module[0].first.v -= PAGE;
    ck_assert_int_eq(outcome(&q), -EINVAL);
    q.req.module[0].first.v += PAGE + 1;
    ck_assert_int_eq(outcome(&q), -EINVAL);
    q.req.module[0].first.v = 0xc0000000 + 64 * MIB;
    ck_assert_int_eq(outcome(&q), -ENOSPC);

    /* The first module goes up to, or over, the end of all addresses. */
    plain(&q, &pv_abi_x86_64, 0 - 8 * MIB);
    q.req.module[0].bytes = 7 * MIB;
    q.req.module[1] = (struct pv_module){1, VADDR(0 - MIB)};
    ck_assert_int_eq(outcome(&q), -EINVAL);
    q.req.module[0].bytes = 16 * MIB;
    ck_assert_int_eq(outcome(&q), -EINVAL);
}
END_TEST

START_TEST(item_names)
{
    for (unsigned int i = 0; i < PV_ITEMS; i++) {
        ck_assert_ptr_nonnull(pv_item_name(i));
        for (unsigned int k = 0; k < i; k++)
            ck_assert_str_ne(pv_item_name(i), pv_item_name(k));
    }
}
END_TEST

/* ---- extents ---- */

/* The aligned part is all aligned blocks that lie inside, and no more. */
START_TEST(extents)
{
    ck_assert_uint_eq(extent_orders[0], 9); /* 2 MiB */
    ck_assert_uint_eq(extent_orders[1], 4); /* 64 KiB */
    ck_assert_uint_eq(extent_orders[2], 0);
    for (uint64_t first = 0; first < 40; first++)
        for (uint64_t end = first; end < 40; end++)
            for (unsigned int order = 0; order < 6; order++) {
                struct pfn_range all = {PFN(first), PFN(end)};
                struct pfn_range mid = extents_aligned(all, order);
                uint64_t size = UINT64_C(1) << order, blocks = 0, lowest = 0;

                for (uint64_t at = 0; at + size <= end; at += size)
                    if (at >= first && blocks++ == 0)
                        lowest = at;
                ck_assert(extents_count(mid, order) == blocks);
                ck_assert(mid.end.v - mid.first.v == blocks * size);
                ck_assert(mid.first.v == (blocks ? lowest : end));
            }
}
END_TEST

START_TEST(extents_of_any_range)
{
    for (unsigned int i = 0; i < 20000; i++) {
        struct unit_random r = unit_random_case(i);
        uint64_t end = unit_random64(&r) >> unit_below(&r, 64);
        uint64_t length = unit_random64(&r) >> unit_below(&r, 64);
        unsigned int order = UNIT_ONE_OF(&r, extent_orders);
        u128 size = (u128)1 << order;
        struct pfn_range all, mid;
        u128 low, high;

        all =
            (struct pfn_range){PFN(length > end ? 0 : end - length), PFN(end)};
        low = (all.first.v + size - 1) / size * size;
        high = end / size * size;
        mid = extents_aligned(all, order);
        UNIT_CHECK(&r, mid.first.v == (low < high ? low : end));
        UNIT_CHECK(&r, mid.end.v == (low < high ? high : end));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tc = tcase_create("random");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, random_domains, 0, 2);
    tcase_add_test(tc, smallest_memory);
    tcase_add_test(tc, hostile_values);
    suite_add_tcase(suite, tc);

    tc = tcase_create("examples");
    tcase_add_test(tc, pae_example);
    tcase_add_test(tc, padding_of_512_kib);
    tcase_add_test(tc, p2m_without_tables);
    tcase_add_test(tc, refused_kernels);
    tcase_add_test(tc, refused_addresses);
    tcase_add_test(tc, refused_memory);
    tcase_add_test(tc, refused_modules);
    tcase_add_test(tc, item_names);
    suite_add_tcase(suite, tc);

    tc = tcase_create("extents");
    tcase_add_test(tc, extents);
    tcase_add_test(tc, extents_of_any_range);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
