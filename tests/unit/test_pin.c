/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pin_plan() as Xen would see it: a model of the type counts that pinning
 * takes and drops, over the tree that the layout's maps make.
 */
#include <string.h>

#include "layout_random.h"
#include "pv/pin_plan.h"

#define CASES 2500

/* A table, as Xen's frame table keeps it. */
struct frame {
    bool table; /* of the plan */
    bool pinned;
    bool validated;
    unsigned int level;
    unsigned int types;  /* references that hold it to its type */
    unsigned int parent; /* index of the table that points to it */
    unsigned int pins, unpins;
};

struct xen {
    struct frame *frame; /* by index: see index_of() */
    unsigned int frames, special, root;
    uint64_t recursions; /* tables that a pin validated below itself */
};

static unsigned int index_of(const struct pv_layout *layout, pfn_t pfn)
{
    uint64_t boot = layout->item[PV_TABLES].pages;

    if (pfn.v - layout->item[PV_TABLES].pfn.v < boot)
        return (unsigned int)(pfn.v - layout->item[PV_TABLES].pfn.v);
    return (unsigned int)(boot + pfn.v - layout->item[PV_P2M_TABLES].pfn.v);
}

static void enter(struct xen *xen, const struct pv_layout *layout,
                  unsigned int level, vaddr_t va)
{
    const struct pt_format *fmt = layout->abi->format;
    pfn_t pfn = pv_layout_table(layout, level, va);
    struct frame *f = &xen->frame[index_of(layout, pfn)];

    *f = (struct frame){.table = true, .level = level};
    if (level + 1 < fmt->levels)
        f->parent = index_of(layout, pv_layout_table(layout, level + 1, va));
}

static struct xen xen_new(const struct pv_layout *layout)
{
    const struct pt_format *fmt = layout->abi->format;
    struct xen xen = {
        .frames = (unsigned int)all_tables(layout),
        .special = UINT32_MAX,
        .root = index_of(layout, layout->root),
    };

    xen.frame = calloc(xen.frames, sizeof(*xen.frame));
    if (!xen.frame)
        abort();
    for (unsigned int i = 0; i < layout->nr_runs; i++) {
        const struct pv_run *run = &layout->run[i];

        for (uint64_t n = 0; n < run->count; n++)
            enter(&xen, layout, run->level,
                  pv_table_va(fmt, run->level, run->number + n));
    }
    if (fmt->levels == 3)
        xen.special =
            index_of(layout, pv_layout_table(layout, 1, VADDR(0xc0000000)));
    return xen;
}

/*
 * A first reference to a type validates the table, which takes a reference to
 * each table below.
 */
static void get_type(struct xen *xen, unsigned int i, bool by_pin)
{
    struct frame *f = &xen->frame[i];

    if (f->types++ > 0)
        return;
    f->validated = true;
    xen->recursions += !by_pin;
    for (unsigned int k = 0; f->level > 0 && k < xen->frames; k++)
        if (k != xen->root && xen->frame[k].parent == i)
            get_type(xen, k, false);
}

static void put_type(struct xen *xen, unsigned int i)
{
    struct frame *f = &xen->frame[i];

    if (--f->types > 0)
        return;
    f->validated = false;
    for (unsigned int k = 0; f->level > 0 && k < xen->frames; k++)
        if (k != xen->root && xen->frame[k].parent == i)
            put_type(xen, k);
}

/* NULL, or why Xen would refuse the step. */
static const char *step(struct xen *xen, const struct pv_layout *layout,
                        const struct pin_step *s)
{
    struct frame *f;
    unsigned int i;

    if (!pv_layout_is_table(layout, s->pfn))
        return "not a table";
    i = index_of(layout, s->pfn);
    f = &xen->frame[i];
    if (s->level != f->level)
        return "the type of another level";
    if (i == xen->special)
        return "the L2 of slot 3 cannot be pinned";
    if (s->pin == f->pinned)
        return s->pin ? "pinned already" : "not pinned";
    f->pinned = s->pin;
    if (s->pin) {
        f->pins++;
        get_type(xen, i, true);
    } else {
        f->unpins++;
        put_type(xen, i);
    }
    return NULL;
}

static void run_steps(struct unit_random *r, struct xen *xen,
                      const struct pv_layout *layout,
                      const struct pin_step *steps, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const char *why = step(xen, layout, &steps[i]);

        UNIT_CHECK(r, why == NULL);
    }
}

/* The root alone is pinned, and the tree below it holds all others. */
static void check_outcome(const struct unit_random *r, const struct xen *xen)
{
    for (unsigned int i = 0; i < xen->frames; i++) {
        const struct frame *f = &xen->frame[i];

        UNIT_CHECK(r, f->table);
        UNIT_CHECK(r, f->validated);
        UNIT_CHECK_EQ(r, f->types, 1);
        UNIT_CHECK(r, f->pinned == (i == xen->root));
    }
}

/* Every table but the special one by itself, each once, levels upwards. */
static void check_levels(struct unit_random *r, const struct xen *xen,
                         const struct pin_step *steps, uint64_t count)
{
    uint64_t pins = 0;

    while (pins < count && steps[pins].pin)
        pins++;
    for (uint64_t i = 1; i < pins; i++)
        UNIT_CHECK(r, steps[i].level >= steps[i - 1].level);
    for (uint64_t i = pins; i < count; i++)
        UNIT_CHECK(r, !steps[i].pin);
    for (unsigned int i = 0; i < xen->frames; i++) {
        UNIT_CHECK_EQ(r, xen->frame[i].pins, i != xen->special);
        UNIT_CHECK_EQ(r, xen->frame[i].unpins,
                      i != xen->special && i != xen->root);
    }
    /* Nothing is left for Xen to recurse into, but that one L2. */
    UNIT_CHECK_EQ(r, xen->recursions, xen->special != UINT32_MAX);
}

static void check_order(struct unit_random *r, const struct pv_layout *layout,
                        enum pin_order order)
{
    uint64_t count = pin_plan(layout, order, NULL, 0);
    struct pin_step *steps = calloc(count + 1, sizeof(*steps));
    struct xen xen = xen_new(layout);

    ck_assert_ptr_nonnull(steps);
    UNIT_CHECK_EQ(r, pin_plan(layout, order, steps, count), count);
    run_steps(r, &xen, layout, steps, count);
    check_outcome(r, &xen);
    if (order == PIN_LEVELS) {
        check_levels(r, &xen, steps, count);
    } else {
        UNIT_CHECK_EQ(r, count, 1);
        UNIT_CHECK_EQ(r, xen.recursions, xen.frames - 1);
    }
    free(xen.frame);
    free(steps);
}

/* Too little room: the number all the same, the first steps, and no more. */
static void check_short(struct unit_random *r, const struct pv_layout *layout,
                        enum pin_order order)
{
    uint64_t count = pin_plan(layout, order, NULL, 0);
    uint64_t max = unit_below(r, count + 1);
    size_t bytes = (count + 2) * sizeof(struct pin_step);
    struct pin_step *all = malloc(bytes), *part = malloc(bytes);

    ck_assert(all && part);
    memset(all, 0x5a, bytes);
    memset(part, 0x5a, bytes);
    UNIT_CHECK_EQ(r, pin_plan(layout, order, all, count + 2), count);
    UNIT_CHECK_EQ(r, pin_plan(layout, order, part, max), count);
    for (uint64_t i = 0; i < max; i++)
        UNIT_CHECK(r, part[i].pin == all[i].pin &&
                          part[i].level == all[i].level &&
                          part[i].pfn.v == all[i].pfn.v);
    /* What lies beyond is as it was. */
    memset(part, 0x5a, max * sizeof(*part));
    memset(all, 0x5a, bytes);
    UNIT_CHECK(r, !memcmp(part, all, bytes));
    free(all);
    free(part);
}

START_TEST(random_layouts)
{
    enum pin_order order = _i == 0 ? PIN_LEVELS : PIN_ROOT;
    unsigned int planned = 0;

    for (unsigned int i = 0; i < CASES; i++) {
        struct unit_random r = unit_random_case(i);
        struct random_request q;
        struct pv_refusal why;
        struct pv_layout layout;

        random_request(&r, false, &q);
        if (pv_layout_plan(&q.req, &layout, &why))
            continue;
        check_order(&r, &layout, order);
        check_short(&r, &layout, order);
        planned++;
    }
    ck_assert_uint_gt(planned, CASES / 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pin");
    TCase *tc = tcase_create("pin");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, random_layouts, 0, 2);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
