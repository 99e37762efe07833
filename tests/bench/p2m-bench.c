/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's second-stage table by lib/, filled with 4 KiB entries, its blocks
 * split to pages and merged again, each beside the plainest loop that writes
 * the same entries into the same memory (and for blocks has read those of the
 * pages); and lookups in the P2M tree of a PV
 * guest, in order and at random, beside a flat list.  In turn; CPU time of
 * either.  Prints tables in Markdown.
 *
 *     p2m-bench [ROUNDS [GIBIBYTES]]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "measure.h"
#include "mem/p2m_table.h"
#include "pv/p2m_tree.h"

#define FORMAT (&pt_arm_s2_40)
#define FIRST  UINT64_C(0x1000) /* frame of the first table, the root */
#define BLOCK  UINT64_C(512)

/* Tables one behind the other; those that were given back come first. */
struct arena {
    uint64_t (*table)[PT_ENTRIES];
    uint64_t used, room, spare;
    uint64_t *stack;
};

static uint64_t *table_at(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va)
{
    struct arena *arena = ctx;

    (void)level;
    (void)va;
    return arena->table[mfn.v - FIRST];
}

static int alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    struct arena *arena = ctx;

    (void)level;
    (void)va;
    if (arena->spare > 0) {
        *mfn = MFN(arena->stack[--arena->spare]);
        memset(arena->table[mfn->v - FIRST], 0, sizeof(arena->table[0]));
        return 0;
    }
    if (arena->used == arena->room)
        return -ENOMEM;
    *mfn = MFN(FIRST + arena->used++);
    return 0;
}

static void give_back(void *ctx, unsigned int level, mfn_t mfn)
{
    struct arena *arena = ctx;

    (void)level;
    arena->stack[arena->spare++] = mfn.v;
}

/* What a flush costs is the machine's, and the same for both. */
static void invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    (void)ctx;
    (void)va;
    (void)bytes;
}

static void put(void *ctx, mfn_t mfn)
{
    (void)ctx;
    (void)mfn;
}

static const struct p2m_table_ops ops = {.pt = {.table = table_at,
                                                .alloc = alloc,
                                                .free = give_back,
                                                .invalidate = invalidate},
                                         .put = put};

static void must(int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "p2m-bench: %s\n", strerror(-rc));
    exit(1);
}

static void begin(struct arena *arena, struct p2m_table *p)
{
    memset(arena->table, 0, arena->used * sizeof(arena->table[0]));
    arena->used = 2; /* the root has two frames */
    arena->spare = 0;
    must(p2m_table_init(p, FORMAT, MFN(FIRST), &ops, arena));
}

static void set(struct p2m_table *p, uint64_t nr, uint64_t mfn)
{
    must(p2m_table_set_range(p, GFN(0), nr, MFN(mfn), P2M_RAM, P2M_ACCESS_ALL,
                             NULL));
}

/* The leaves of `level` of nr frames, in memory one behind the other. */
static void loop(struct arena *arena, unsigned int level, uint64_t nr)
{
    uint64_t flags = FORMAT->leaf(level, MFN(0), P2M_ACCESS_ALL);
    uint64_t *slot = arena->table[1], step = pt_span(FORMAT, level);

    for (uint64_t ma = 0; ma < nr << DW_PAGE_SHIFT; ma += step)
        *slot++ = ma | flags;
}

/* What is timed: by lib/ or by the loop, on tables that are prepared. */

enum work { FILL, SPLIT, MERGE };

static double time_lib(struct arena *arena, enum work work, uint64_t nr)
{
    struct p2m_table p;
    double start;

    begin(arena, &p);
    if (work == SPLIT)
        set(&p, nr, BLOCK);
    else if (work == MERGE)
        set(&p, nr, 1);
    start = seconds();
    if (work == FILL)
        set(&p, nr, 1); /* not aligned: pages */
    else if (work == SPLIT)
        for (uint64_t gfn = 0; gfn < nr; gfn += BLOCK)
            must(p2m_table_set(&p, GFN(gfn), 0, MFN(1), P2M_ROM,
                               P2M_ACCESS_ALL));
    else
        set(&p, nr, BLOCK);
    return seconds() - start;
}

/* Does each entry follow the one before it? */
static bool in_order(const struct arena *arena, uint64_t nr)
{
    const uint64_t *slot = arena->table[1];
    uint64_t others = 0;

    for (uint64_t i = 1; i < nr; i++)
        others |= slot[i] - slot[i - 1] - DW_PAGE_SIZE;
    return others == 0;
}

static double time_loop(struct arena *arena, enum work work, uint64_t nr)
{
    double start;

    if (work == MERGE)
        loop(arena, 0, nr);
    start = seconds();
    if (work != MERGE)
        loop(arena, 0, nr);
    else if (in_order(arena, nr))
        loop(arena, 2, nr);
    return seconds() - start;
}

static void row(const char *what, double *lib, double *plain,
                unsigned int rounds)
{
    double a = median(lib, rounds), b = median(plain, rounds);

    printf("| %s | %.2f | %.2f | %.2f |\n", what, a, b, a / b);
}

static void measure_table(unsigned int rounds, uint64_t gib)
{
    static const char *const what[] = {
        [FILL] = "pages mapped",
        [SPLIT] = "each 2 MiB block split for a page",
        [MERGE] = "pages become blocks of up to 1 GiB",
    };
    struct arena arena = {.room = gib * 515 + 16};
    size_t bytes = arena.room * sizeof(arena.table[0]);
    double lib[ROUNDS_MAX], plain[ROUNDS_MAX];

    arena.table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    arena.stack = malloc(arena.room * sizeof(*arena.stack));
    if (arena.table == MAP_FAILED || arena.stack == NULL)
        must(-ENOMEM);
    arena.used = arena.room; /* its pages are there from the start */
    printf("Second-stage table of %" PRIu64 " GiB, %u rounds, medians:\n\n",
           gib, rounds);
    printf("| | lib/, ms | loop, ms | ratio |\n|---|---|---|---|\n");
    for (enum work work = FILL; work <= MERGE; work++) {
        for (unsigned int i = 0; i < rounds; i++) {
            lib[i] = 1e3 * time_lib(&arena, work, gib << 18);
            plain[i] = 1e3 * time_loop(&arena, work, gib << 18);
        }
        row(what[work], lib, plain, rounds);
    }
    munmap(arena.table, bytes);
    free(arena.stack);
}

/* The P2M tree. */

static union p2m_page *page(void *ctx)
{
    uint64_t *pages = ctx;

    ++*pages;
    return aligned_alloc(DW_PAGE_SIZE, sizeof(union p2m_page));
}

static void free_page(void *ctx, union p2m_page *p)
{
    uint64_t *pages = ctx;

    --*pages;
    free(p);
}

static const struct p2m_ops tree_ops = {.alloc = page, .free = free_page};

static volatile uint64_t sink; /* what was looked up */

static double look_up(const struct p2m_tree *tree, const uint64_t *flat,
                      uint64_t nr, bool random)
{
    uint64_t sum = 0, at = 1;
    double start = seconds();

    for (uint64_t i = 0; i < nr; i++) {
        mfn_t mfn = MFN(0);

        /* Each PFN once, in an order that no prefetcher foresees. */
        at = random ? (at * 5 + 3) & (nr - 1) : i;
        if (random)
            at ^= sum & 1;
        if (flat != NULL)
            mfn = MFN(flat[at]);
        else
            (void)p2m_tree_get(tree, PFN(at), &mfn);
        sum += mfn.v;
    }
    sink = sum;
    return seconds() - start;
}

static void measure_tree(unsigned int rounds)
{
    const uint64_t nr = UINT64_C(1) << 21; /* 8 GiB; a power of two */
    uint64_t *flat = malloc(nr * sizeof(*flat)), pages = 0;
    double lib[ROUNDS_MAX], plain[ROUNDS_MAX];
    struct p2m_tree tree;

    if (flat == NULL)
        must(-ENOMEM);
    must(p2m_tree_init(&tree, nr, &tree_ops, &pages));
    for (uint64_t i = 0; i < nr; i++) {
        flat[i] = nr * 2 - i;
        must(p2m_tree_set(&tree, PFN(i), MFN(flat[i])));
    }
    printf("\nP2M tree of 8 GiB, %" PRIu64 " pages (flat list: %" PRIu64
           "), %u rounds, medians:\n\n",
           pages, nr / BLOCK, rounds);
    printf("| lookups | tree, ms | list, ms | ratio |\n|---|---|---|---|\n");
    for (unsigned int random = 0; random < 2; random++) {
        for (unsigned int i = 0; i < rounds; i++) {
            lib[i] = 1e3 * look_up(&tree, NULL, nr, random);
            plain[i] = 1e3 * look_up(NULL, flat, nr, random);
        }
        row(random ? "at random" : "in order", lib, plain, rounds);
    }
    p2m_tree_dispose(&tree);
    free(flat);
}

/* What a guest that is mostly gaps costs, beside a small one without any. */
static void measure_gaps(void)
{
    static const struct {
        const char *what;
        uint64_t span, stride, held; /* GiB, and MiB: 1 in 64 or all */
    } guest[] = {{"64 GiB, 63 of them gaps", 64, 64, 1024},
                 {"2 GiB, no gaps", 2, 1, 2048}};

    printf("\n| guest | pages of the tree | pages of a flat list |\n");
    printf("|---|---|---|\n");
    for (unsigned int g = 0; g < 2; g++) {
        struct p2m_tree tree;
        uint64_t pages = 0, mib = 256;

        must(p2m_tree_init(&tree, guest[g].span << 18, &tree_ops, &pages));
        for (uint64_t i = 0; i < guest[g].held * mib; i++) {
            /* The gaps lie between runs of 16 MiB. */
            uint64_t run = i / (16 * mib);
            uint64_t pfn = run * guest[g].stride * 16 * mib + i % (16 * mib);

            must(p2m_tree_set(&tree, PFN(pfn), MFN(i + 1)));
        }
        printf("| %s | %" PRIu64 " | %" PRIu64 " |\n", guest[g].what, pages,
               (guest[g].span << 18) / BLOCK);
        p2m_tree_dispose(&tree);
    }
}

int main(int argc, char **argv)
{
    unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 5;
    uint64_t gib = argc > 2 ? strtoull(argv[2], NULL, 10) : 16;

    if (rounds < 1 || rounds > ROUNDS_MAX || gib < 1 || gib > 512)
        return 2;
    measure_table(rounds, gib);
    measure_tree(rounds);
    measure_gaps();
    return 0;
}
