/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other sizes, and then other attributes, for what is in use. */
#include "test_pt.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#include "pt_ref.h"
#include "pt_scrambled.h"

#define PAGE       DW_PAGE_SIZE
#define MAX_LEAVES 2600 /* more of them are not split any further */

static struct world world;
static struct ref ref, before;

static void begin(const struct pt_format *fmt)
{
    world_init(&world, fmt, test_seed());
    ref.w = &world;
    ref.n = 0;
}

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

/* One frame for each address, so that everything fits together. */
static uint64_t frame_of(uint64_t va)
{
    return (UINT64_C(1) << 24) + va / PAGE;
}

static struct pt_run run_of(uint64_t first, uint64_t end, unsigned int largest)
{
    return (struct pt_run){.first = VADDR(first),
                           .end = VADDR(end),
                           .mfn = MFN(frame_of(first)),
                           .prot = PT_READ | PT_WRITE | PT_USER,
                           .largest = largest};
}

/* All that the format can say, and other than run_of() says it. */
static struct pt_run final_run(uint64_t first, uint64_t end,
                               unsigned int largest)
{
    struct pt_run run = run_of(first, end, largest);

    run.prot = PT_READ | PT_GLOBAL;
    run.memory = world.fmt->set_memory != NULL ? PT_UC : PT_WB;
    run.software = world.fmt->software;
    return run;
}

/* Nobody uses it yet: no store() that is watched. */
static void map_run(const struct pt_run *run)
{
    struct pt_ops ops = world.ops;

    world.ops.store = NULL;
    ck_assert_int_eq(pt_map_run(&world.pt, run), 0);
    world.ops = ops;
    world_adopt(&world);
    ref_add_run(&ref, run);
    world_touch(&world, run->first.v);
    world_touch(&world, run->end.v - 1);
    world.stores = world.invalidations = world.frees = 0;
    world.allocs = world.used - 1;
}

static void map(uint64_t first, uint64_t end, unsigned int largest)
{
    struct pt_run run = run_of(first, end, largest);

    map_run(&run);
}

static int resize(uint64_t first, uint64_t end, unsigned int largest)
{
    int rc = pt_resize(&world.pt, VADDR(first), VADDR(end), largest);

    if (rc == 0)
        ref_resize(&ref, first, end, largest);
    return rc;
}

/* Every page that was mapped is, to the same frame; by which leaf, if asked. */
static void assert_kept(void)
{
    for (unsigned int i = 0; i < before.n; i++) {
        const struct ref_leaf *old = &before.leaf[i];
        uint64_t span = pt_span(world.fmt, old->level);
        const uint64_t at[] = {0, span / 2, span - 1};

        for (unsigned int j = 0; j < 3; j++) {
            struct pt_entry entry;
            unsigned int level;
            uint64_t va = old->va + at[j];
            int rc = pt_lookup(&world.pt, VADDR(va), &entry, &level);
            uint64_t base = va & ~(pt_span(world.fmt, level) - 1);

            REF_ASSERT(rc == 0 && entry.kind == PT_LEAF &&
                           entry.mfn.v + (va - base) / PAGE ==
                               old->mfn + at[j] / PAGE,
                       "%s: %#" PRIx64 " was lost", world.fmt->name, va);
        }
    }
}

/* Calls `run` for each level that has leaves, and each below that has some. */
static void for_levels(const struct pt_format *fmt,
                       void (*run)(unsigned int from, unsigned int to))
{
    for (unsigned int from = 1; from < fmt->levels; from++)
        for (unsigned int to = 0; to < from; to++)
            if (fmt->level[from].leaf && fmt->level[to].leaf &&
                pt_span(fmt, from) / pt_span(fmt, to) <= PT_ENTRIES) {
                begin(fmt);
                run(from, to);
                done();
            }
}

/* ---- sizes ---- */

/* Two leaves, there and back again. */
static void there_and_back(unsigned int from, unsigned int to)
{
    uint64_t span = pt_span(world.fmt, from);
    bool broken = world.fmt->break_first;
    unsigned int used;

    map(2 * span, 4 * span, from);
    used = world.used;
    ck_assert_int_eq(resize(0, 4 * span, from), 0);
    ck_assert_uint_eq(world.stores, 0); /* it is so already */
    ck_assert_int_eq(resize(0, 4 * span, to), 0);
    ck_assert_uint_eq(world.stores, broken ? 4 : 2);
    ck_assert_uint_eq(world.invalidations, broken ? 2 : 1);
    ck_assert_uint_eq(ref.leaf[0].level, to);
    check();
    ck_assert_int_eq(resize(0, 4 * span, to), 0);
    ck_assert_uint_eq(world.stores, broken ? 4 : 2);

    ck_assert_int_eq(resize(2 * span, 4 * span, from), 0);
    ck_assert_uint_eq(ref.n, 2);
    ck_assert_uint_eq(world.used, used);
}

START_TEST(resize_both_ways)
{
    for_levels(test_format[_i], there_and_back);
}
END_TEST

/* One level after the other, as far as `largest` says. */
static void all_levels(unsigned int from, unsigned int to)
{
    uint64_t span = pt_span(world.fmt, from);

    map(span, 2 * span, to);
    ck_assert_int_eq(resize(span, 2 * span, PT_MAX_LEVELS), 0);
    ck_assert_uint_eq(ref.n, 1);
    ck_assert_uint_eq(ref.leaf[0].level, from);
}

START_TEST(resize_to_the_largest)
{
    for_levels(test_format[_i], all_levels);
}
END_TEST

/* Each reason for which small leaves stay what they are. */
START_TEST(resize_unlike)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);
    struct pt_run odd;

    begin(fmt);
    map(0, span - PAGE, 0); /* a hole at its end */
    odd = run_of(span, 2 * span, 0);
    odd.mfn.v++; /* not aligned */
    map_run(&odd);
    map(2 * span, 4 * span, 0);
    ck_assert_int_eq(
        pt_protect(&world.pt, VADDR(3 * span - PAGE), VADDR(3 * span), 0), 0);
    ref_at(&ref, 3 * span - PAGE)->prot = 0;
    odd = run_of(5 * span - PAGE, 5 * span, 0);
    odd.mfn.v++; /* another frame at its end */
    map(4 * span, 5 * span - PAGE, 0);
    map_run(&odd);
    odd = run_of(6 * span - PAGE, 6 * span, 0);
    odd.software = fmt->software;
    map(5 * span, 6 * span - PAGE, 0);
    map_run(&odd);
    odd = run_of(7 * span - PAGE, 7 * span, 0);
    odd.memory = fmt->set_memory != NULL ? PT_WT : PT_WB;
    map(6 * span, 7 * span - PAGE, 0);
    map_run(&odd);
    /* The last is good, but reaches over the range; so is the fourth. */
    map(8 * span, 9 * span, 0);
    ck_assert_int_eq(resize(0, 9 * span - PAGE, 1), 0);
    if (fmt->level[1].leaf)
        ck_assert_uint_eq(ref_at(&ref, 3 * span)->level, 1);
    for (uint64_t va = 0; va < 9 * span; va += span)
        if (va != 3 * span && va != 7 * span && va != 5 * span &&
            va != 6 * span)
            ck_assert_uint_eq(ref_at(&ref, va)->level, 0);
    done();
}
END_TEST

/* Superpages that reach over an end stay, and so do foreign ones. */
START_TEST(resize_crossing)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1), *slot;

    begin(fmt);
    if (fmt->level[1].leaf) {
        map(span, 4 * span, 1);
        ck_assert_int_eq(resize(span + PAGE, 4 * span - PAGE, 0), 0);
        ck_assert_uint_eq(ref_at(&ref, span)->level, 1);
        ck_assert_uint_eq(ref_at(&ref, 2 * span)->level, 0);
        ck_assert_uint_eq(ref_at(&ref, 3 * span)->level, 1);
    } else {
        map(0, PAGE, 0);
        slot = &world_find(&world, 1, 0)->slot[1];
        *slot = 0x4000e7;
        ck_assert_int_eq(resize(0, 4 * span, 0), 0);
        ck_assert(*slot == 0x4000e7);
        *slot = 0;
    }
    ck_assert_int_eq(resize(PAGE, PAGE, 0), -EINVAL);
    ck_assert_int_eq(resize(PAGE, 2 * PAGE + 1, 0), -EINVAL);
    done();
}
END_TEST

/* So many tables for each invalidation, where that may be so. */
START_TEST(resize_batches)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);
    unsigned int used;

    begin(fmt);
    if (fmt->level[1].leaf && pt_entries(fmt, 0) * 10 < REF_LEAVES) {
        unsigned int n = pt_entries(fmt, 0) < 64 ? 150 : 10;

        map(0, n * span, 0);
        used = world.used;
        ck_assert_int_eq(resize(0, n * span, 1), 0);
        ck_assert_uint_eq(ref.n, n);
        ck_assert_uint_eq(world.frees, n);
        ck_assert_uint_eq(world.used, used - n);
        ck_assert_uint_eq(world.stores, fmt->break_first ? 2 * n : n);
        ck_assert_uint_eq(world.invalidations,
                          fmt->break_first ? n : (n + 63) / 64);
    }
    done();
}
END_TEST

/* As the scrambled one, but that sizes change without a break. */
static const struct pt_format *at_once(void)
{
    static struct pt_format fmt;

    fmt = pt_scrambled;
    fmt.name = "scrambled, at once";
    fmt.break_first = false;
    return &fmt;
}

START_TEST(resize_batches_at_once)
{
    uint64_t span = pt_span(&pt_scrambled, 1);

    begin(at_once());
    map(0, 150 * span, 0);
    ck_assert_int_eq(resize(0, 150 * span, 1), 0);
    ck_assert_uint_eq(world.frees, 150);
    ck_assert_uint_eq(world.stores, 150);
    ck_assert_uint_eq(world.invalidations, 3);
    check();
    ck_assert_int_eq(resize(0, 150 * span, 0), 0);
    ck_assert_uint_eq(world.stores, 300);
    ck_assert_uint_eq(world.invalidations, 4);
    done();
}
END_TEST

enum failure { NO_MEMORY, NO_STORE, NO_STORE_ONCE, NO_PUBLISH, NO_TABLE, NONE };

/* Sets the n-th failure of a kind; what the call has to return. */
static int set_failure(enum failure kind, unsigned int n)
{
    world.fail_alloc = kind == NO_MEMORY ? (long)n : -1;
    world.fail_store = kind == NO_STORE || kind == NO_STORE_ONCE ? (long)n : -1;
    world.refusals = kind == NO_STORE_ONCE ? 1 : 0;
    world.fail_publish = kind == NO_PUBLISH ? (long)n : -1;
    world.unreachable = MFN_INVALID;
    if (kind == NO_TABLE && world.table[n].used)
        world.unreachable = world_mfn(&world, &world.table[n]);
    return kind == NO_MEMORY    ? -ENOMEM
           : kind == NO_PUBLISH ? -EACCES
           : kind == NO_TABLE   ? -EFAULT
                                : -EPERM;
}

/* Of hundreds of stores to one table a few do; there are small tables, too. */
static unsigned int step(const struct pt_format *fmt, enum failure kind,
                         unsigned int n)
{
    bool store = kind == NO_STORE || kind == NO_STORE_ONCE;

    return store && fmt->level[0].bits > 4 ? 1 + n : 1;
}

/*
 * Does `again` anew with each failure in turn, until it comes through: nothing
 * that was mapped is lost, and no table; and what a make left EMPTY because all
 * stores are refused from then on is told.
 */
static void fail_all(const struct pt_format *fmt, void (*prepare)(void),
                     int (*again)(void))
{
    for (enum failure kind = NO_MEMORY; kind < NONE; kind++) {
        int rc = -1;

        for (unsigned int n = 0; rc != 0; n += step(fmt, kind, n)) {
            int expected;

            begin(fmt);
            prepare();
            before = ref;
            expected = set_failure(kind, n);
            rc = again();
            set_failure(NONE, 0);
            REF_ASSERT(rc == 0 || rc == expected ||
                           (rc == -ENOTRECOVERABLE && kind == NO_STORE &&
                            fmt->break_first),
                       "%s: failure %d, %u: %d", fmt->name, (int)kind, n, rc);
            if (rc != -ENOTRECOVERABLE)
                assert_kept();
            ref_read(&ref);
            /* An unreachable table may be no table of these addresses. */
            if (kind == NO_TABLE && n + 1 < world.reached)
                rc = -1;
            done();
        }
    }
}

static void prepare_sizes(void)
{
    unsigned int big = world.fmt->level[1].leaf;

    map(0, 2 * pt_span(world.fmt, 1), 0);
    map(2 * pt_span(world.fmt, 1), 4 * pt_span(world.fmt, 1), big);
}

static int shrink(void)
{
    return pt_resize(&world.pt, VADDR(0), VADDR(4 * pt_span(world.fmt, 1)), 0);
}

static int grow(void)
{
    return pt_resize(&world.pt, VADDR(0), VADDR(4 * pt_span(world.fmt, 1)), 1);
}

START_TEST(resize_failures)
{
    fail_all(test_format[_i], prepare_sizes, shrink);
    fail_all(test_format[_i], prepare_sizes, grow);
}
END_TEST

/* ---- two passes ---- */

static struct pt_counts counts;

static int remap(const struct pt_run *run, uint32_t early)
{
    int rc = pt_remap(&world.pt, run, early, &counts);

    if (rc == 0)
        ref_remap(&ref, run);
    return rc;
}

/* Each leaf of the range, once. */
static void assert_counted(const struct pt_run *run)
{
    uint64_t n[PT_MAX_LEVELS] = {0};

    for (unsigned int i = 0; i < ref.n; i++)
        if (ref.leaf[i].va >= run->first.v && ref.leaf[i].va <= run->end.v - 1)
            n[ref.leaf[i].level]++;
    for (unsigned int level = 0; level < PT_MAX_LEVELS; level++)
        REF_ASSERT(counts.leaf[level] == n[level],
                   "%s: %" PRIu64 " leaves of level %u, wanted %" PRIu64,
                   world.fmt->name, counts.leaf[level], level, n[level]);
}

/* Small early leaves become large final ones, and nothing is done twice. */
START_TEST(two_passes)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int big = fmt->level[1].leaf, n = big ? 2 : 2 * PT_ENTRIES;
    uint64_t span = pt_span(fmt, 1);
    struct pt_run run;

    begin(fmt);
    map(span, 3 * span, 0);
    run = final_run(span, 3 * span, 1);
    ck_assert_int_eq(remap(&run, PT_READ | PT_WRITE | PT_USER), 0);
    assert_counted(&run);
    ck_assert_uint_eq(counts.leaf[big], n);
    ck_assert_uint_eq(world.frees, big ? 2 : 0);
    if (!fmt->break_first) {
        ck_assert_uint_eq(world.stores, big ? 2 * n : n);
        ck_assert_uint_eq(world.invalidations, big ? 2 : 1);
    }
    check();

    /* Final already: counted, and not written. */
    world.stores = world.invalidations = 0;
    ck_assert_int_eq(remap(&run, 0), 0);
    assert_counted(&run);
    ck_assert_uint_eq(world.stores + world.invalidations, 0);
    /* And what is not is written alone. */
    ck_assert_int_eq(
        pt_protect(&world.pt, VADDR(span), VADDR(2 * span), PT_WRITE), 0);
    world.stores = 0;
    ck_assert_int_eq(remap(&run, 0), 0);
    ck_assert_uint_eq(world.stores, n / 2);
    done();
}
END_TEST

/* Nothing there: the early permissions first, then the final ones. */
START_TEST(from_nothing)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);
    struct pt_run run;

    begin(fmt);
    run = final_run(span - 2 * PAGE, 2 * span + 3 * PAGE, 1);
    ck_assert_int_eq(remap(&run, PT_READ | PT_WRITE), 0);
    assert_counted(&run);
    check();
    /* A refusal in the second pass leaves all of it, early and counted. */
    run = final_run(3 * span, 3 * span + 4 * PAGE, 0);
    world.fail_store = 1 + 4; /* one table, four pages */
    ck_assert_int_eq(remap(&run, PT_READ | PT_WRITE), -EPERM);
    world.fail_store = -1;
    ck_assert_uint_eq(counts.leaf[0], 4);
    run.prot = PT_READ | PT_WRITE;
    ref_add_run(&ref, &run);
    check();
    /* And one in the first counts what there is. */
    run = final_run(3 * span, 3 * span + 8 * PAGE, 0);
    world.fail_store = 2;
    ck_assert_int_eq(remap(&run, PT_READ | PT_WRITE), -EPERM);
    world.fail_store = -1;
    ck_assert_uint_eq(counts.leaf[0], 4 + 2);
    run.first = VADDR(3 * span + 4 * PAGE);
    run.end = VADDR(run.first.v + 2 * PAGE);
    run.mfn = MFN(frame_of(run.first.v));
    run.prot = PT_READ | PT_WRITE;
    ref_add_run(&ref, &run);
    done();
}
END_TEST

/* Tables with holes, with unlike leaves, and empty ones. */
START_TEST(part_of_a_table)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);
    struct pt_pending pending = {0};
    struct pt_run run;

    begin(fmt);
    map(span + PAGE, span + 3 * PAGE, 0);
    map(2 * span, 3 * span, 0);
    ck_assert_int_eq(
        pt_protect(&world.pt, VADDR(2 * span), VADDR(2 * span + PAGE), 0), 0);
    map(3 * span, 3 * span + PAGE, 0);
    ck_assert_int_eq(pt_unmap(&world.pt, VADDR(3 * span),
                              VADDR(3 * span + PAGE), NULL, NULL, &pending),
                     0);
    pt_pending_end(&world.pt, &pending); /* the table stays */
    run = final_run(span, 4 * span, 1);
    ck_assert_int_eq(remap(&run, PT_READ), 0);
    assert_counted(&run);
    done();
}
END_TEST

/* Superpages that are too large, or reach over an end. */
static void too_large(unsigned int from, unsigned int to)
{
    uint64_t span = pt_span(world.fmt, from);
    struct pt_run run;

    map(span, 4 * span, from);
    run = final_run(2 * span - PAGE, 3 * span + 5 * PAGE, to);
    ck_assert_int_eq(remap(&run, 0), 0);
    assert_counted(&run);
    check();
    /* In the midst of one. */
    run = final_run(4 * span - 3 * PAGE, 4 * span - PAGE, from);
    ck_assert_int_eq(remap(&run, 0), 0);
    assert_counted(&run);
}

START_TEST(larger_ones)
{
    for_levels(test_format[_i], too_large);
}
END_TEST

/* What is beside the range stays as large as it can be. */
START_TEST(one_page)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int top = fmt->levels - 1;
    struct pt_run run;
    uint64_t span, va;

    begin(fmt);
    while (!fmt->level[top].leaf)
        top--;
    span = pt_span(fmt, top);
    map(span, 2 * span, top);
    va = (span + span / 2) & ~(PAGE - 1);
    run = final_run(va, va + PAGE, 0);
    ck_assert_int_eq(remap(&run, 0), 0);
    assert_counted(&run);
    done();
}
END_TEST

/* Whatever is asked for that cannot be, before anything is written. */
START_TEST(remap_refused)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t span = pt_span(fmt, 1);
    struct pt_run run;

    begin(fmt);
    map(span, 2 * span, fmt->level[1].leaf);
    run = final_run(span - 2 * PAGE, span + 2 * PAGE, 1);
    run.mfn.v++;
    ck_assert_int_eq(remap(&run, 0), -EEXIST);
    run = final_run(2 * span - PAGE, 2 * span + PAGE, 1);
    run.mfn.v--;
    ck_assert_int_eq(remap(&run, 0), -EEXIST);
    run.mfn = MFN_INVALID;
    ck_assert_int_eq(remap(&run, 0), -ERANGE);
    run = final_run(0, 2 * span, 1);
    run.software++;
    ck_assert_int_eq(remap(&run, 0), -EDOM);
    run = final_run(0, 2 * span, 1);
    run.end.v++;
    counts.leaf[0] = 7;
    ck_assert_int_eq(remap(&run, 0), -EINVAL);
    ck_assert_uint_eq(counts.leaf[0], 0);
    ck_assert_uint_eq(world.stores + world.allocs - (world.used - 1), 0);
    done();
}
END_TEST

/* A PV guest: no superpages, and tables that are to stay read-only. */
static int (*plain_store)(void *ctx, uint64_t *slot, uint64_t raw);

static int pv_store(void *ctx, uint64_t *slot, uint64_t raw)
{
    struct pt_entry entry = world.fmt->decode(0, raw);

    if (entry.mfn.v == frame_of(3 * PAGE) && (entry.prot & PT_WRITE) != 0)
        return -EINVAL; /* Xen: a table mapped writable */
    return plain_store(ctx, slot, raw);
}

START_TEST(pv)
{
    const struct pt_format *fmt = test_format[_i];
    struct pt_run run;
    uint64_t *slot;

    begin(fmt);
    plain_store = world.ops.store;
    world.ops.store = pv_store;
    run = run_of(0, 6 * PAGE, 1);
    run.prot = PT_READ;
    map_run(&run);
    run = run_of(0, 3 * PAGE, 1);
    ck_assert_int_eq(remap(&run, PT_READ), 0);
    ck_assert_uint_eq(counts.leaf[0], 3);
    ck_assert_uint_eq(world.stores, 3);
    check();
    /* The mapping of the table stays as it is, and those behind it do. */
    run = run_of(3 * PAGE, 6 * PAGE, 1);
    ck_assert_int_eq(remap(&run, PT_READ), -EINVAL);
    check();
    /* A superpage that somebody else wrote. */
    slot = &world_find(&world, 1, 0)->slot[1];
    *slot = fmt->leaf(0, MFN(frame_of(pt_span(fmt, 1))), 0) | 0x80;
    run = run_of(0, 2 * pt_span(fmt, 1), 1);
    world.stores = 0;
    ck_assert_int_eq(remap(&run, PT_READ), -EDOM);
    ck_assert_uint_eq(world.stores, 0);
    *slot = 0;
    done();
}
END_TEST

static void prepare_two_passes(void)
{
    uint64_t span = pt_span(world.fmt, 1);

    map(PAGE, span - PAGE, 0);
    map(span, 3 * span, world.fmt->level[1].leaf);
    map(3 * span, 4 * span, 0);
    ck_assert_int_eq(
        pt_protect(&world.pt, VADDR(3 * span), VADDR(3 * span + PAGE), 0), 0);
}

static int pass_twice(void)
{
    uint64_t span = pt_span(world.fmt, 1);
    struct pt_run run = final_run(0, 4 * span + 3 * PAGE, 1);

    return pt_remap(&world.pt, &run, PT_READ | PT_WRITE, &counts);
}

static int pass_small(void)
{
    uint64_t span = pt_span(world.fmt, 1);
    struct pt_run run = final_run(2 * span - PAGE, 2 * span + PAGE, 0);

    return pt_remap(&world.pt, &run, PT_READ | PT_WRITE, &counts);
}

START_TEST(remap_failures)
{
    if (test_format[_i]->level[1].leaf)
        fail_all(test_format[_i], prepare_two_passes, pass_twice);
    fail_all(test_format[_i], prepare_two_passes, pass_small);
}
END_TEST

START_TEST(failures_at_once)
{
    fail_all(at_once(), prepare_sizes, shrink);
    fail_all(at_once(), prepare_sizes, grow);
    fail_all(at_once(), prepare_two_passes, pass_twice);
}
END_TEST

/* ---- random ---- */

static uint64_t seed;
static unsigned int operation;

#define CHECK(cond)                                                            \
    REF_ASSERT(cond, "%s: PT_SEED=%#" PRIx64 " operation %u: %s",              \
               world.fmt->name, seed, operation, #cond)

static unsigned int below(unsigned int n)
{
    return (unsigned int)world_below(&world, n);
}

/* Somewhere in what a few superpages cover; often at an end of one. */
static uint64_t some_place(void)
{
    uint64_t span = pt_span(world.fmt, 1);
    uint64_t at = below(pt_entries(world.fmt, 0) < 64 ? 12 : 3) * span;

    if (below(2) == 0)
        at += world_below(&world, span / PAGE) * PAGE;
    return at;
}

static struct pt_run some_run(void)
{
    static const uint32_t prots[] = {PT_READ, PT_READ | PT_WRITE, PT_EXEC, 31};
    uint64_t a = some_place(), b = some_place();
    uint64_t first = a < b ? a : b, end = a < b ? b : a + PAGE;
    struct pt_run run = run_of(first, end, below(3));

    run.prot = prots[below(4)];
    run.software = below(2) * world.fmt->software;
    if (world.fmt->set_memory != NULL && below(3) == 0)
        run.memory = PT_UC;
    return run;
}

static bool is_free(const struct pt_run *run)
{
    const struct ref_leaf *at = ref_from(&ref, run->first.v);

    return at == ref.leaf + ref.n || at->va > run->end.v - 1;
}

/* Has every leaf in the run's addresses the run's frames? */
static bool same_frames(const struct pt_run *run)
{
    for (const struct ref_leaf *at = ref_from(&ref, run->first.v);
         at < ref.leaf + ref.n && at->va <= run->end.v - 1; at++)
        if (at->mfn != frame_of(at->va))
            return false;
    return true;
}

/* One call with one refusal, now and then; true where it failed of it. */
static bool failed_of(enum failure kind, int expected, int rc)
{
    struct pt_pending all = {0};

    set_failure(NONE, 0);
    CHECK(rc == 0 || (kind != NONE && rc == expected));
    if (rc == 0)
        return false;
    /* A table that it has left EMPTY would be a place for smaller leaves. */
    pt_pending_add(&all, VADDR(0), 12 * pt_span(world.fmt, 1));
    CHECK(pt_flush(&world.pt, &all) == 0);
    before = ref;
    assert_kept();
    ref_read(&ref);
    return true;
}

static enum failure some_failure(int *expected)
{
    enum failure kind =
        below(3) > 0 ? NONE : (enum failure)below(NO_PUBLISH + 1);

    if (kind == NO_STORE)
        kind = NO_STORE_ONCE;
    *expected = set_failure(kind, below(8));
    return kind;
}

static void random_map(void)
{
    struct pt_run run = some_run();

    if (!is_free(&run))
        return;
    if (below(16) == 0) /* out of line with all others */
        run.mfn.v ^= UINT64_C(1) << 20;
    CHECK(pt_map_run(&world.pt, &run) == 0);
    ref_add_run(&ref, &run);
}

static void random_unmap(void)
{
    struct pt_run run = some_run();
    struct pt_pending pending = {0};
    int rc = pt_unmap(&world.pt, run.first, run.end, NULL, NULL, &pending);

    CHECK(rc == 0 || rc == -EDOM);
    if (rc == 0)
        ref_remove(&ref, run.first.v, run.end.v - 1);
    CHECK(pt_flush(&world.pt, &pending) == 0);
}

static void random_split(void)
{
    struct ref_leaf *leaf = ref_at(&ref, some_place());
    int expected, rc;
    enum failure kind;

    if (leaf == NULL)
        return;
    kind = some_failure(&expected);
    rc = pt_split(&world.pt, VADDR(leaf->va), 0);
    if (!failed_of(kind, expected, rc))
        ref_split(&ref, leaf->va, 0);
}

static void random_resize(void)
{
    struct pt_run run = some_run();
    int expected, rc;
    enum failure kind;

    if (run.largest == 0 && ref.n > MAX_LEAVES)
        run.largest = 1;
    kind = some_failure(&expected);
    rc = pt_resize(&world.pt, run.first, run.end, run.largest);
    if (!failed_of(kind, expected, rc))
        ref_resize(&ref, run.first.v, run.end.v, run.largest);
}

static void random_remap(void)
{
    struct pt_run run = some_run();
    uint32_t early = below(32);
    int expected, rc;
    enum failure kind;

    if (ref.n > MAX_LEAVES)
        run.largest = 1;
    if (!same_frames(&run)) {
        unsigned int stores = world.stores;

        CHECK(pt_remap(&world.pt, &run, early, &counts) == -EEXIST);
        CHECK(world.stores == stores);
        return;
    }
    kind = some_failure(&expected);
    rc = pt_remap(&world.pt, &run, early, &counts);
    if (!failed_of(kind, expected, rc)) {
        ref_remap(&ref, &run);
        assert_counted(&run);
    }
}

static void random_operation(void)
{
    static void (*const operations[])(void) = {
        random_map,    random_map,    random_unmap, random_split,
        random_resize, random_resize, random_remap, random_remap,
    };
    uint64_t va = some_place();

    operations[below(8)]();
    for (unsigned int i = 0; i < 20; i++)
        ref_check_lookup(&ref, some_place() + below(PAGE));
    world_touch(&world, va);
    world_quiet(&world);
    ck_assert_msg(world.violation == NULL,
                  "%s: PT_SEED=%#" PRIx64 " operation %u: %s", world.fmt->name,
                  seed, operation, world.violation);
}

static void change_at_random(const struct pt_format *fmt, unsigned int n)
{
    seed = test_seed();
    begin(fmt);
    for (operation = 0; operation < n; operation++) {
        random_operation();
        if (operation % 50 == 0)
            check();
    }
    done();
}

/* 10,000 in all, most of them where tables are small. */
START_TEST(random_changes)
{
    change_at_random(test_format[_i], 200);
}
END_TEST

START_TEST(random_changes_scrambled)
{
    change_at_random(_i == 0 ? &pt_scrambled : at_once(), 4000);
}
END_TEST

TCase *remap_tests(void)
{
    TCase *tc = tcase_create("remap");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, resize_both_ways, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, resize_to_the_largest, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, resize_unlike, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, resize_crossing, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, resize_batches, 0, TEST_FORMATS);
    tcase_add_test(tc, resize_batches_at_once);
    tcase_add_loop_test(tc, resize_failures, 0, TEST_ARM + 1);
    tcase_add_loop_test(tc, two_passes, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, from_nothing, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, part_of_a_table, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, larger_ones, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, one_page, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, remap_refused, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, pv, 0, 2); /* the PV formats */
    tcase_add_loop_test(tc, remap_failures, 0, TEST_ARM + 1);
    tcase_add_test(tc, failures_at_once);
    tcase_add_loop_test(tc, random_changes, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, random_changes_scrambled, 0, 2);
    return tc;
}
