/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core_p2m.c - the P2M in lib/pv/p2m_tree. The list that the builder has made
 * is what the tree is compared with.
 */
#include "core.h"

#include <errno.h>

/* Of PFNs: more than 4 GiB, of which the domain has a small part. */
#define SIZE UINT64_C(0x140000)

/* Before there is an allocator, which does not last; and with it. */
#define RESERVE 24
#define MORE    192

/* A PCI hole with boundaries at which no page of the tree ends. */
#define HOLE_FIRST UINT64_C(0x93be0)
#define HOLE_END   UINT64_C(0xa0123)

static struct p2m_tree tree;

/* ---- pages ---- */

struct pages {
    union p2m_page *next, *end; /* never given out */
    union p2m_page *freed;      /* each names the one freed before it */
    long out;
    long left; /* there are so many, for now; below 0: all that there are */
};

static union p2m_page *alloc(void *ctx)
{
    struct pages *pages = ctx;
    union p2m_page *page = pages->freed;

    if (!pages->left)
        return NULL;
    pages->left--;
    if (page)
        pages->freed = page->below[0];
    else if (pages->next < pages->end)
        page = pages->next++;
    if (page)
        pages->out++;
    return page;
}

static void take_back(void *ctx, union p2m_page *page)
{
    struct pages *pages = ctx;

    memset(page, 0x5a, sizeof(*page));
    page->below[0] = pages->freed;
    pages->freed = page;
    pages->out--;
}

static const struct p2m_ops ops = {.alloc = alloc, .free = take_back};

static union p2m_page reserve[RESERVE] __attribute__((aligned(4096)));
static struct pages pages = {
    .next = reserve, .end = reserve + RESERVE, .left = -1};

/* ---- the tree against the list ---- */

static bool is_list(uint64_t pfn)
{
    mfn_t mfn;

    return p2m_tree_get(&tree, PFN(pfn), &mfn) == P2M_MAPPED &&
           mfn.v == pfn_to_mfn(PFN(pfn)).v;
}

static bool is_kind(uint64_t pfn, enum p2m_kind kind)
{
    mfn_t mfn;

    return p2m_tree_get(&tree, PFN(pfn), &mfn) == kind &&
           mfn.v == (kind == P2M_IDENTITY ? pfn : MFN_INVALID.v);
}

/* The first `n` PFNs are those of the list, and the next is not there. */
static bool holds_list(uint64_t n)
{
    uint64_t pfn;

    for (pfn = 0; pfn < n; pfn++)
        if (!is_list(pfn))
            return false;
    return is_kind(n, P2M_MISSING);
}

/* Returns how many there are when it ends, with *rc. */
static uint64_t set_from(uint64_t pfn, int *rc)
{
    for (*rc = 0; pfn < start_info->nr_pages; pfn++) {
        *rc = p2m_tree_set(&tree, PFN(pfn), pfn_to_mfn(PFN(pfn)));
        if (*rc)
            break;
    }
    return pfn;
}

/* For memory that is to be mapped: as far as the tree has got, from there. */
static int frame_of(void *arg, vaddr_t va, mfn_t *mfn, uint32_t *prot)
{
    pfn_t pfn = vaddr_to_pfn((uintptr_t)va.v);

    (void)arg;
    if (p2m_tree_get(&tree, pfn, mfn) != P2M_MAPPED)
        *mfn = pfn_to_mfn(pfn);
    *prot = PT_WRITE;
    return 0;
}

static void fill_tree(void)
{
    union p2m_page *more;
    uint64_t n;
    int rc;

    tap_eq((unsigned)p2m_tree_init(&tree, SIZE, &ops, &pages), 0,
           "a tree is made of pages from a reserve");
    n = set_from(0, &rc);
    tap_ok(rc == -ENOMEM && n > 0 && pages.out == RESERVE,
           "the reserve is used up before all of the memory is in it");
    tap_ok(holds_list(n), "what is in it is right, and nothing else is there");
    more = map_more_memory(MORE, frame_of, NULL);
    pages.next = more;
    pages.end = more + MORE;
    n = set_from(n, &rc);
    tap_ok(rc == 0 && n == start_info->nr_pages && holds_list(n),
           "pages from mapped memory hold the rest");
}

static void check_m2p(void)
{
    struct tally m2p = {0, 0};
    uint64_t pfn;
    mfn_t mfn;

    for (pfn = 0; pfn < start_info->nr_pages; pfn++) {
        p2m_tree_get(&tree, PFN(pfn), &mfn);
        tally_wrong(&m2p, mfn_to_pfn(mfn).v != pfn);
    }
    tap_tally(&m2p, "Xen's M2P names the PFN of each frame");
}

/* ---- parts that are 1:1 ---- */

static bool hole_is_right(void)
{
    uint64_t pfn;

    for (pfn = HOLE_FIRST; pfn < HOLE_END; pfn++)
        if (!is_kind(pfn, P2M_IDENTITY))
            return false;
    return is_kind(HOLE_FIRST - 1, P2M_MISSING) &&
           is_kind(HOLE_END, P2M_MISSING);
}

static void check_identity(void)
{
    /* Behind the memory: in the same leaf, and beyond that. */
    pfn_t behind = PFN(start_info->nr_pages), end = PFN(behind.v + 777);
    long out = pages.out;
    int rc;

    pages.left = 2; /* of four */
    rc = p2m_tree_fill(&tree, PFN(HOLE_FIRST), PFN(HOLE_END), P2M_IDENTITY);
    tap_ok(rc == -ENOMEM && pages.out == out &&
               is_kind(HOLE_FIRST, P2M_MISSING) &&
               is_kind(HOLE_END - 1, P2M_MISSING),
           "with too few pages a hole is refused, and nothing changes");
    pages.left = -1;
    rc = p2m_tree_fill(&tree, PFN(HOLE_FIRST), PFN(HOLE_END), P2M_IDENTITY);
    tap_ok(rc == 0 && hole_is_right(),
           "the hole is 1:1, up to its ends and no further");
    rc = p2m_tree_fill(&tree, behind, end, P2M_IDENTITY);
    tap_ok(rc == 0 && is_list(behind.v - 1) &&
               is_kind(behind.v, P2M_IDENTITY) &&
               is_kind(end.v - 1, P2M_IDENTITY) && is_kind(end.v, P2M_MISSING),
           "so is what follows the memory, which stays");
    pages.left = 0;
    tap_eq((unsigned)p2m_tree_set(&tree, PFN(HOLE_FIRST + 0x4321),
                                  MFN(HOLE_FIRST + 0x4321)),
           0, "a page that is 1:1 already takes none");
    pages.left = -1;
    rc = p2m_tree_set(&tree, PFN(HOLE_END - 600), pfn_to_mfn(PFN(0)));
    tap_ok(rc == 0 && is_kind(HOLE_END - 601, P2M_IDENTITY) &&
               is_kind(HOLE_END - 599, P2M_IDENTITY),
           "a frame in the hole changes its own PFN only");
    rc = p2m_tree_fill(&tree, PFN(HOLE_END - 600), PFN(HOLE_END - 599),
                       P2M_IDENTITY);
    tap_ok(rc == 0 && is_kind(HOLE_END - 600, P2M_IDENTITY),
           "and can be 1:1 again");
}

/* Whoever iterates: from run to run, to the end. */
static void check_runs(void)
{
    uint64_t n[3] = {0, 0, 0};
    struct p2m_run run = {.end = PFN(0)};
    struct tally mapped = {0, 0};
    unsigned long runs = 0;
    uint64_t i;

    while (p2m_tree_run(&tree, run.end, &run)) {
        runs++;
        n[run.kind] += run.end.v - run.first.v;
        for (i = run.first.v; run.kind == P2M_MAPPED && i < run.end.v; i++)
            tally_wrong(&mapped,
                        run.mfn.v + (i - run.first.v) != pfn_to_mfn(PFN(i)).v);
    }
    tap_ok(n[P2M_MAPPED] == start_info->nr_pages &&
               n[P2M_IDENTITY] == HOLE_END - HOLE_FIRST + 777 &&
               n[P2M_MAPPED] + n[P2M_IDENTITY] + n[P2M_MISSING] == SIZE,
           "the runs are all of the memory, all of the holes, and the rest");
    tap_tally(&mapped, "they have the frames of the list");
    tap_note("runs=%lu", runs);
}

/* ---- what toolstacks read: arch-x86/xen.h, pfn_to_mfn_frame_list_list ---- */

#define FAN       (PAGE_SIZE / sizeof(xen_pfn_t))
#define MAX_LISTS 4

static xen_pfn_t top_list[FAN] __attribute__((aligned(4096)));
static xen_pfn_t frame_list[MAX_LISTS][FAN] __attribute__((aligned(4096)));
static xen_pfn_t no_frames[FAN] __attribute__((aligned(4096)));
static long pages_of_lists;

static xen_pfn_t frame_at(const void *page)
{
    return (xen_pfn_t)pfn_to_mfn(vaddr_to_pfn((uintptr_t)page)).v;
}

static bool has_frames(const xen_pfn_t *list)
{
    return memcmp(list, no_frames, sizeof(no_frames)) != 0;
}

/* The list's page for PFNs from `pfn` on; parts without frames share one. */
static const xen_pfn_t *export_page(uint64_t pfn)
{
    static xen_pfn_t buffer[FAN];
    void *page = no_frames;

    if (p2m_tree_export(&tree, PFN(pfn), FAN, sizeof(buffer[0]), buffer))
        panic("PFN %#llx is not exported", (unsigned long long)pfn);
    if (has_frames(buffer)) {
        page = alloc(&pages);
        pages_of_lists++;
    }
    if (!page)
        panic("there is no page for a list");
    if (page != no_frames)
        memcpy(page, buffer, sizeof(buffer));
    return page;
}

/* Up to the end of the hole. A frame or all ones, and no mark. */
static void check_export(void)
{
    struct tally frames = {0, 0}, others = {0, 0};
    const xen_pfn_t *list;
    uint64_t pfn, i;

    memset(no_frames, 0xff, sizeof(no_frames));
    for (pfn = 0; pfn < HOLE_END; pfn += FAN) {
        list = export_page(pfn);
        frame_list[pfn / FAN / FAN][pfn / FAN % FAN] = frame_at(list);
        for (i = 0; i < FAN; i++)
            if (pfn + i < start_info->nr_pages)
                tally_wrong(&frames, list[i] != pfn_to_mfn(PFN(pfn + i)).v);
            else
                tally_wrong(&others, list[i] != (xen_pfn_t)-1);
    }
    tap_tally(&frames, "exported lists have the frame of each page");
    tap_tally(&others, "and all ones for all that is none");
    for (i = 0; i < MAX_LISTS; i++)
        top_list[i] = frame_at(frame_list[i]);
    shared_info()->arch.pfn_to_mfn_frame_list_list = frame_at(top_list);
    shared_info()->arch.max_pfn = HOLE_END;
}

void check_p2m(void)
{
    fill_tree();
    check_m2p();
    check_identity();
    check_runs();
    check_export();
}

const struct p2m_tree *own_p2m(void)
{
    return &tree;
}

void end_p2m(void)
{
    p2m_tree_dispose(&tree);
    tap_eq((unsigned long)pages.out, (unsigned long)pages_of_lists,
           "every page of the tree comes back");
}
