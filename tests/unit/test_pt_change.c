/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subtrees that are built aside and installed; splits. */
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

/* Everything is as the list says, and nothing was lost on the way. */
static void check(void)
{
    ref_check_all(&ref);
    world_quiet(&world);
    world_stored(&world);
    ck_assert_msg(world.violation == NULL, "%s: %s", world.fmt->name,
                  world.violation);
    ck_assert_uint_eq(world.used, 1 + world.allocs - world.frees);
}

static void done(void)
{
    check();
    world_dispose(&world);
}

/* Where most formats have leaves of `level`, with tables on both sides. */
static uint64_t place(unsigned int level)
{
    return 3 * pt_span(world.fmt, level);
}

/* A leaf that says all it can, and is in use at both ends. */
static struct pt_run map_leaf(unsigned int level)
{
    const struct pt_format *fmt = world.fmt;
    uint64_t span = pt_span(fmt, level), va = place(level);
    struct pt_run run = {
        .first = VADDR(va),
        .end = VADDR(va + span),
        .mfn = MFN(5 * span / PAGE),
        .prot = PT_READ | PT_WRITE | PT_USER,
        .memory = fmt->set_memory != NULL ? PT_WT : PT_WB,
        .software = fmt->software,
        .largest = level,
    };

    ck_assert_int_eq(pt_map_run(&world.pt, &run), 0);
    ref_add_run(&ref, &run);
    world_touch(&world, va);
    world_touch(&world, va + span - 1);
    world.stores = world.invalidations = world.publishes = 0;
    return run;
}

/* Calls `run` for each level that has leaves, and each below that has some. */
static void for_levels(const struct pt_format *fmt,
                       void (*run)(unsigned int from, unsigned int to))
{
    for (unsigned int from = 1; from < fmt->levels; from++)
        for (unsigned int to = 0; to < from; to++)
            if (fmt->level[from].leaf && fmt->level[to].leaf) {
                begin(fmt);
                run(from, to);
                done();
            }
}

/* One break and one make, or one store; one invalidation of all of it. */
static void assert_changed_once(unsigned int level, bool broken)
{
    ck_assert_uint_eq(world.stores, broken ? 2 : 1);
    ck_assert_uint_eq(world.invalidations, 1);
    ck_assert(world.flushed == place(level) &&
              world.flushed_bytes == pt_span(world.fmt, level));
}

static void split_at(unsigned int from, unsigned int to)
{
    const struct pt_format *fmt = world.fmt;
    uint64_t span = pt_span(fmt, from);
    const uint64_t offset[] = {0, span / 2 + PAGE + 7, span - 1};

    for (unsigned int i = 0; i < 3; i++) {
        struct pt_run run = map_leaf(from);
        uint64_t at = run.first.v + offset[i];
        struct pt_broken token;

        ck_assert_int_eq(pt_split(&world.pt, VADDR(at), from), 0);
        ck_assert_uint_eq(world.stores, 0); /* it is so already */
        ck_assert_int_eq(pt_split(&world.pt, VADDR(at), to), 0);
        assert_changed_once(from, fmt->break_first);
        ref_split(&ref, at, to);
        ck_assert_uint_eq(ref_at(&ref, at)->level, to);
        check();
        world.stores = 0;
        ck_assert_int_eq(pt_split(&world.pt, VADDR(at), to), 0);
        ck_assert_uint_eq(world.stores, 0);

        ck_assert_int_eq(pt_break(&world.pt, run.first, from, &token), 0);
        ref.n = 0;
        check();
    }
}

START_TEST(split)
{
    for_levels(test_format[_i], split_at);
}
END_TEST

/* Each level on its way down by itself gives the same. */
static void split_steps(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from);
    uint64_t at = run.first.v + pt_span(world.fmt, from) / 2;

    for (unsigned int level = from; level-- > to;) {
        if (!world.fmt->level[level].leaf)
            continue;
        ck_assert_int_eq(pt_split(&world.pt, VADDR(at), level), 0);
        ref_split(&ref, at, level);
        check();
    }
}

START_TEST(split_by_steps)
{
    for_levels(test_format[_i], split_steps);
}
END_TEST

START_TEST(split_refused)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int top = fmt->levels - 1;

    begin(fmt);
    while (!fmt->level[top].leaf)
        top--;
    map_leaf(top);
    ck_assert_int_eq(pt_split(&world.pt, VADDR(place(top)), fmt->levels),
                     -EINVAL);
    ck_assert_int_eq(pt_split(&world.pt, VADDR(UINT64_C(1) << 62), 0), -EINVAL);
    ck_assert_int_eq(pt_split(&world.pt, VADDR(0), 0), -ENOENT);
    for (unsigned int level = 0; level < top; level++)
        if (!fmt->level[level].leaf)
            ck_assert_int_eq(pt_split(&world.pt, VADDR(place(top)), level),
                             -EDOM);
    ck_assert_uint_eq(world.stores + world.frees, 0);
    done();
}
END_TEST

/* What somebody else made large where the format writes no such leaves. */
START_TEST(split_foreign)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t *slot;

    begin(fmt);
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 9, 0), 0);
    slot = &world_find(&world, 1, 0)->slot[1];
    *slot = 0x4000e7;
    ck_assert_int_eq(pt_split(&world.pt, VADDR(pt_span(fmt, 1)), 0), -EDOM);
    ck_assert(*slot == 0x4000e7);
    *slot = 0;
    done();
}
END_TEST

static void split_no_memory(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from);
    unsigned int used = world.used;
    int rc = -ENOMEM;

    for (long n = 0; rc == -ENOMEM; n++) {
        world.fail_alloc = n;
        rc = pt_split(&world.pt, run.first, to);
        if (rc == -ENOMEM) {
            ck_assert_uint_eq(world.used, used);
            ck_assert_uint_eq(world.stores + world.invalidations, 0);
            check();
        }
    }
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_ge(world.used, used + from - to);
    ref_split(&ref, run.first.v, to);
}

START_TEST(split_without_memory)
{
    for_levels(test_format[_i], split_no_memory);
}
END_TEST

/*
 * Each store refused, and where a make is, what puts the old leaf back as well:
 * only then is it gone, and that is said.
 */
static void split_no_store(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from);
    unsigned int used = world.used;

    for (long n = 0; n <= world.fmt->break_first; n++) {
        world.fail_store = n;
        world.refusals = 1;
        ck_assert_int_eq(pt_split(&world.pt, run.first, to), -EPERM);
        ck_assert_int_eq(world.fail_store, -1);
        ck_assert_uint_eq(world.used, used);
        ck_assert_uint_eq(world.invalidations, n > 0);
        check();
    }
    if (!world.fmt->break_first)
        return;
    world.fail_store = 1;
    world.refusals = 2;
    ck_assert_int_eq(pt_split(&world.pt, run.first, to), -ENOTRECOVERABLE);
    ck_assert_uint_eq(world.used, used);
    ref.n = 0;
}

START_TEST(split_store_refused)
{
    for_levels(test_format[_i], split_no_store);
}
END_TEST

static void split_no_publish(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from);
    unsigned int used = world.used;
    int rc = -EACCES;

    for (long n = 0; rc == -EACCES; n++) {
        world.fail_publish = n;
        rc = pt_split(&world.pt, run.first, to);
        ck_assert_uint_eq(world.publishes, n);
        if (rc == -EACCES) {
            ck_assert_uint_eq(world.used, used);
            ck_assert_uint_eq(world.stores, 0);
            check();
        }
        world.publishes = 0;
    }
    ck_assert_int_eq(rc, 0);
    ref_split(&ref, run.first.v, to);
}

START_TEST(split_publish_refused)
{
    for_levels(test_format[_i], split_no_publish);
}
END_TEST

/* Whichever table above the leaf is out of reach, and the new one. */
static void split_no_table(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from);
    struct world_table *t = world.table;

    for (unsigned int level = from; level < world.fmt->levels; level++) {
        world.unreachable =
            world_mfn(&world, world_find(&world, level, run.first.v));
        ck_assert_int_eq(pt_split(&world.pt, run.first, to), -EFAULT);
    }
    while (t->used)
        t++;
    world.unreachable = world_mfn(&world, t);
    ck_assert_int_eq(pt_split(&world.pt, run.first, to), -EFAULT);
    world.unreachable = MFN_INVALID;
    ck_assert_uint_eq(world.stores + world.invalidations, 0);
}

START_TEST(split_unreachable)
{
    for_levels(test_format[_i], split_no_table);
}
END_TEST

/* ---- subtrees ---- */

START_TEST(subtree_new)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int root = fmt->levels - 1;
    struct pt_subtree sub;

    begin(fmt);
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(0), 0, &sub), -EINVAL);
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(0), root + 1, &sub),
                     -EINVAL);
    ck_assert_int_eq(
        pt_subtree_new(&world.pt, VADDR(UINT64_C(1) << 62), 1, &sub), -EINVAL);
    world.fail_alloc = 0;
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(0), 1, &sub), -ENOMEM);
    /* It holds nothing, and that may be done with it. */
    ck_assert_int_eq(pt_subtree_publish(&sub), -EINVAL);
    ck_assert_int_eq(pt_replace(&world.pt, &sub), -EINVAL);
    pt_subtree_discard(&sub);
    world.fail_alloc = -1;
    for (unsigned int level = 1; level <= root; level++) {
        uint64_t va = place(level);

        ck_assert_int_eq(
            pt_subtree_new(&world.pt, VADDR(va + PAGE + 3), level, &sub), 0);
        ck_assert(sub.va.v == va && sub.level == level);
        ck_assert_uint_eq(world.used, 2);
        pt_subtree_discard(&sub);
        pt_subtree_discard(&sub);
        ck_assert_uint_eq(world.used, 1);
    }
    ck_assert_uint_eq(world.stores, 0);
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

static void count_free(void *ctx, unsigned int level, mfn_t mfn)
{
    struct world *w = ctx;

    ck_assert(level == 0 && mfn.v == UINT64_C(1) << 40);
    w->frees++;
}

START_TEST(subtree_wide)
{
    struct pt_subtree sub;

    begin(test_format[_i]);
    world.ops.alloc = wide_alloc;
    world.ops.free = count_free;
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(0), 1, &sub), -ERANGE);
    ck_assert_uint_eq(world.frees, 1);
    world.ops.free = NULL;
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(0), 1, &sub), -ERANGE);
    world_dispose(&world);
}
END_TEST

START_TEST(subtree_run)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t va = world_canonical(fmt, UINT64_MAX - pt_span(fmt, 1) + 1);
    uint64_t end = va + pt_span(fmt, 1);
    struct pt_run run = {.mfn = MFN(7)};
    struct pt_subtree sub;

    /* The last entry of the address space; nothing around it. */
    begin(fmt);
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(va), 1, &sub), 0);
    run.first = VADDR(va - PAGE);
    run.end = VADDR(va + PAGE);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), -EINVAL);
    run.first = VADDR(end - PAGE);
    run.end = VADDR(end + PAGE);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), -EINVAL);
    run.first = VADDR(0);
    run.end = VADDR(PAGE);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), -EINVAL);
    run.first = VADDR(end - 2 * PAGE);
    run.end = VADDR(end);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), 0);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), -EEXIST);
    ck_assert_int_eq(pt_subtree_publish(&sub), 0);
    ck_assert_int_eq(pt_subtree_publish(&sub), 0); /* once is enough */
    ck_assert_uint_eq(world.publishes, 1);
    run.first = VADDR(va);
    run.end = VADDR(va + PAGE);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), -EINVAL);
    ck_assert_uint_eq(world.stores + world.invalidations, 0);
    pt_subtree_discard(&sub);
    /* One with neighbours on both sides. */
    va = place(1);
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(va), 1, &sub), 0);
    run.first = VADDR(va - PAGE);
    run.end = VADDR(va);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), -EINVAL);
    run.first = VADDR(va + pt_span(fmt, 1) - PAGE);
    run.end = VADDR(va + pt_span(fmt, 1) + PAGE);
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), -EINVAL);
    run.end = VADDR(va + pt_span(fmt, 1));
    ck_assert_int_eq(pt_subtree_map_run(&sub, &run), 0);
    pt_subtree_discard(&sub);
    done();
}
END_TEST

static int map_pages(struct pt_subtree *sub, uint64_t first, uint64_t n,
                     uint64_t mfn)
{
    const struct pt_run run = {.first = VADDR(sub->va.v + first * PAGE),
                               .end = VADDR(sub->va.v + (first + n) * PAGE),
                               .mfn = MFN(mfn)};

    return pt_subtree_map_run(sub, &run);
}

static uint64_t frame_of(const struct pt_subtree *sub, uint64_t page)
{
    struct pt_entry leaf;

    ck_assert_int_eq(
        pt_lookup(&sub->tables, VADDR(sub->va.v + page * PAGE), &leaf, NULL),
        0);
    return leaf.kind == PT_LEAF ? leaf.mfn.v : 0;
}

/* Whatever came before it, and in which order: nothing is written over. */
START_TEST(subtree_overlap)
{
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int level = 1; level < fmt->levels; level++) {
        /* Across a table's end, where there are several. */
        uint64_t at = level == 1 ? 6 : pt_entries(fmt, 0) - 2;
        struct pt_subtree sub;

        begin(fmt);
        ck_assert_int_eq(
            pt_subtree_new(&world.pt, VADDR(place(level)), level, &sub), 0);
        ck_assert_int_eq(map_pages(&sub, at, 4, 0x100), 0);
        ck_assert_int_eq(map_pages(&sub, at - 2, 3, 0x200), -EEXIST);
        ck_assert_int_eq(map_pages(&sub, at + 3, 2, 0x300), -EEXIST);
        ck_assert_int_eq(map_pages(&sub, at + 5, 1, 0x400), 0);
        ck_assert_int_eq(map_pages(&sub, at + 4, 2, 0x500), -EEXIST);
        ck_assert_int_eq(map_pages(&sub, at - 4, 2, 0x600), 0);
        for (uint64_t i = 0; i < 4; i++)
            ck_assert_uint_eq(frame_of(&sub, at + i), 0x100 + i);
        ck_assert_uint_eq(frame_of(&sub, at - 2), 0x200);
        ck_assert_uint_eq(frame_of(&sub, at - 1), 0x201);
        ck_assert_uint_eq(frame_of(&sub, at + 4), 0x500);
        ck_assert_uint_eq(frame_of(&sub, at + 5), 0x400);
        ck_assert_uint_eq(frame_of(&sub, at - 3), 0x601);
        pt_subtree_discard(&sub);
        done();
    }
}
END_TEST

/* In place of the leaf `run`: one page of it elsewhere, the others as they are.
 */
static void build_changed(struct pt_subtree *sub, const struct pt_run *run,
                          unsigned int level, struct pt_run *page)
{
    struct pt_entry leaf;
    uint64_t at = run->first.v + pt_span(world.fmt, level) / 2;

    *page = (struct pt_run){.first = VADDR(at),
                            .end = VADDR(at + PAGE),
                            .mfn = MFN(0x77),
                            .prot = PT_READ};
    ck_assert_int_eq(pt_lookup(&world.pt, run->first, &leaf, NULL), 0);
    ck_assert_int_eq(pt_subtree_new(&world.pt, run->first, level, sub), 0);
    ck_assert_int_eq(
        pt_subtree_copy(sub, &leaf, run->first, page->first, level), 0);
    ck_assert_int_eq(pt_subtree_map_run(sub, page), 0);
    ck_assert_int_eq(pt_subtree_copy(sub, &leaf, page->end, run->end, level),
                     0);
    ck_assert_uint_eq(world.stores, 0);
}

/* What that is, in the list. */
static void ref_changed(const struct pt_run *page)
{
    ref_split(&ref, page->first.v, 0);
    ref_remove(&ref, page->first.v, page->first.v);
    ref_add_run(&ref, page);
}

static void replace_leaf(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from), page;
    struct pt_subtree sub;

    if (to != 0)
        return;
    build_changed(&sub, &run, from, &page);
    ck_assert_int_eq(pt_replace(&world.pt, &sub), 0);
    assert_changed_once(from, true);
    ref_changed(&page);
    check();
    pt_subtree_discard(&sub); /* it is the tree's */
    ck_assert_int_eq(pt_replace(&world.pt, &sub), -EINVAL);
}

START_TEST(replace)
{
    for_levels(test_format[_i], replace_leaf);
}
END_TEST

static void replace_no_store(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from), page;
    unsigned int used = world.used;
    struct pt_subtree sub;

    if (to != 0)
        return;
    build_changed(&sub, &run, from, &page);
    world.fail_publish = 0;
    ck_assert_int_eq(pt_replace(&world.pt, &sub), -EACCES);
    world.fail_publish = -1;
    for (long n = 0; n < 2; n++) {
        world.fail_store = n;
        world.refusals = 1;
        ck_assert_int_eq(pt_replace(&world.pt, &sub), -EPERM);
        ck_assert_int_eq(sub.level, from); /* the caller's still */
        ck_assert_uint_eq(world.invalidations, n > 0);
        ref_check_walk(&ref, run.first.v, run.end.v, PT_VISIT_LEAF, REF_NOSKIP);
    }
    world.fail_store = 1;
    world.refusals = 2;
    ck_assert_int_eq(pt_replace(&world.pt, &sub), -ENOTRECOVERABLE);
    ck_assert_int_eq(pt_replace(&world.pt, &sub), -ENOENT);
    pt_subtree_discard(&sub);
    ck_assert_uint_eq(world.used, used);
    ref.n = 0;
}

START_TEST(replace_store_refused)
{
    for_levels(test_format[_i], replace_no_store);
}
END_TEST

/* A TABLE is for pt_break() to take away, as its tables have to be freed. */
START_TEST(replace_table)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_pending pending = {0};
    struct pt_subtree sub;

    begin(fmt);
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 9, 0), 0);
    world.aside = true;
    world.stores = 0;
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(0), 1, &sub), 0);
    ck_assert_int_eq(pt_replace(&world.pt, &sub), -EEXIST);
    ck_assert_int_eq(pt_relink(&world.pt, &sub, &pending), -EEXIST);
    ck_assert_uint_eq(world.stores, 0);
    pt_subtree_discard(&sub);
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(pt_span(fmt, 1)), 1, &sub),
                     0);
    ck_assert_int_eq(pt_replace(&world.pt, &sub), -ENOENT);
    pt_subtree_discard(&sub);
    done();
}
END_TEST

/* Tables, with leaves below them or none, by others that were built before. */
START_TEST(install)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token = {0};
    struct pt_run run = {.mfn = MFN(0x55), .prot = PT_READ};

    for (unsigned int level = 1; level < fmt->levels; level++) {
        uint64_t last = pt_span(fmt, level) - 1;
        struct pt_subtree sub;

        begin(fmt);
        world.aside = true;
        ck_assert_int_eq(ref_map(&ref, 0, 3 * PAGE, 9, PT_WRITE), 0);
        world_touch(&world, PAGE);
        ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(PAGE), level, &sub),
                         0);
        run.first = VADDR(2 * PAGE);
        run.end = VADDR(5 * PAGE);
        ck_assert_int_eq(pt_subtree_map_run(&sub, &run), 0);
        ck_assert_int_eq(pt_install(&world.pt, &token, &sub), -EINVAL);
        ck_assert_int_eq(pt_subtree_publish(&sub), 0);
        world.stores = 0;
        ck_assert_int_eq(pt_break(&world.pt, VADDR(0), level, &token), 0);
        ref_remove(&ref, 0, last);
        ck_assert_int_eq(pt_install(&world.pt, &token, &sub), 0);
        ck_assert(!token.pending && sub.level == 0);
        ref_add_run(&ref, &run);
        ck_assert_uint_eq(world.stores, 2);
        ck_assert_uint_eq(world.invalidations, 1);
        done();
    }
}
END_TEST

START_TEST(install_refused)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_broken token, other;
    struct pt_subtree sub;

    begin(fmt);
    world.aside = true;
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 9, 0), 0);
    ck_assert_int_eq(
        ref_map(&ref, pt_span(fmt, 1), pt_span(fmt, 1) + PAGE, 8, 0), 0);
    ck_assert_int_eq(pt_subtree_new(&world.pt, VADDR(0), 1, &sub), 0);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(pt_span(fmt, 1)), 1, &other), 0);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(0), 0, &token), 0);
    ref.n = 0;
    ck_assert_int_eq(pt_install(&world.pt, &other, &sub), -EINVAL);
    ck_assert_int_eq(pt_install(&world.pt, &token, &sub), -EINVAL);

    ck_assert_int_eq(pt_break(&world.pt, VADDR(0), 1, &token), 0);
    world.fail_publish = 0;
    ck_assert_int_eq(pt_install(&world.pt, &token, &sub), -EACCES);
    world.fail_publish = -1;
    world.fail_store = 0;
    ck_assert_int_eq(pt_install(&world.pt, &token, &sub), -EPERM);
    world.fail_store = -1;
    ck_assert(token.pending && sub.level == 1);
    /* Filled, or without the table above, in the meantime. */
    ck_assert_int_eq(ref_map(&ref, 0, PAGE, 7, 0), 0);
    ck_assert_int_eq(pt_install(&world.pt, &token, &sub), -EEXIST);
    ck_assert_int_eq(pt_break(&world.pt, VADDR(0), 1, &other), 0);
    ref.n = 0;
    ck_assert_int_eq(pt_install(&world.pt, &token, &sub), 0);
    done();
}
END_TEST

/* The same pieces as pt_split(), with the invalidation left to the caller. */
static void relink_leaf(unsigned int from, unsigned int to)
{
    struct pt_run run = map_leaf(from);
    struct pt_pending pending = {0};
    struct pt_subtree sub;
    struct pt_entry leaf;

    if (pt_span(world.fmt, from) / pt_span(world.fmt, to) > PT_ENTRIES)
        return; /* more tables than there are */
    ck_assert_int_eq(pt_lookup(&world.pt, run.first, &leaf, NULL), 0);
    ck_assert_int_eq(pt_subtree_new(&world.pt, run.first, from, &sub), 0);
    ck_assert_int_eq(pt_subtree_copy(&sub, &leaf, run.first, run.end, to), 0);
    ck_assert_int_eq(pt_relink(&world.pt, &sub, &pending), 0);
    ck_assert_uint_eq(world.invalidations, world.fmt->break_first);
    ck_assert(pending.any == !world.fmt->break_first);
    if (pending.any)
        ck_assert(pending.first == run.first.v &&
                  pending.last == run.end.v - 1);
    pt_pending_end(&world.pt, &pending);
    ck_assert(!pending.any);
    assert_changed_once(from, world.fmt->break_first);
    ref_remove(&ref, run.first.v, run.end.v - 1);
    run.largest = to;
    ref_add_run(&ref, &run);
}

START_TEST(relink)
{
    for_levels(test_format[_i], relink_leaf);
}
END_TEST

TCase *change_tests(void)
{
    TCase *tc = tcase_create("change");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, split, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, split_by_steps, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, split_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, split_foreign, 0, 2); /* the PV formats */
    tcase_add_loop_test(tc, split_without_memory, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, split_store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, split_publish_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, split_unreachable, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, subtree_new, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, subtree_wide, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, subtree_run, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, subtree_overlap, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, replace, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, replace_store_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, replace_table, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, install, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, install_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, relink, 0, TEST_FORMATS);
    return tc;
}
