/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_direct.c - from the static tables to a direct map of all RAM, in the
 * order of a hypervisor's start: superpages below 4 GiB, for which there are
 * tables; the image moves to the end of them; all the rest, with tables from
 * there.
 */
#include "x86.h"

#define KIB  UINT64_C(0x400)
#define MIB  UINT64_C(0x100000)
#define GIB  UINT64_C(0x40000000)
#define LEAF (2 * MIB)

/* What the static tables were made for, in x86_entry.S. */
#define STATIC_END (4 * GIB)
#define BOOT_MAPS  GIB
#define DIRECT_END (512 * GIB) /* of the address space for it */

#define MOVE_OFFSET 0x3000 /* not where it would be in a superpage */

static struct directmap dm = {.format = &pt_x86_64_native,
                              .base = {DIRECT_BASE},
                              .static_end = {STATIC_END},
                              .boot_maps = {BOOT_MAPS}};

static bool is_there(const void *at)
{
    uint64_t value;

    return probe_read(at, &value) == 0;
}

/* Is it absent, by a fault that says so? */
static bool is_absent(const void *at)
{
    return !is_there(at) && faulted(at, 0);
}

/* ---- the first stage ---- */

/* A leaf that lies in a chunk as a whole, where the first stage may map. */
static bool in_first_stage(const struct mem_chunk *c, uint64_t leaf)
{
    return leaf >= LEAF && leaf + LEAF <= STATIC_END && leaf >= c->first.v &&
           leaf + LEAF <= c->end.v;
}

static void check_first_stage(const struct machine *m)
{
    struct tally there = {0, 0}, absent = {0, 0};

    for (size_t i = 0; i < m->nr_chunks; i++) {
        const struct mem_chunk *c = &m->chunk[i];

        for (uint64_t leaf = c->first.v & ~(LEAF - 1); leaf < c->end.v;
             leaf += LEAF) {
            uint64_t first = leaf < c->first.v ? c->first.v : leaf;
            uint64_t last = leaf + LEAF > c->end.v ? c->end.v : leaf + LEAF;

            last -= DW_PAGE_SIZE;
            if (in_first_stage(c, leaf))
                tally_wrong(&there, !is_there(direct(MADDR(first))) ||
                                        !is_there(direct(MADDR(last))));
            else
                tally_wrong(&absent, !is_absent(direct(MADDR(first))) ||
                                         !is_absent(direct(MADDR(last))));
        }
    }
    tap_tally(&there, "what superpages below 4 GiB map is there");
    tap_tally(&absent, "the rest is not there yet");
}

static void map_first_stage(const struct machine *m)
{
    struct pt_tables pt = live_tables();

    tap_ok(is_absent(direct(MADDR(0))) && is_absent(direct(MADDR(LEAF))) &&
               is_absent((void *)LEAF),
           "the static tables map their first 2 MiB and nothing else");
    tap_eq((unsigned long long)directmap_map_static(&dm, &pt, m->chunk,
                                                    m->nr_chunks),
           0, "the first stage needs no memory for tables");
    check_first_stage(m);
}

/* ---- a temporary mapping, of the last RAM that there is ---- */

#define SIGN UINT64_C(0x5ca1ab1e0ddba11)
static maddr_t signed_at;

static void check_boot_map(const struct machine *m)
{
    const struct mem_chunk *c = &m->chunk[m->nr_chunks - 1];
    struct pt_tables pt = live_tables();
    maddr_t first = MADDR(c->end.v - 3 * DW_PAGE_SIZE);
    vaddr_t va = VADDR(0);
    volatile uint64_t *word;

    signed_at = MADDR(first.v + DW_PAGE_SIZE);
    tap_ok(is_absent(direct(signed_at)),
           "the end of RAM is out of the first stage's reach");
    tap_ok(directmap_boot_map(&dm, &pt, first, c->end, &va) == 0 &&
               va.v >= BOOT_MAPS,
           "it is mapped for the time being");
    word = (volatile uint64_t *)(va.v + DW_PAGE_SIZE);
    *word = SIGN;
    tap_ok(*word == SIGN && directmap_boot_unmap(&dm, &pt) == 0 &&
               is_absent((const void *)word),
           "written to, and not mapped any more");
}

/* ---- the image moves ---- */

/* The last leaf of the first stage. */
static uint64_t last_leaf(const struct machine *m)
{
    uint64_t last = 0;

    for (size_t i = 0; i < m->nr_chunks; i++) {
        const struct mem_chunk *c = &m->chunk[i];
        uint64_t end = c->end.v < STATIC_END ? c->end.v : STATIC_END;
        uint64_t leaf = (end & ~(LEAF - 1)) - LEAF;

        if (c->type == MEM_WB && end >= 2 * LEAF && in_first_stage(c, leaf))
            last = leaf;
    }
    return last;
}

/* Of the copy at `to`; the static tables say themselves what is constant. */
static int relocate(maddr_t to)
{
    struct directmap_table tables[MAX_STATIC];
    size_t n = 0;

    for (const struct static_table *t = static_tables; t->slots != NULL; t++)
        tables[n++] = (struct directmap_table){
            .slots = direct(
                MADDR(to.v + (uint64_t)((uint8_t *)t->slots - image_start))),
            .level = (unsigned int)t->level,
            .constant = t->constant != 0};
    return directmap_relocate(dm.format, tables, n, image_at,
                              (uint64_t)(image_end - image_start), to);
}

static int move_image(maddr_t to)
{
    uint64_t fixed = (uint64_t)(changing - image_start);
    uint64_t bytes = (uint64_t)(image_end - image_start);
    int rc;

    memcpy(direct(to), image_start, fixed);
    rc = relocate(to);
    if (rc < 0)
        return rc;
    image_at = to;
    move_to(direct(MADDR(to.v + fixed)), changing, bytes - fixed,
            image_maddr(root).v);
    return 0;
}

static void check_move(const struct machine *m)
{
    uint64_t bytes = (uint64_t)(image_end - image_start);
    uint64_t fixed = (uint64_t)(changing - image_start);
    uint64_t leaf = last_leaf(m);
    maddr_t old = image_at, to = MADDR(leaf + MOVE_OFFSET);
    struct tally image = {0, 0};

    if (!tap_ok(leaf > 0 && MOVE_OFFSET + bytes <= MIB && move_image(to) == 0,
                "the image has moved"))
        return;
    memset((void *)old.v, 0xcc, bytes); /* virtual is physical there */
    tap_eq(
        read_cr3(), to.v + ((uint8_t *)root - image_start),
        "the image runs where it has moved, its old place being overwritten");
    for (uint64_t i = 0; i < fixed / 8; i++)
        tally_wrong(&image, ((uint64_t *)image_start)[i] !=
                                ((uint64_t *)direct(to))[i]);
    tap_tally(&image, "its pages are those of its new place");
    frames_from(MADDR(leaf + MIB), MADDR(leaf + LEAF));
}

/* ---- the second stage ---- */

static void map_second_stage(const struct machine *m)
{
    struct pt_tables pt = live_tables();
    struct tally low = {0, 0};

    tap_eq((unsigned long long)directmap_map_rest(&dm, &pt, m->chunk,
                                                  m->nr_chunks),
           0, "the second stage maps the rest");
    tap_eq(*(volatile uint64_t *)direct(signed_at), SIGN,
           "what was written through a temporary mapping is there");
    for (uint64_t ma = DW_PAGE_SIZE; ma < LEAF; ma += DW_PAGE_SIZE) {
        volatile uint64_t *word = (volatile uint64_t *)ma;

        if (!is_there(direct(MADDR(ma))))
            continue;
        *word = ma ^ SIGN;
        tally_wrong(&low,
                    *(volatile uint64_t *)direct(MADDR(ma)) != (ma ^ SIGN));
    }
    tap_tally(&low, "low memory is where the constant table has it");
}

/* ---- what the MMU makes of it ---- */

static uint64_t mark_of(uint64_t ma)
{
    return ma * UINT64_C(0x9e3779b97f4a7c15) ^ SIGN;
}

/* As a scrubber goes: each page of RAM, what is in use being read only. */
static void check_pages(const struct machine *m)
{
    struct tally marked = {0, 0};
    uint64_t ma, read = 0;

    for (size_t i = 0; i < m->nr_chunks; i++)
        for (ma = m->chunk[i].first.v; ma < m->chunk[i].end.v;
             ma += DW_PAGE_SIZE) {
            volatile uint64_t *word = direct(MADDR(ma));

            if (is_used(MADDR(ma)))
                read += word[0] | 1;
            else
                word[0] = word[PT_ENTRIES - 1] = mark_of(ma);
        }
    for (size_t i = 0; i < m->nr_chunks; i++)
        for (ma = m->chunk[i].first.v; ma < m->chunk[i].end.v;
             ma += DW_PAGE_SIZE) {
            volatile uint64_t *word = direct(MADDR(ma));

            if (!is_used(MADDR(ma)) &&
                tally_wrong(&marked, word[0] != mark_of(ma) ||
                                         word[PT_ENTRIES - 1] != mark_of(ma)))
                tap_note("page %#lx", ma);
        }
    tap_tally(&marked, "each page of RAM holds what was written to it");
    tap_note("pages=%lu", marked.checked);
    (void)read;
}

/* A page of the image's 2 MiB that nothing else is mapped at. */
static bool is_frame(uint64_t ma)
{
    volatile uint64_t *word = (volatile uint64_t *)IMAGE_OFFSET;

    if (is_used(MADDR(ma)))
        return true;
    l1_image[0] = ma | 0x63;
    invlpg(IMAGE_OFFSET);
    return word[0] == mark_of(ma);
}

static void check_frames(const struct machine *m)
{
    struct tally frames = {0, 0};

    for (size_t i = 0; i < m->nr_chunks; i++) {
        const struct mem_chunk *c = &m->chunk[i];

        tally_wrong(&frames, !is_frame(c->end.v - DW_PAGE_SIZE));
        for (uint64_t ma = c->first.v; ma < c->end.v;
             ma = (ma & ~(LEAF - 1)) + LEAF)
            if (tally_wrong(&frames, !is_frame(ma)))
                tap_note("page %#lx", ma);
    }
    l1_image[0] = 0;
    invlpg(IMAGE_OFFSET);
    tap_tally(&frames, "each superpage begins with the frame that it should");
}

/* [first, end): every page of small ones, and at both ends; some in between. */
static void check_hole(struct tally *holes, uint64_t first, uint64_t end,
                       uint64_t step)
{
    for (uint64_t ma = first; ma < end;) {
        tally_wrong(holes, !is_absent(direct(MADDR(ma))));
        if (ma - first < 4 * MIB || end - ma <= 4 * MIB || step >= GIB)
            ma += step < GIB ? DW_PAGE_SIZE : step;
        else
            ma += end - ma - 4 * MIB < step ? end - ma - 4 * MIB : step;
    }
}

static struct tally look_into_holes(const struct machine *m)
{
    struct tally holes = {0, 0};
    uint64_t at = 0;

    for (size_t i = 0; i < m->nr_chunks; i++) {
        check_hole(&holes, at, m->chunk[i].first.v, LEAF);
        at = m->chunk[i].end.v;
    }
    check_hole(&holes, at, at + 8 * MIB, LEAF);
    check_hole(&holes, (at + 8 * MIB) | (GIB - DW_PAGE_SIZE), DIRECT_END, GIB);
    return holes;
}

static void check_holes(const struct machine *m)
{
    struct tally holes = look_into_holes(m);

    tap_tally(&holes, "every hole faults");
    tap_note("faults=%lu", holes.checked);
}

/* ---- what is in the tables ---- */

struct seen {
    const struct machine *m;
    struct directmap_need need;
    struct tally leaves;
};

static bool leaf_is_right(const struct machine *m, const struct pt_visit_ctx *v)
{
    uint64_t first = v->va.v - DIRECT_BASE;
    uint64_t end = first + pt_span(v->pt->format, v->level);

    for (size_t i = 0; i < m->nr_chunks; i++) {
        const struct mem_chunk *c = &m->chunk[i];

        if (first >= c->first.v && first < c->end.v)
            return end <= c->end.v && mfn_to_maddr(v->entry.mfn).v == first &&
                   pat_type(*v->slot, v->level) == (uint64_t)c->type;
    }
    return false;
}

static int see(struct pt_visit_ctx *v)
{
    struct seen *seen = v->arg;

    seen->need.leaves[v->level]++;
    tally_wrong(&seen->leaves, !leaf_is_right(seen->m, v));
    return 0;
}

static int see_all(const struct machine *m, const struct pt_tables *pt,
                   struct seen *seen)
{
    *seen = (struct seen){.m = m};
    return pt_walk(pt, VADDR(DIRECT_BASE), VADDR(DIRECT_BASE + DIRECT_END),
                   PT_VISIT_LEAF, see, seen);
}

static void check_tables(const struct machine *m)
{
    struct pt_tables pt = live_tables();
    struct directmap_need need;
    struct seen seen;

    tap_eq((unsigned int)see_all(m, &pt, &seen), 0, "the direct map is walked");
    tap_tally(&seen.leaves,
              "each leaf lies in a chunk of RAM of one type, which it has");
    tap_ok(directmap_count(&dm, m->chunk, m->nr_chunks, &need) == 0 &&
               memcmp(need.leaves, seen.need.leaves, sizeof(need.leaves)) == 0,
           "there are as many leaves as were counted beforehand");
    tap_note("4k=%lu 2m=%lu 1g=%lu", need.leaves[0], need.leaves[1],
             need.leaves[2]);
    tap_ok(need.leaves[0] > 0 && need.leaves[1] > 0,
           "there are 4 KiB and 2 MiB leaves");
    tap_eq(need.leaves[2] > 0, command_line_has(m, "1g"),
           "there are 1 GiB leaves where the CPU has them");
}

/*
 * What all this is for: superpages over everything up to the end of RAM. The
 * checks have to see what is wrong with that.
 */
static void check_blind(const struct machine *m)
{
    uint64_t end = m->chunk[m->nr_chunks - 1].end.v + LEAF;
    struct mem_chunk blind = {.end = MADDR(end & ~(LEAF - 1)), .type = MEM_WB};
    struct pt_tables old = live_tables(), pt;
    struct directmap all = dm;
    struct tally holes;
    struct seen seen;

    all.static_end = MADDR(0);
    if (!tap_ok(new_tables(&pt) == 0 &&
                    directmap_map_rest(&all, &pt, &blind, 1) == 0 &&
                    see_all(m, &pt, &seen) == 0,
                "everything is mapped with superpages"))
        return;
    use_tables(&pt);
    holes = look_into_holes(m);
    use_tables(&old);
    tap_ok(seen.leaves.wrong > 0, "leaves are seen to hold what is no RAM");
    tap_ok(holes.wrong > 0 && holes.wrong < holes.checked,
           "holes are seen that do not fault");
}

static void check_machine(const struct machine *m)
{
    const struct mem_chunk *c = &m->chunk[m->nr_chunks - 1];

    for (size_t i = 0; i < m->nr_chunks; i++)
        tap_note("ram %#lx-%#lx type %u", m->chunk[i].first.v,
                 m->chunk[i].end.v, m->chunk[i].type);
    tap_ok(m->nr_e820 > 0 && m->nr_chunks > 1 && m->mtrrs.nr_fixed > 0,
           "the machine says what memory it has");
    check_chunks(m, "page by page, its chunks are RAM of one type");
    tap_eq(c->end.v > 4 * GIB, command_line_has(m, "high"),
           "there is memory above 4 GiB where it was asked for");
    tap_eq((c->end.v & (LEAF - 1)) != 0, !command_line_has(m, "high"),
           "memory ends within a superpage where it ends below");
}

void check_direct(struct machine *m)
{
    dm.largest = cpu_has_1g() ? 2 : 1;
    check_machine(m);
    map_first_stage(m);
    check_boot_map(m);
    check_move(m);
    map_second_stage(m);
    check_pages(m);
    check_frames(m);
    check_holes(m);
    check_tables(m);
    check_blind(m);
}
