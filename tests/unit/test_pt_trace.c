/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of CPUs itself, one store or invalidation at a time: what is wrong
 * (bad_*) it has to catch, what is right (good_*) it has to let pass.  Among
 * them are the mistakes that were posted to lists: size and attributes in one
 * write (Linux on x86, 2008), valid entries over valid ones, tables freed
 * before a flush (Xen on Arm, 2016).
 */
#include "test_pt.h"

#include <errno.h>
#include <limits.h>

#include "pt_ref.h"

#define PAGE DW_PAGE_SIZE

static struct world world;
static struct ref ref;

/* Four pages at 0, used; where there are superpages also ... */
#define RIGHTS (PT_READ | PT_WRITE)
#define FRAME  UINT64_C(0x40000)

/* ... one at this place, and one at the next that is a full table. */
static uint64_t big(void)
{
    return 2 * pt_span(world.fmt, 1);
}

static uint64_t full(void)
{
    return 3 * pt_span(world.fmt, 1);
}

static unsigned int pages(void)
{
    return pt_entries(world.fmt, 0);
}

static void map_big(uint64_t va, unsigned int largest)
{
    struct pt_run run = {.first = VADDR(va),
                         .end = VADDR(va + pt_span(world.fmt, 1)),
                         .mfn = MFN(FRAME),
                         .prot = RIGHTS,
                         .largest = largest};

    struct pt_ops ops = world.ops;

    world.ops.store = NULL;
    ck_assert_int_eq(pt_map_run(&world.pt, &run), 0);
    world.ops = ops;
    world_adopt(&world);
    world_touch(&world, va);
    world_touch(&world, va + pt_span(world.fmt, 1) - 1);
}

static void begin(const struct pt_format *fmt)
{
    world_init(&world, fmt, test_seed());
    ref.w = &world;
    ref.n = 0;
    ck_assert_int_eq(ref_map(&ref, 0, 4 * PAGE, 0x100, RIGHTS), 0);
    for (uint64_t va = 0; va < 4 * PAGE; va += PAGE)
        world_touch(&world, va);
    if (fmt->level[1].leaf) {
        map_big(big(), 1);
        map_big(full(), 0);
    }
    ck_assert_ptr_null(world.violation);
}

static uint64_t *slot_at(unsigned int level, uint64_t va)
{
    return &world_find(&world, level, va)
                ->slot[pt_index(world.fmt, level, VADDR(va))];
}

static void put_at(unsigned int level, uint64_t va, uint64_t raw)
{
    ck_assert_int_eq(world.ops.store(&world, slot_at(level, va), raw), 0);
}

static void put(unsigned int level, uint64_t raw)
{
    put_at(level, 0, raw);
}

static void put_leaf(uint64_t mfn, uint32_t prot)
{
    put(0, world.fmt->leaf(0, MFN(mfn), prot));
}

static void flush_at(uint64_t va, uint64_t bytes)
{
    world.ops.invalidate(&world, VADDR(va), bytes);
}

static void flush(uint64_t bytes)
{
    flush_at(0, bytes);
}

static void flush_leaf(uint64_t va)
{
    flush_at(va, pt_span(world.fmt, 1));
}

/* Pages from `mfn` on, aside, `n` of them; the entry for the table. */
static uint64_t table_of_pages(uint64_t va, uint64_t mfn, uint32_t prot,
                               unsigned int n)
{
    struct world_table *t = world.table;
    mfn_t table;

    world.aside = true;
    ck_assert_int_eq(world.ops.alloc(&world, 0, VADDR(va), &table), 0);
    while (world_mfn(&world, t).v != table.v)
        t++;
    for (unsigned int i = 0; i < n; i++)
        t->slot[i] = world.fmt->leaf(0, MFN(mfn + i), prot);
    ck_assert_int_eq(world.ops.publish(&world, 0, table), 0);
    return world.fmt->table(1, table);
}

static uint64_t same_table(void)
{
    return table_of_pages(big(), FRAME, RIGHTS, pages());
}

static uint64_t same_leaf(void)
{
    return world.fmt->leaf(1, MFN(FRAME), RIGHTS);
}

/* ---- one entry ---- */

static void bad_overwrite(void)
{
    put_leaf(9, RIGHTS);
}

/* Make and break swapped: the flush is there, and comes too late. */
static void bad_overwrite_flushed(void)
{
    put_leaf(9, RIGHTS);
    flush(PAGE);
}

static void bad_no_invalidation(void)
{
    put(0, world.fmt->empty(0));
    put_leaf(9, RIGHTS);
}

static void bad_invalidation_first(void)
{
    flush(PAGE);
    put(0, world.fmt->empty(0));
    put_leaf(9, RIGHTS);
}

static void bad_same_again(void)
{
    /* The same frame, even: the CPUs still have what was there before. */
    put(0, world.fmt->empty(0));
    put_leaf(0x100, RIGHTS);
}

static void bad_wrong_place(void)
{
    put(0, world.fmt->empty(0));
    flush_at(PAGE, 3 * PAGE);
    put_leaf(9, RIGHTS);
}

static void good_break_make(void)
{
    put(0, world.fmt->empty(0));
    flush(PAGE);
    put_leaf(9, PT_READ);
}

static void bad_rights_kept(void)
{
    put_leaf(0x100, 0);
}

static void good_rights(void)
{
    put_leaf(0x100, PT_READ);
    flush(PAGE);
    put_leaf(0x100, RIGHTS); /* more of them */
    if (world.fmt->keeps_refusals)
        flush(PAGE);
}

/* Right where CPUs look again before they refuse. */
static void rights_added(void)
{
    put_leaf(0x100, PT_READ);
    flush(PAGE);
    put_leaf(0x100, RIGHTS);
}

static void bad_memory(void)
{
    put(0, world.fmt->set_memory(0, *slot_at(0, 0), PT_UC));
}

/* Right for some; others have to break it. */
static void memory_flushed(void)
{
    bad_memory();
    flush(PAGE);
}

static void good_software(void)
{
    put(0, world.fmt->set_software(0, *slot_at(0, 0), world.fmt->software));
}

/* ---- removals and tables ---- */

static void bad_unmap_only(void)
{
    put(0, world.fmt->empty(0));
}

static void good_deferred(void)
{
    put(0, world.fmt->empty(0));
    put_at(0, PAGE, world.fmt->empty(0));
    flush(2 * PAGE);
}

static void bad_deferred_replace(void)
{
    put(0, world.fmt->empty(0));
    put_at(0, PAGE, world.fmt->empty(0));
    put_leaf(9, RIGHTS);
    flush(2 * PAGE);
}

static void free_first(bool flush_first)
{
    mfn_t mfn = world_mfn(&world, world_find(&world, 0, 0));

    put(1, world.fmt->empty(1));
    if (flush_first)
        flush_leaf(0);
    world.ops.free(&world, 0, mfn);
    flush_leaf(0);
}

static void bad_free(void)
{
    free_first(false);
}

static void good_free(void)
{
    free_first(true);
}

static void bad_free_linked(void)
{
    flush_leaf(0);
    world.ops.free(&world, 0, world_mfn(&world, world_find(&world, 0, 0)));
}

static void bad_table_short(void)
{
    uint64_t raw = *slot_at(1, 0);

    /* Only the first page of what the table covered is forgotten. */
    put(1, world.fmt->empty(1));
    flush(PAGE);
    put(1, raw);
}

static void good_table_again(void)
{
    uint64_t raw = *slot_at(1, 0);

    put(1, world.fmt->empty(1));
    flush_leaf(0);
    put(1, raw);
}

static void bad_table_for_table(void)
{
    put(1, table_of_pages(0, 0x100, RIGHTS, 4));
    flush_leaf(0);
}

static mfn_t link_new(bool publish)
{
    mfn_t table;

    world.aside = true;
    ck_assert_int_eq(world.ops.alloc(&world, 0, VADDR(0), &table), 0);
    put(1, world.fmt->empty(1));
    flush_leaf(0);
    if (publish)
        ck_assert_int_eq(world.ops.publish(&world, 0, table), 0);
    put(1, world.fmt->table(1, table));
    return table;
}

/* Even where nothing is in it: somebody has made it EMPTY. */
static void bad_unpublished(void)
{
    link_new(false);
}

static void good_new_table(void)
{
    link_new(true);
    put_leaf(9, RIGHTS);
}

/* Whoever walks it may have seen the one, and not the other. */
static void bad_filled_late(void)
{
    mfn_t table = link_new(true);

    for (struct world_table *t = world.table; t->used; t++)
        if (world_mfn(&world, t).v == table.v)
            t->slot[0] = world.fmt->leaf(0, MFN(9), RIGHTS);
}

static void bad_plain_store(void)
{
    *slot_at(0, 5 * PAGE) = world.fmt->leaf(0, MFN(9), RIGHTS);
}

static void bad_slot(void)
{
    static uint64_t nowhere[PT_ENTRIES];

    ck_assert_int_eq(world.ops.store(&world, nowhere, 0), -EFAULT);
}

/* ---- sizes ---- */

static void split_at_once(void)
{
    put_at(1, big(), same_table());
    flush_leaf(big());
}

static void bad_split_unflushed(void)
{
    put_at(1, big(), same_table());
}

static void bad_size_and_attributes(void)
{
    put_at(1, big(), table_of_pages(big(), FRAME, PT_READ, pages()));
    flush_leaf(big());
}

static void bad_size_and_more_rights(void)
{
    put_at(1, big(), table_of_pages(big(), FRAME, RIGHTS | PT_EXEC, pages()));
    flush_leaf(big());
}

static void bad_size_and_frames(void)
{
    put_at(1, big(), table_of_pages(big(), FRAME + 1, RIGHTS, pages()));
    flush_leaf(big());
}

static void bad_size_and_hole(void)
{
    put_at(1, big(), table_of_pages(big(), FRAME, RIGHTS, pages() - 1));
    flush_leaf(big());
}

static void bad_attributes_before_flush(void)
{
    put_at(1, big(), same_table());
    put_at(0, big() + PAGE, world.fmt->leaf(0, MFN(FRAME + 1), PT_READ));
    flush_leaf(big());
}

static void bad_flush_short(void)
{
    put_at(1, big(), same_table());
    flush_at(big(), pt_span(world.fmt, 1) - PAGE);
    put_at(0, big(), world.fmt->leaf(0, MFN(FRAME), PT_READ));
    flush_leaf(big());
}

static void split_in_two_passes(void)
{
    split_at_once();
    put_at(0, big(), world.fmt->leaf(0, MFN(FRAME), PT_READ));
    flush_at(big(), PAGE);
}

static void merge(bool flush_first, uint64_t raw)
{
    mfn_t mfn = world_mfn(&world, world_find(&world, 0, full()));

    put_at(1, full(), raw);
    if (flush_first)
        flush_leaf(full());
    world.ops.free(&world, 0, mfn);
    flush_leaf(full());
}

static void merge_at_once(void)
{
    merge(true, same_leaf());
}

/* What was EMPTY is mapped with it. */
static void merge_hole(void)
{
    put_at(0, full() + PAGE, world.fmt->empty(0));
    flush_at(full() + PAGE, PAGE);
    merge(true, same_leaf());
}

static void bad_merge_free_first(void)
{
    merge(false, same_leaf());
}

static void bad_merge_and_attributes(void)
{
    merge(true, world.fmt->leaf(1, MFN(FRAME), PT_READ));
}

static void bad_merge_and_frames(void)
{
    merge(true, world.fmt->leaf(1, MFN(2 * FRAME), RIGHTS));
}

static void bad_merge_of_unlike(void)
{
    put_at(0, full(), world.fmt->leaf(0, MFN(FRAME), PT_READ));
    flush_leaf(full());
    merge(true, same_leaf());
}

static void bad_merge_attributes_before_flush(void)
{
    put_at(1, full(), same_leaf());
    put_at(1, full(), world.fmt->leaf(1, MFN(FRAME), PT_READ));
    flush_leaf(full());
}

/* Break and make: anything may change. */
static void good_split_broken(void)
{
    uint64_t raw = table_of_pages(big(), 0x999, PT_READ, 7);

    put_at(1, big(), world.fmt->empty(1));
    flush_leaf(big());
    put_at(1, big(), raw);
}

static void good_merge_broken(void)
{
    mfn_t mfn = world_mfn(&world, world_find(&world, 0, full()));

    put_at(1, full(), world.fmt->empty(1));
    flush_leaf(full());
    put_at(1, full(), world.fmt->leaf(1, MFN(2 * FRAME), PT_READ));
    world.ops.free(&world, 0, mfn);
}

static void bad_split_broken_unflushed(void)
{
    uint64_t raw = same_table();

    put_at(1, big(), world.fmt->empty(1));
    put_at(1, big(), raw);
    flush_leaf(big());
}

/* A part of it is made while a CPU may have the whole. */
static void bad_split_broken_flushed_late(void)
{
    put_at(1, big(), world.fmt->empty(1));
    put_at(1, big(), table_of_pages(big(), FRAME, RIGHTS, 0));
    put_at(0, big() + PAGE, world.fmt->leaf(0, MFN(9), RIGHTS));
    flush_leaf(big());
}

/* ---- what an invalidation may leave behind ---- */

static void use_global(void)
{
    put_leaf(0x100, RIGHTS | PT_GLOBAL);
    flush(PAGE);
    world_touch(&world, 0);
    put(0, world.fmt->empty(0));
}

/* Loading CR3 drops it where the emulator does not know GLOBAL. */
static void bad_global_root_loaded(void)
{
    use_global();
    world_load_root(&world);
}

static void good_global_flushed(void)
{
    use_global();
    flush(PAGE);
}

static void good_root_loaded(void)
{
    put(0, world.fmt->empty(0));
    world_load_root(&world);
}

/* Xen runs another guest when this one's table changes. */
static void bad_other_vmid(void)
{
    world.other_guest = true;
    put(0, world.fmt->empty(0));
    flush(PAGE);
    world.other_guest = false;
}

static void good_own_vmid(void)
{
    world.other_guest = true;
    put(0, world.fmt->empty(0));
    world.other_guest = false;
    flush(PAGE);
    put_leaf(9, RIGHTS);
}

/* A table below the last entry of the root, which nothing uses yet. */
static void add_to_root(void)
{
    unsigned int top = world.fmt->levels - 1;
    uint64_t va = (pt_entries(world.fmt, top) - 1) * pt_span(world.fmt, top);
    mfn_t table;

    world.load_late = true;
    ck_assert_int_eq(world.ops.alloc(&world, top - 1, VADDR(va), &table), 0);
    ck_assert_int_eq(world.ops.publish(&world, top - 1, table), 0);
    put_at(top, va, world.fmt->table(top, table));
}

static void bad_root_not_loaded(void)
{
    add_to_root();
}

static void good_root_loaded_late(void)
{
    add_to_root();
    world_load_root(&world);
}

/* The root's first entry goes, with all that is below. */
static void take_from_root(bool load)
{
    unsigned int top = world.fmt->levels - 1;
    mfn_t mfn[2];

    for (unsigned int level = 0; level < 2; level++)
        mfn[level] = world_mfn(&world, world_find(&world, level, 0));
    world.load_late = true;
    put(top, world.fmt->empty(top));
    for (uint64_t va = 0; va < 4 * PAGE; va += PAGE)
        world_invalidate_page(&world, va);
    if (load)
        world_load_root(&world);
    for (unsigned int level = 0; level < 2; level++)
        world.ops.free(&world, level, mfn[level]);
    world_load_root(&world);
}

static void bad_root_table_freed(void)
{
    take_from_root(false);
}

static void good_root_table_freed(void)
{
    take_from_root(true);
}

/* Nobody sees to it that its neighbours are alike. */
static void bad_contiguous(void)
{
    put(0, world.fmt->empty(0));
    flush(PAGE);
    put(0, world.fmt->leaf(0, MFN(16), RIGHTS) | UINT64_C(1) << 52);
}

/* What a format must have for a trace to be possible, or for its verdict. */
enum needs {
    LEAF_1 = 1,
    MEMORY = 2,
    SOFTWARE = 4,
    BREAK_FIRST = 8,
    AT_ONCE = 16, /* not that */
    EXEC = 32,    /* executing is said */
    REFUSES = 64, /* a CPU may go on refusing */
    LOOKS = 128,  /* not that */
    GLOBAL = 256,
    ARM = 512,
    PAE = 1024, /* the root's entries are registers */
};

static bool has(const struct pt_format *fmt, unsigned int needs)
{
    return (!(needs & LEAF_1) || fmt->level[1].leaf) &&
           (!(needs & MEMORY) || fmt->set_memory != NULL) &&
           (!(needs & SOFTWARE) || fmt->set_software != NULL) &&
           (!(needs & BREAK_FIRST) || fmt->break_first) &&
           (!(needs & AT_ONCE) || !fmt->break_first) &&
           (!(needs & REFUSES) || fmt->keeps_refusals) &&
           (!(needs & LOOKS) || !fmt->keeps_refusals) &&
           (!(needs & GLOBAL) || (fmt->prots & PT_GLOBAL) != 0) &&
           (!(needs & ARM) || fmt->leaf == pt_arm_s2_40.leaf) &&
           (!(needs & PAE) || fmt == &pt_x86_pae_pv) &&
           (!(needs & EXEC) || (fmt->prots & PT_EXEC) != 0);
}

enum verdict { GOOD, BAD };

static const struct {
    const char *name;
    void (*run)(void);
    unsigned int needs;
    enum verdict verdict;
} trace[] = {
    {"overwrite", bad_overwrite, 0, BAD},
    {"overwrite, flushed", bad_overwrite_flushed, 0, BAD},
    {"no invalidation", bad_no_invalidation, 0, BAD},
    {"invalidation first", bad_invalidation_first, 0, BAD},
    {"same again", bad_same_again, 0, BAD},
    {"wrong place", bad_wrong_place, 0, BAD},
    {"break, make", good_break_make, 0, GOOD},
    {"rights kept", bad_rights_kept, 0, BAD},
    {"rights", good_rights, 0, GOOD},
    {"rights added", rights_added, LOOKS, GOOD},
    {"refusals kept", rights_added, REFUSES, BAD},
    {"memory kept", bad_memory, MEMORY, BAD},
    {"memory", memory_flushed, MEMORY | AT_ONCE, GOOD},
    {"memory at once", memory_flushed, MEMORY | BREAK_FIRST, BAD},
    {"software", good_software, SOFTWARE, GOOD},
    {"unmap only", bad_unmap_only, 0, BAD},
    {"deferred", good_deferred, 0, GOOD},
    {"deferred replace", bad_deferred_replace, 0, BAD},
    {"free", bad_free, 0, BAD},
    {"free, flushed", good_free, 0, GOOD},
    {"free linked", bad_free_linked, 0, BAD},
    {"table, short", bad_table_short, 0, BAD},
    {"table again", good_table_again, 0, GOOD},
    {"table for table", bad_table_for_table, 0, BAD},
    {"unpublished", bad_unpublished, 0, BAD},
    {"new table", good_new_table, 0, GOOD},
    {"filled after it", bad_filled_late, 0, BAD},
    {"plain store", bad_plain_store, 0, BAD},
    {"slot", bad_slot, 0, BAD},
    {"split", split_at_once, LEAF_1 | AT_ONCE, GOOD},
    {"split at once", split_at_once, LEAF_1 | BREAK_FIRST, BAD},
    {"split, unflushed", bad_split_unflushed, LEAF_1, BAD},
    {"size and attributes", bad_size_and_attributes, LEAF_1, BAD},
    {"size and rights", bad_size_and_more_rights, LEAF_1 | EXEC, BAD},
    {"size and frames", bad_size_and_frames, LEAF_1, BAD},
    {"size and hole", bad_size_and_hole, LEAF_1, BAD},
    {"attributes before flush", bad_attributes_before_flush, LEAF_1, BAD},
    {"flush, short", bad_flush_short, LEAF_1, BAD},
    {"two passes", split_in_two_passes, LEAF_1 | AT_ONCE, GOOD},
    {"merge", merge_at_once, LEAF_1 | AT_ONCE, GOOD},
    {"merge at once", merge_at_once, LEAF_1 | BREAK_FIRST, BAD},
    {"merge with hole", merge_hole, LEAF_1 | AT_ONCE, GOOD},
    {"merge, freed first", bad_merge_free_first, LEAF_1, BAD},
    {"merge and attributes", bad_merge_and_attributes, LEAF_1, BAD},
    {"merge and frames", bad_merge_and_frames, LEAF_1, BAD},
    {"merge of unlike", bad_merge_of_unlike, LEAF_1, BAD},
    {"merge, attributes", bad_merge_attributes_before_flush, LEAF_1, BAD},
    {"split by a break", good_split_broken, LEAF_1, GOOD},
    {"merge by a break", good_merge_broken, LEAF_1, GOOD},
    {"broken, unflushed", bad_split_broken_unflushed, LEAF_1, BAD},
    {"broken, flushed late", bad_split_broken_flushed_late, LEAF_1, BAD},
    {"global, CR3 loaded", bad_global_root_loaded, GLOBAL, BAD},
    {"global, flushed", good_global_flushed, GLOBAL, GOOD},
    {"CR3 loaded", good_root_loaded, 0, GOOD},
    {"other VMID", bad_other_vmid, ARM, BAD},
    {"own VMID", good_own_vmid, ARM, GOOD},
    {"root not loaded", bad_root_not_loaded, PAE, BAD},
    {"root loaded", good_root_loaded_late, PAE, GOOD},
    {"root's table freed", bad_root_table_freed, PAE, BAD},
    {"root's table freed late", good_root_table_freed, PAE, GOOD},
    {"contiguous", bad_contiguous, ARM, BAD},
};

START_TEST(verdicts)
{
    const struct pt_format *fmt = test_format[_i];

    for (unsigned int i = 0; i < sizeof(trace) / sizeof(trace[0]); i++) {
        if (!has(fmt, trace[i].needs))
            continue;
        begin(fmt);
        trace[i].run();
        world_quiet(&world);
        world_stored(&world);
        if (trace[i].verdict == GOOD)
            ck_assert_msg(world.violation == NULL, "%s: %s: %s", fmt->name,
                          trace[i].name, world.violation);
        else
            ck_assert_msg(world.violation != NULL, "%s: %s: not caught",
                          fmt->name, trace[i].name);
        world_dispose(&world);
    }
}
END_TEST

TCase *trace_tests(void)
{
    TCase *tc = tcase_create("trace");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, verdicts, 0, TEST_FORMATS);
    return tc;
}
