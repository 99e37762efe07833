/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The direct map of 1 TiB by lib/, in leaves of each size, beside the plainest
 * loop that writes the same entries into the same memory, in turn; CPU time of
 * either.  Tables come cleared, as from an allocator that scrubs.  Prints a
 * table in Markdown.
 *
 *     directmap-bench [ROUNDS [GIBIBYTES]]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "measure.h"
#include "mem/directmap.h"

#define BASE  UINT64_C(0xffff830000000000)
#define FIRST UINT64_C(0x1000) /* frame of the first table */

/* Tables one behind the other. */
struct arena {
    uint64_t (*table)[PT_ENTRIES];
    uint64_t used, room;
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
    if (arena->used == arena->room)
        return -ENOMEM;
    *mfn = MFN(FIRST + arena->used++);
    return 0;
}

static const struct pt_ops ops = {.table = table_at, .alloc = alloc};

static int by_lib(struct arena *arena, const struct directmap *dm,
                  const struct mem_chunk *chunk)
{
    struct pt_tables pt = {.format = dm->format, .ops = &ops, .ctx = arena};
    int rc;

    arena->used = 0;
    rc = alloc(arena, dm->format->levels - 1, VADDR(0), &pt.root);
    return rc ? rc : directmap_map_rest(dm, &pt, chunk, 1);
}

/* The same entries; of the tables above them, too, which are few. */
static void by_loop(struct arena *arena, unsigned int level, uint64_t bytes)
{
    const struct pt_format *fmt = &pt_x86_64_native;
    uint64_t flags = fmt->leaf(level, MFN(0), PT_WRITE | PT_GLOBAL);
    uint64_t *slot = arena->table[1], place = 1;

    for (uint64_t ma = 0; ma < bytes; ma += pt_span(fmt, level))
        *slot++ = ma | flags;
    for (unsigned int up = level + 1; up < fmt->levels; up++) {
        uint64_t n = (bytes + pt_span(fmt, up) - 1) / pt_span(fmt, up);

        for (uint64_t i = 0; i < n; i++)
            *slot++ = fmt->table(up, MFN(FIRST + place++));
    }
}

static double time_lib(struct arena *arena, const struct directmap *dm,
                       const struct mem_chunk *chunk)
{
    double start;

    /* The loop uses one more at most. */
    memset(arena->table, 0, (arena->used + 1) * sizeof(arena->table[0]));
    start = seconds();
    if (by_lib(arena, dm, chunk)) {
        fprintf(stderr, "directmap-bench: it failed\n");
        exit(1);
    }
    return seconds() - start;
}

static double time_loop(struct arena *arena, unsigned int level, uint64_t bytes)
{
    double start = seconds();

    by_loop(arena, level, bytes);
    return seconds() - start;
}

static void measure(struct arena *arena, unsigned int level, uint64_t bytes,
                    unsigned int rounds)
{
    static const char *const sizes[] = {"4 KiB", "2 MiB", "1 GiB"};
    struct directmap dm = {
        .format = &pt_x86_64_native, .base = {BASE}, .largest = level};
    struct mem_chunk chunk = {MADDR(0), MADDR(bytes), MEM_WB};
    unsigned int repeat = level == 0 ? 1 : level == 1 ? 100 : 10000;
    double lib[ROUNDS_MAX], loop[ROUNDS_MAX], a, b;

    for (unsigned int i = 0; i < rounds; i++) {
        lib[i] = loop[i] = 0;
        for (unsigned int j = 0; j < repeat; j++)
            lib[i] += time_lib(arena, &dm, &chunk);
        for (unsigned int j = 0; j < repeat; j++)
            loop[i] += time_loop(arena, level, bytes);
        lib[i] *= 1e6 / repeat;
        loop[i] *= 1e6 / repeat;
    }
    a = median(lib, rounds);
    b = median(loop, rounds);
    printf("| %s | %" PRIu64 " | %.1f | %.1f | %.2f | %s |\n", sizes[level],
           bytes / pt_span(dm.format, level), a, b, a / b,
           a <= 2 * b ? "reached" : "missed");
}

int main(int argc, char **argv)
{
    unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 5;
    uint64_t gib = argc > 2 ? strtoull(argv[2], NULL, 10) : 1024;
    struct arena arena = {.room = gib * 513 + 16};
    size_t bytes = arena.room * sizeof(arena.table[0]);

    if (rounds < 1 || rounds > ROUNDS_MAX || gib < 1 || gib > 4096)
        return 2;
    arena.table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena.table == MAP_FAILED) {
        perror("directmap-bench: tables");
        return 1;
    }
    arena.used = arena.room - 1; /* its pages are there from the start */
    printf("Direct map of %" PRIu64 " GiB, %u rounds, medians:\n\n", gib,
           rounds);
    printf("| leaves of | leaves | lib/, us | loop, us | ratio | within 2 |\n");
    printf("|---|---|---|---|---|---|\n");
    for (unsigned int level = 3; level-- > 0;)
        measure(&arena, level, gib << 30, rounds);
    return 0;
}
