/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_sizes.c - mapped memory gets leaves of another size, other frames or
 * other rights while the CPU has the old ones cached.
 *
 * As in x86_live.c each change is made without invalidations first, when the
 * old mapping has to be seen, where there is a difference to be seen at all: of
 * two sizes with the same frames and rights there is none.
 */
#include "x86.h"
#include "pt/change.h"
#include "pt/remap.h"

#include <errno.h>

#define PLACE  UINT64_C(0xffff920000000000)
#define SUPER  UINT64_C(0x200000)
#define PROBES 12

/* Where RAM above 4 GiB begins, of which there is 1 GiB where there is a leaf.
 */
#define GIB_LEAF UINT64_C(0x100000000)

/* Two superpages of RAM, which nothing else uses: the one that is mapped, and
 * another one. */
static uint64_t first_super, other_super;

/* Each page's first word is its own machine address. */
static void mark_pages(uint64_t ma)
{
    for (uint64_t end = ma + 2 * SUPER; ma < end; ma += DW_PAGE_SIZE)
        *(uint64_t *)direct(MADDR(ma)) = ma;
}

static void find_supers(const struct machine *m)
{
    for (size_t i = 0; i < m->nr_chunks; i++) {
        const struct mem_chunk *c = &m->chunk[i];
        uint64_t at = (c->first.v + 16 * SUPER - 1) & ~(SUPER - 1);

        if (c->type != MEM_WB || at + 2 * SUPER > c->end.v ||
            is_used(MADDR(at)) || is_used(MADDR(at + SUPER)))
            continue;
        first_super = at;
        other_super = at + SUPER;
        break;
    }
    mark_pages(first_super);
}

/*
 * Few, and with places of their own in QEMU's TLB (fresh_tlb()).
 */
static uint64_t probe_offset(unsigned int i)
{
    return (128 + i * 9 + i % 2 * 256) * DW_PAGE_SIZE;
}

/* ---- what a page is seen as ---- */

struct view {
    uint64_t frame; /* of the page's machine address; 0: absent */
    bool writable;
};

static struct view look_at(uint64_t va)
{
    volatile uint64_t *word = (volatile uint64_t *)va;
    struct view view = {0, false};
    uint64_t value;

    view.writable = probe_write(&word[1], va) == 0;
    if (probe_read(&word[0], &value) == 0)
        view.frame = value;
    return view;
}

static bool all_seen(uint64_t super, bool writable)
{
    struct tally seen = {0, 0};

    for (unsigned int i = 0; i < PROBES; i++) {
        uint64_t offset = probe_offset(i);
        struct view view = look_at(PLACE + offset);

        if (tally_wrong(&seen, view.frame != (super ? super + offset : 0) ||
                                   view.writable != writable))
            tap_note("%#lx: %#lx, %s", PLACE + offset, view.frame,
                     view.writable ? "writable" : "not writable");
    }
    return seen.wrong == 0;
}

/* Is all of it mapped by leaves of that level, with those rights? */
struct leaves {
    unsigned int level;
    uint32_t prot;
    uint64_t bytes;
};

static int count_leaf(struct pt_visit_ctx *v)
{
    struct leaves *leaves = v->arg;

    if (v->level == leaves->level && v->entry.prot == leaves->prot &&
        mfn_to_maddr(v->entry.mfn).v == first_super + (v->va.v - PLACE))
        leaves->bytes += pt_span(v->pt->format, v->level);
    return 0;
}

static bool all_leaves(const struct pt_tables *pt, unsigned int level,
                       uint32_t prot)
{
    struct leaves leaves = {.level = level, .prot = prot};

    return pt_walk(pt, VADDR(PLACE), VADDR(PLACE + SUPER), PT_VISIT_LEAF,
                   count_leaf, &leaves) == 0 &&
           leaves.bytes == SUPER;
}

/* ---- the changes ---- */

#define RO (PT_READ | PT_GLOBAL)
#define RW (PT_READ | PT_WRITE)

static struct pt_run run_of(uint64_t super, uint32_t prot, unsigned int largest)
{
    return (struct pt_run){.first = VADDR(PLACE),
                           .end = VADDR(PLACE + SUPER),
                           .mfn = maddr_to_mfn(MADDR(super)),
                           .prot = prot,
                           .largest = largest};
}

static struct pt_counts counts;

static int two_passes(const struct pt_tables *pt, unsigned int largest)
{
    struct pt_run run = run_of(first_super, RO, largest);

    counts = (struct pt_counts){{0}};
    return pt_remap(pt, &run, RW, &counts);
}

static int to_superpage(const struct pt_tables *pt)
{
    return two_passes(pt, 2);
}

static int to_pages(const struct pt_tables *pt)
{
    return two_passes(pt, 0);
}

static int to_other_frames(const struct pt_tables *pt)
{
    struct pt_run run = run_of(other_super, RW, 0);
    struct pt_subtree sub;
    int rc = pt_subtree_new(pt, VADDR(PLACE), 1, &sub);

    if (rc == 0)
        rc = pt_subtree_map_run(&sub, &run);
    if (rc == 0)
        rc = pt_replace(pt, &sub);
    pt_subtree_discard(&sub);
    return rc;
}

static int unmap(const struct pt_tables *pt)
{
    struct pt_pending pending = {0};
    int rc =
        pt_unmap(pt, VADDR(PLACE), VADDR(PLACE + SUPER), NULL, NULL, &pending);

    if (rc == 0 && !all_seen(first_super, true))
        tap_ok(false, "what is removed may be seen up to the flush");
    return rc < 0 ? rc : pt_flush(pt, &pending);
}

static const struct {
    const char *text;
    unsigned int before; /* the level of the leaves */
    int (*change)(const struct pt_tables *pt);
    const uint64_t *super; /* what it maps; NULL: nothing */
    bool writable;
    unsigned int after;
} changes[] = {
    {"pages become a superpage, read-only", 0, to_superpage, &first_super,
     false, 1},
    {"a superpage becomes pages, read-only", 1, to_pages, &first_super, false,
     0},
    {"a superpage becomes read-only", 1, to_superpage, &first_super, false, 1},
    {"pages become read-only", 0, to_pages, &first_super, false, 0},
    {"a superpage becomes pages of other frames", 1, to_other_frames,
     &other_super, true, 0},
    {"a superpage is unmapped", 1, unmap, NULL, false, 0},
    {"pages are unmapped", 0, unmap, NULL, false, 0},
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static int map_before(const struct pt_tables *pt, unsigned int level)
{
    struct pt_run run = run_of(first_super, RW, level);
    int rc = pt_map_run(pt, &run);

    fresh_tlb(); /* so that superpages are not in use any more, too */
    return rc;
}

static int unmap_after(const struct pt_tables *pt)
{
    struct pt_broken token;
    int rc = pt_break(pt, VADDR(PLACE), 3, &token);

    flush_all();
    return rc == -ENOENT ? 0 : rc;
}

static void check_change(const struct pt_tables *pt, unsigned int i)
{
    struct pt_ops ops = *pt->ops;
    struct pt_tables change = *pt;
    uint64_t super = changes[i].super ? *changes[i].super : 0;
    bool good;

    change.ops = &ops;
    ops.invalidate = forget;
    good = map_before(pt, changes[i].before) == 0 &&
           all_seen(first_super, true) && changes[i].change(&change) == 0 &&
           all_seen(first_super, true);
    tap_ok(unmap_after(pt) == 0 && good,
           "%s: without invalidations the old mapping is seen",
           changes[i].text);
    good = map_before(pt, changes[i].before) == 0 &&
           all_seen(first_super, true) && changes[i].change(pt) == 0 &&
           all_seen(super, changes[i].writable);
    if (super == first_super)
        good = good && all_leaves(pt, changes[i].after, RO) &&
               counts.leaf[changes[i].after] ==
                   SUPER / pt_span(pt->format, changes[i].after);
    tap_ok(unmap_after(pt) == 0 && good, "%s: the new one is seen",
           changes[i].text);
}

/* ---- two passes that end early ---- */

static unsigned int stores_left;

static int store_some(void *ctx, uint64_t *slot, uint64_t raw)
{
    return stores_left-- == 0 ? -EPERM : live_ops.store(ctx, slot, raw);
}

static int no_table(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    (void)ctx;
    (void)level;
    (void)va;
    (void)mfn;
    return -ENOMEM;
}

/* Whatever the rights are by now, every page is where it was. */
static bool all_there(void)
{
    bool there = true;

    for (unsigned int i = 0; i < PROBES; i++)
        there = there && look_at(PLACE + probe_offset(i)).frame ==
                             first_super + probe_offset(i);
    return there;
}

/* The store of that number is refused; then it is tried again. */
static bool refused_at(const struct pt_tables *pt, unsigned int i,
                       unsigned int number)
{
    struct pt_ops ops = *pt->ops;
    struct pt_tables change = *pt;
    bool good;

    change.ops = &ops;
    ops.store = store_some;
    stores_left = number;
    good = map_before(pt, changes[i].before) == 0 &&
           all_seen(first_super, true) &&
           changes[i].change(&change) == -EPERM && all_there() &&
           changes[i].change(pt) == 0 && all_seen(first_super, false) &&
           all_leaves(pt, changes[i].after, RO);
    return unmap_after(pt) == 0 && good;
}

static void check_refused(const struct pt_tables *pt)
{
    struct pt_ops ops = *pt->ops;
    struct pt_tables change = *pt;

    change.ops = &ops;
    ops.alloc = no_table;
    tap_ok(refused_at(pt, 0, 0) && refused_at(pt, 0, 1) &&
               refused_at(pt, 1, 0) && refused_at(pt, 1, 1) &&
               refused_at(pt, 1, 300),
           "a store is refused in either pass: every page is there, and a "
           "second try ends well");
    tap_ok(map_before(pt, 1) == 0 && all_seen(first_super, true) &&
               to_pages(&change) == -ENOMEM && all_seen(first_super, true) &&
               all_leaves(pt, 1, RW) && unmap_after(pt) == 0,
           "without a table nothing changes");
}

/* None that all_seen() looks at. */
static const uint64_t other = PLACE + 5 * DW_PAGE_SIZE;

static int other_page(const struct pt_tables *pt)
{
    struct pt_broken token;
    int rc = pt_break(pt, VADDR(other), 0, &token);

    return rc < 0 ? rc
                  : pt_make(pt, &token, maddr_to_mfn(MADDR(other_super)), RW);
}

/* Same frames, same rights: only that nothing is lost can be seen. */
static void check_same(const struct pt_tables *pt)
{
    vaddr_t last = VADDR(PLACE + SUPER - DW_PAGE_SIZE);

    tap_ok(map_before(pt, 1) == 0 && all_seen(first_super, true) &&
               pt_split(pt, VADDR(PLACE + 7 * DW_PAGE_SIZE), 0) == 0 &&
               all_seen(first_super, true) && all_leaves(pt, 0, RW),
           "a superpage is split: every page is where it was");
    tap_ok(pt_protect(pt, last, VADDR(PLACE + SUPER), PT_READ) == 0 &&
               all_seen(first_super, true) && !look_at(last.v).writable &&
               look_at(last.v).frame == first_super + SUPER - DW_PAGE_SIZE,
           "one of its pages is read-only, and no other");
    tap_ok(pt_protect(pt, last, VADDR(PLACE + SUPER), RW) == 0 &&
               pt_resize(pt, VADDR(PLACE), VADDR(PLACE + SUPER), 2) == 0 &&
               all_leaves(pt, 1, RW) && all_seen(first_super, true),
           "the pages are one superpage again, and where they were");
    tap_ok(pt_split(pt, VADDR(PLACE), 0) == 0 && other_page(pt) == 0 &&
               pt_resize(pt, VADDR(PLACE), VADDR(PLACE + SUPER), 2) == 0 &&
               look_at(other).frame == other_super &&
               all_seen(first_super, true),
           "but not where one of them has a frame from elsewhere");
    tap_eq((unsigned int)unmap_after(pt), 0, "all of it is taken away");
}

/* ---- the map that the program is using itself ---- */

static int remap_own(uint64_t first, uint64_t end, uint32_t prot,
                     unsigned int largest)
{
    struct pt_tables pt = live_tables();
    struct pt_run run = {.first = VADDR((uintptr_t)direct(MADDR(first))),
                         .end = VADDR((uintptr_t)direct(MADDR(end))),
                         .mfn = maddr_to_mfn(MADDR(first)),
                         .prot = prot,
                         .largest = largest};

    return pt_remap(&pt, &run, RW, &counts);
}

static bool pages_are(uint64_t ma, bool writable)
{
    bool good = true;

    for (uint64_t end = ma + 2 * SUPER; ma < end; ma += DW_PAGE_SIZE) {
        struct view view = look_at((uintptr_t)direct(MADDR(ma)));

        good = good && view.frame == ma && view.writable == writable;
    }
    return good;
}

/* 4 MiB at `ma` in [first, end), which is leaves of `level`, and again then. */
static void check_own_map(const char *size, uint64_t ma, uint64_t first,
                          uint64_t end, unsigned int level)
{
    uint64_t out = frames_out(), ma_end = ma + 2 * SUPER;

    mark_pages(ma);
    tap_ok(remap_own(ma, ma_end, PT_READ, 0) == 0 && counts.leaf[0] == 1024 &&
               pages_are(ma, false),
           "4 MiB of the direct map in %s become read-only pages", size);
    tap_ok((first == ma || look_at((uintptr_t)direct(MADDR(first))).writable) &&
               (end == ma_end ||
                look_at((uintptr_t)direct(MADDR(end - 8192))).writable),
           "and nothing beside them");
    tap_ok(remap_own(first, end, RW | PT_GLOBAL, level) == 0 &&
               counts.leaf[level] == (end - first) >> (12 + 9 * level) &&
               pages_are(ma, true) && frames_out() == out,
           "they are %s again, writable, and no table is left", size);
}

void check_sizes(const struct machine *m, const struct pt_tables *pt)
{
    find_supers(m);
    for (unsigned int i = 0; i < CHANGES; i++)
        check_change(pt, i);
    check_refused(pt);
    check_same(pt);
    check_own_map("2 MiB leaves", first_super, first_super,
                  first_super + 2 * SUPER, 1);
    if (command_line_has(m, "1g"))
        check_own_map("a 1 GiB leaf", GIB_LEAF + 77 * SUPER, GIB_LEAF,
                      GIB_LEAF + 512 * SUPER, 2);
    else
        tap_skip("a 1 GiB leaf of the direct map changes", "there is none");
}
