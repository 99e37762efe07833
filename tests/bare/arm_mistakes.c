/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_mistakes.h"
#include "arm_reader.h"
#include "pt/change.h"
#include "tap.h"

#define ALL (PT_READ | PT_WRITE | PT_EXEC)

enum frame { NO_FRAME, OLD_FRAME, NEW_FRAME };

static mfn_t frame_of(enum frame frame)
{
    return MFN(maddr_to_mfn(GUEST_MEMORY).v + frame);
}

/* What is done to one page; they return lib's result. */

static int change_frame(struct tree *tree, vaddr_t page)
{
    struct pt_broken token;
    int rc = pt_break(&tree->tables, page, 0, &token);

    return rc < 0 ? rc
                  : pt_make(&tree->tables, &token, frame_of(NEW_FRAME), ALL);
}

static int take_write(struct tree *tree, vaddr_t page)
{
    return pt_protect(&tree->tables, page, VADDR(page.v + DW_PAGE_SIZE),
                      PT_READ | PT_EXEC);
}

static int take_exec(struct tree *tree, vaddr_t page)
{
    return pt_protect(&tree->tables, page, VADDR(page.v + DW_PAGE_SIZE),
                      PT_READ | PT_WRITE);
}

static int take_all(struct tree *tree, vaddr_t page)
{
    return pt_protect(&tree->tables, page, VADDR(page.v + DW_PAGE_SIZE), 0);
}

static int remove_page(struct tree *tree, vaddr_t page)
{
    struct pt_pending pending = {0};
    int rc = pt_unmap(&tree->tables, page, VADDR(page.v + DW_PAGE_SIZE), NULL,
                      NULL, &pending);

    return rc < 0 ? rc : pt_flush(&tree->tables, &pending);
}

static const struct change {
    const char *name;
    int (*make)(struct tree *tree, vaddr_t page);
    enum access access; /* that shows it */
    enum frame frame;   /* afterwards */
    uint32_t prot;
} changes[] = {
    {"another frame, read", change_frame, READ, NEW_FRAME, ALL},
    {"another frame, written to", change_frame, WRITE, NEW_FRAME, ALL},
    {"another frame, called", change_frame, EXEC, NEW_FRAME, ALL},
    {"no write", take_write, WRITE, OLD_FRAME, PT_READ | PT_EXEC},
    {"no execute", take_exec, EXEC, OLD_FRAME, PT_READ | PT_WRITE},
    {"no right", take_all, READ, OLD_FRAME, 0},
    {"removed", remove_page, READ, NO_FRAME, 0},
};

static const struct way {
    enum flush how;
    const char *name;
} forgetful[] = {
    {FLUSH_NONE, "nothing invalidated"},
    {FLUSH_LOCAL, "invalidated on one CPU"},
    {FLUSH_STAGE2, "stage 2 alone invalidated"},
};

static struct expected expect(enum frame frame, uint32_t prot)
{
    return (struct expected){
        .frame = frame ? mfn_to_maddr(frame_of(frame)).v : 0, .prot = prot};
}

/* One access; of a write also where it landed. */
static bool sees(enum access access, vaddr_t page, struct expected expected)
{
    static uint64_t value;
    uint64_t got = reader_access(access, page.v, ++value);

    return access_is_right(access, &expected, got) &&
           (access != WRITE || is_fault(got, FAULT_PERMISSION) ||
            page_written(MADDR(expected.frame)) == value);
}

static void map_page(struct tree *tree, vaddr_t page, mfn_t mfn)
{
    struct pt_run run = {.first = page,
                         .end = VADDR(page.v + DW_PAGE_SIZE),
                         .mfn = mfn,
                         .prot = ALL};
    int rc = pt_map_run(&tree->tables, &run);

    if (rc < 0)
        panic("a page cannot be mapped: %d", rc);
}

static void unmap_page(struct tree *tree, vaddr_t page)
{
    int rc = remove_page(tree, page);

    if (rc < 0)
        panic("a page cannot be removed: %d", rc);
}

/*
 * The page is used in the way that is to show the change, and no other in
 * between, as QEMU's TLB takes what is not there from the tables.
 */
static void try(struct tree *tree, vaddr_t page, const struct change *change,
                const struct way *way)
{
    struct expected before = expect(OLD_FRAME, ALL);
    struct expected after = expect(change->frame, change->prot);
    bool used, old, new;
    int rc;

    map_page(tree, page, frame_of(OLD_FRAME));
    used = sees(change->access, page, before);
    tree->how = way->how;
    rc = change->make(tree, page);
    old = sees(change->access, page, before);
    tree->how = FLUSH_RIGHT;
    if (way->how != FLUSH_RIGHT)
        flush(FLUSH_RIGHT, page.v, DW_PAGE_SIZE);
    new = sees(change->access, page, after);
    unmap_page(tree, page);

    tap_ok(rc == 0 && used && new &&old == (way->how != FLUSH_RIGHT),
           "%s, %s: %s", change->name, way->name,
           way->how == FLUSH_RIGHT ? "the new" : "the old, until it is");
    if (rc || !used || !new || old != (way->how != FLUSH_RIGHT))
        tap_note("rc %d, used %u, then old %u, then new %u", rc, used, old,
                 new);
}

/* AT looks into the tables: it says nothing about what a CPU has cached. */
static void table_oracle(struct tree *tree, vaddr_t page)
{
    uint64_t par;
    bool used, old;
    int rc;

    map_page(tree, page, frame_of(OLD_FRAME));
    used = sees(READ, page, expect(OLD_FRAME, ALL));
    tree->how = FLUSH_NONE;
    rc = change_frame(tree, page);
    tree->how = FLUSH_RIGHT;
    par = translate(page.v);
    old = sees(READ, page, expect(OLD_FRAME, ALL));
    unmap_page(tree, page);
    tap_ok(rc == 0 && used && old &&
               translated_to(par, mfn_to_maddr(frame_of(NEW_FRAME))),
           "AT tells what the tables say, not what the guest sees");
}

/*
 * A frame under a table of the guest's own stage 1.  What a CPU keeps of stage
 * 2 for its own walks goes by ipas2e1is alone, and what it keeps of both
 * together by vmalle1is: QEMU's TCG, too, needs both here.
 */

/* VMSAv8-64 stage 1, D8.3: valid, table or page, access flag, EL1 may write. */
#define S1_TABLE      UINT64_C(0x3)
#define S1_PAGE       UINT64_C(0x403)
#define S1_LEVEL_BITS 9

/* Three levels: the image at its own addresses, and WINDOW by a table aside. */
#define S1_WINDOW (UINT64_C(4) << 30)
static uint64_t s1_root[512] __attribute__((aligned(4096)));
static uint64_t s1_image[2][512] __attribute__((aligned(4096)));
static uint64_t s1_window[512] __attribute__((aligned(4096)));

static uint64_t s1_index(uint64_t va, unsigned int level)
{
    return va >> (DW_PAGE_SHIFT + S1_LEVEL_BITS * level) & 511;
}

static void s1_build(vaddr_t table)
{
    uint64_t image = (uintptr_t)image_start, va;

    s1_root[s1_index(image, 2)] = (uintptr_t)s1_image[1] | S1_TABLE;
    s1_image[1][s1_index(image, 1)] = (uintptr_t)s1_image[0] | S1_TABLE;
    for (va = image; va < (uintptr_t)image_end; va += DW_PAGE_SIZE)
        s1_image[0][s1_index(va, 0)] = va | S1_PAGE;
    s1_root[s1_index(S1_WINDOW, 2)] = (uintptr_t)s1_window | S1_TABLE;
    s1_window[s1_index(S1_WINDOW, 1)] = table.v | S1_TABLE;
}

/* A frame that, as a stage 1 table, maps S1_WINDOW to `ipa`. */
static mfn_t s1_table(vaddr_t ipa)
{
    mfn_t mfn = frame_new();
    uint64_t *slots = (uint64_t *)(uintptr_t)mfn_to_maddr(mfn).v;

    slots[0] = ipa.v | S1_PAGE;
    return mfn;
}

static void try_stage1(struct tree *tree, vaddr_t window, const struct way *way,
                       const mfn_t tables[2])
{
    vaddr_t table = window;
    struct pt_broken token;
    bool used, old, new;
    int rc;

    map_page(tree, table, tables[0]);
    used = sees(READ, VADDR(S1_WINDOW), expect(OLD_FRAME, ALL));
    tree->how = way->how;
    rc = pt_break(&tree->tables, table, 0, &token);
    if (rc == 0)
        rc = pt_make(&tree->tables, &token, tables[1], ALL);
    old = sees(READ, VADDR(S1_WINDOW), expect(OLD_FRAME, ALL));
    tree->how = FLUSH_RIGHT;
    if (way->how != FLUSH_RIGHT)
        flush(FLUSH_RIGHT, table.v, DW_PAGE_SIZE);
    new = sees(READ, VADDR(S1_WINDOW), expect(NEW_FRAME, ALL));
    unmap_page(tree, table);

    tap_ok(rc == 0 && used && new &&old == (way->how != FLUSH_RIGHT),
           "another frame under a stage 1 table, %s: %s", way->name,
           way->how == FLUSH_RIGHT ? "the new" : "the old, until it is");
    if (rc || !used || !new || old != (way->how != FLUSH_RIGHT))
        tap_note("rc %d, used %u, then old %u, then new %u", rc, used, old,
                 new);
}

static void mistakes_stage1(struct tree *tree, vaddr_t window)
{
    static const struct way ways[] = {
        {FLUSH_NONE, "nothing invalidated"},
        {FLUSH_STAGE1, "stage 1 alone invalidated"},
        {FLUSH_STAGE2, "stage 2 alone invalidated"},
        {FLUSH_RIGHT, "as lib does"},
    };
    vaddr_t old = VADDR(window.v + DW_PAGE_SIZE);
    vaddr_t new = VADDR(old.v + DW_PAGE_SIZE);
    mfn_t tables[2] = {s1_table(old), s1_table(new)};

    map_page(tree, old, frame_of(OLD_FRAME));
    map_page(tree, new, frame_of(NEW_FRAME));
    s1_build(window);
    reader_stage1((uintptr_t)s1_root);
    for (unsigned int i = 0; i < sizeof(ways) / sizeof(*ways); i++)
        try_stage1(tree, window, &ways[i], tables);
    reader_stage1(0);
    unmap_page(tree, old);
    unmap_page(tree, new);
}

void mistakes(struct tree *tree, vaddr_t window)
{
    static const struct way right = {FLUSH_RIGHT, "as lib does"};
    unsigned int i, j;

    page_mark(mfn_to_maddr(frame_of(OLD_FRAME)));
    page_mark(mfn_to_maddr(frame_of(NEW_FRAME)));
    for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        for (j = 0; j < sizeof(forgetful) / sizeof(*forgetful); j++)
            try(tree, window, &changes[i], &forgetful[j]);
        try(tree, window, &changes[i], &right);
    }
    table_oracle(tree, window);
    mistakes_stage1(tree, window);
}
