/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_live.c - changes to what is mapped and cached.
 *
 * Each change is made twice, on pages that the CPU has just written to: with an
 * invalidation that does nothing, when the old mapping has to be seen, or the
 * check could not see a mistake; then as it should be. What QEMU needs for that
 * to work: pages of 4 KiB, all tables in the image, no superpage in use, a
 * place in the TLB for each page, and no load of CR3 in between.
 */
#include "x86.h"

#include <errno.h>

/* Not at places of QEMU's TLB that the image has, see fresh_tlb(). */
#define PLACE UINT64_C(0xffff900000080000)
#define PAGES 16
#define POOL  16

static uint64_t page[2][PAGES][PT_ENTRIES] __attribute__((aligned(4096)));
static uint64_t pool[POOL][PT_ENTRIES] __attribute__((aligned(4096)));
static bool pool_used[POOL];

static int pool_alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    (void)ctx;
    (void)va;
    for (unsigned int i = 0; i < POOL; i++)
        if (!pool_used[i]) {
            pool_used[i] = true;
            memset(pool[i], 0, sizeof(pool[i]));
            *mfn = maddr_to_mfn(image_maddr(pool[i]));
            return 0;
        }
    (void)level;
    return -ENOMEM;
}

static void pool_free(void *ctx, unsigned int level, mfn_t mfn)
{
    (void)ctx;
    (void)level;
    for (unsigned int i = 0; i < POOL; i++)
        if (image_maddr(pool[i]).v == mfn_to_maddr(mfn).v)
            pool_used[i] = false;
}

void forget(void *ctx, vaddr_t va, uint64_t bytes)
{
    (void)ctx;
    (void)va;
    (void)bytes;
}

/*
 * QEMU's TLB has a place for each page by the low bits of its number, and at
 * each flush it grows, where most of it was used, or shrinks, where little was
 * for a while, to 64 places. With 1024 of them all pages that are used from
 * here on have one of their own, see x86.lds.
 */
void fresh_tlb(void)
{
    const volatile uint8_t *ram = direct(MADDR(0x1000000));

    for (unsigned int doubled = 0; doubled < 6; doubled++) {
        for (unsigned int i = 0; i < 1024; i++)
            (void)ram[i * DW_PAGE_SIZE];
        write_cr3(read_cr3());
    }
}

static volatile uint64_t *word_of(unsigned int i)
{
    return (volatile uint64_t *)(PLACE + i * DW_PAGE_SIZE);
}

/* What a page is seen as: of which array, and what it allows. */
enum seen { SEEN_ABSENT, SEEN_FIRST, SEEN_SECOND, SEEN_READ_ONLY, SEEN_OTHER };

static enum seen look(unsigned int i)
{
    volatile uint64_t *at = word_of(i);
    uint64_t value;

    if (probe_read(at, &value) != 0)
        return SEEN_ABSENT;
    /* The write goes where the entry for writes points. */
    if (probe_write(at, ~value) != 0)
        return SEEN_READ_ONLY;
    if (page[0][i][0] == ~value) {
        page[0][i][0] = value;
        return SEEN_FIRST;
    }
    if (page[1][i][0] == ~value) {
        page[1][i][0] = value;
        return SEEN_SECOND;
    }
    return SEEN_OTHER;
}

/* ---- the changes ---- */

static int protect(const struct pt_tables *pt)
{
    return pt_protect(pt, VADDR(PLACE), VADDR(PLACE + PAGES * DW_PAGE_SIZE), 0);
}

static int replace(const struct pt_tables *pt)
{
    struct pt_broken token;
    int rc = 0;

    for (unsigned int i = 0; rc == 0 && i < PAGES; i++) {
        rc = pt_break(pt, VADDR((uintptr_t)word_of(i)), 0, &token);
        if (rc == 0)
            rc = pt_make(pt, &token, maddr_to_mfn(image_maddr(page[1][i])),
                         PT_WRITE);
    }
    return rc;
}

static int take_away(const struct pt_tables *pt)
{
    struct pt_broken token;

    /* All of it: the table that holds the pages. */
    return pt_break(pt, VADDR(PLACE), 1, &token);
}

static const struct {
    const char *text;
    int (*change)(const struct pt_tables *pt);
    enum seen wanted;
} changes[] = {
    {"write permission is taken away", protect, SEEN_READ_ONLY},
    {"other frames are mapped", replace, SEEN_SECOND},
    {"a table is taken away", take_away, SEEN_ABSENT},
};

static int map_pages(const struct pt_tables *pt)
{
    struct pt_run run = {.first = VADDR(PLACE),
                         .end = VADDR(PLACE + PAGES * DW_PAGE_SIZE),
                         .mfn = maddr_to_mfn(image_maddr(page[0])),
                         .prot = PT_WRITE};

    return pt_map_run(pt, &run);
}

static int unmap_pages(const struct pt_tables *pt)
{
    struct pt_broken token;
    int rc = pt_break(pt, VADDR(PLACE), 3, &token);

    return rc == -ENOENT ? 0 : rc;
}

/* All pages look like that; they are made cached by writes before. */
static bool seen_after(const struct pt_tables *pt, unsigned int which,
                       bool forgetful, enum seen wanted)
{
    struct pt_ops ops = *pt->ops;
    struct pt_tables change = *pt;
    struct tally seen = {0, 0};

    change.ops = &ops;
    if (forgetful)
        ops.invalidate = forget;
    if (map_pages(pt) < 0)
        return false;
    fresh_tlb();
    for (unsigned int i = 0; i < PAGES; i++)
        tally_wrong(&seen, look(i) != SEEN_FIRST);
    if (changes[which].change(&change) < 0)
        return false;
    for (unsigned int i = 0; i < PAGES; i++) {
        enum seen got = look(i);

        if (tally_wrong(&seen, got != wanted))
            tap_note("page %u is seen as %u, not %u", i, got, wanted);
    }
    return unmap_pages(pt) == 0 && seen.wrong == 0;
}

/* ---- what the image's own pages allow ---- */

static int protect_image(const struct pt_tables *pt)
{
    const struct {
        const uint8_t *first, *end;
        uint32_t prot;
    } parts[] = {
        {image_start, text_end, PT_READ | PT_EXEC},
        {text_end, rodata_end, PT_READ},
        {rodata_end, image_end, PT_READ | PT_WRITE},
    };
    int rc = 0;

    for (unsigned int i = 0; rc == 0 && i < 3; i++)
        rc = pt_protect(pt, VADDR((uintptr_t)parts[i].first),
                        VADDR((uintptr_t)parts[i].end), parts[i].prot);
    return rc;
}

#define RET 0xc3

static bool can_write(void *at)
{
    uint64_t value;

    return probe_read(at, &value) == 0 && probe_write(at, value) == 0;
}

static void check_image(const struct pt_tables *pt)
{
    uint8_t *data = (uint8_t *)page[0];
    void *text = (void *)(uintptr_t)probe_trapped;
    void *constant = (void *)(uintptr_t)static_tables;

    *data = RET;
    fresh_tlb();
    tap_ok(can_write(text) && can_write(constant) && probe_exec(data) == 0,
           "the static tables allow the image everything");
    tap_eq((unsigned int)protect_image(pt), 0, "its rights are changed");
    tap_ok(!can_write(text) && faulted(text, PF_PRESENT | PF_WRITE),
           "its code cannot be written to");
    tap_ok(!can_write(constant) && faulted(constant, PF_PRESENT | PF_WRITE),
           "nor can what is constant");
    tap_ok(can_write(data) && probe_exec(data) == 1 &&
               faulted(data, PF_PRESENT | PF_EXEC),
           "its data can, and do not run");
}

void check_live(const struct machine *m)
{
    struct pt_ops ops = live_ops;
    struct pt_tables pt = live_tables();

    ops.alloc = pool_alloc;
    ops.free = pool_free;
    pt.ops = &ops;
    check_image(&pt);
    for (unsigned int i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        tap_ok(seen_after(&pt, i, true, SEEN_FIRST),
               "%s: without an invalidation the old mapping is seen",
               changes[i].text);
        tap_ok(seen_after(&pt, i, false, changes[i].wanted),
               "%s: the new one is seen on every page", changes[i].text);
    }
    check_sizes(m, &pt);
}
