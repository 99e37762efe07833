/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regress/matrix.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the matrix ---- */

static const struct value ways[WAYS] = {
    [WAY_BUILD] = {"build", NULL, 0},
    [WAY_CHECKPOINT] = {"checkpoint", NULL, 0},
    [WAY_SAVE] = {"save", NULL, 0},
    [WAY_IMAGE] = {"image", NULL, 0},
    [WAY_MIGRATE] = {"migrate", NULL, 0},
    [WAY_LIVE] = {"live", NULL, 0},
    [WAY_TERM] = {"term", NULL, 0},
    [WAY_KILL] = {"kill", NULL, 0},
    [WAY_FULL] = {"full", NULL, 0},
    [WAY_CUT] = {"cut", NULL, 0},
};

static const struct value guests[] = {
    {"pae", "hello-pae", 0},
    {"legacy", "hello-legacy", 0},
    {"64", "hello-64", 0},
    {"grub32", "grub-i386-xen.bin", 0},
    {"grub64", "grub-x86_64-xen.bin", 0},
};

static const struct value sizes[] = {
    {"16M", "16", 0},
    {"64M", "64", 0},
    {"256M", "256", 0},
};

static const struct value vcpus[] = {
    {"1vcpu", "1", 0},
    {"3vcpus", "3", 0},
};

/* Below 4 GiB there is no memory above it. */
static const struct value places[] = {
    {"high", "6G", 0},
    {"low", "2G", 0},
};

static const struct value levels[] = {
    {"patched", "patched", 0},
    {"stock", "stock", 0},
};

static const struct value logs[] = {
    {"nolog", "--no-shadow", 0},
    {"log", "--shadow", 0},
};

static const struct value builders[] = {
    {"built-by-domwright", "domwright", 0},
    {"built-by-xl", "xl", NEEDS_XL},
};

static const struct value senders[] = {
    {"saved-by-domwright", "domwright", 0},
    {"saved-by-xl", "xl", NEEDS_XL},
};

static const struct value receivers[] = {
    {"restored-by-domwright", "domwright", 0},
    {"restored-by-xl", "xl", NEEDS_XL},
};

#define VALUES(array) array, sizeof(array) / sizeof((array)[0])

const struct dimension matrix[DIMENSIONS] = {
    [DIM_WAY] = {"way", "what is done with the guest", VALUES(ways)},
    [DIM_GUEST] = {"guest", "its kernel", VALUES(guests)},
    [DIM_SIZE] = {"size", "its memory", VALUES(sizes)},
    [DIM_VCPUS] = {"vcpus", "its virtual CPUs", VALUES(vcpus)},
    [DIM_PLACE] = {"place", "its host's memory", VALUES(places)},
    [DIM_LEVEL] = {"level", "its host's rules", VALUES(levels)},
    [DIM_LOG] = {"log", "its host's log of dirty pages", VALUES(logs)},
    [DIM_BUILDER] = {"builder", "who builds it", VALUES(builders)},
    [DIM_SENDER] = {"sender", "who saves it", VALUES(senders)},
    [DIM_RECEIVER] = {"receiver", "who restores it", VALUES(receivers)},
};

#define BIT(id) (1u << (id))
#define BASE                                                                   \
    (BIT(DIM_WAY) | BIT(DIM_GUEST) | BIT(DIM_SIZE) | BIT(DIM_VCPUS) |          \
     BIT(DIM_PLACE) | BIT(DIM_LEVEL))

/* Others have their first value. */
static const unsigned int depends[WAYS] = {
    [WAY_BUILD] = BASE | BIT(DIM_BUILDER),
    [WAY_CHECKPOINT] = BASE | BIT(DIM_BUILDER) | BIT(DIM_SENDER),
    [WAY_SAVE] = BASE | BIT(DIM_BUILDER) | BIT(DIM_SENDER) | BIT(DIM_RECEIVER),
    [WAY_IMAGE] = BASE | BIT(DIM_RECEIVER),
    [WAY_MIGRATE] = BASE | BIT(DIM_LOG) | BIT(DIM_BUILDER),
    [WAY_LIVE] = BASE | BIT(DIM_LOG) | BIT(DIM_BUILDER),
    [WAY_TERM] = BASE,
    [WAY_KILL] = BASE,
    [WAY_FULL] = BASE,
    [WAY_CUT] = BASE | BIT(DIM_SENDER),
};

unsigned int way_depends(enum way way)
{
    return depends[way];
}

/* ---- cells ---- */

void cell_name(const struct cell *cell, char name[CELL_NAME])
{
    size_t len = 0;

    for (unsigned int id = 0; id < DIMENSIONS; id++)
        if (depends[cell->at[DIM_WAY]] & BIT(id))
            len += (size_t)snprintf(name + len, CELL_NAME - len, "%s%s",
                                    len ? "/" : "", cell_value(cell, id)->name);
    if (cell->round)
        snprintf(name + len, CELL_NAME - len, "#%u", cell->round + 1);
}

/* Does the way depend on each value that is not the first? */
static bool is_cell(const struct cell *cell)
{
    for (unsigned int id = 0; id < DIMENSIONS; id++)
        if (cell->at[id] && !(depends[cell->at[DIM_WAY]] & BIT(id)))
            return false;
    return true;
}

static bool is_chosen(const struct cell *cell, const struct choice *choice)
{
    char name[CELL_NAME];

    if (!is_cell(cell))
        return false;
    if (choice->one_guest && (cell->at[DIM_GUEST] || cell->at[DIM_SIZE]))
        return false;
    if (!choice->only)
        return true;
    cell_name(cell, name);
    return strpbrk(choice->only, "*?[") ? !fnmatch(choice->only, name, 0)
                                        : strstr(name, choice->only) != NULL;
}

/* The next one, as a number is counted up; false: that was the last. */
static bool step(struct cell *cell)
{
    for (unsigned int id = DIMENSIONS; id--;) {
        if (++cell->at[id] < matrix[id].n)
            return true;
        cell->at[id] = 0;
    }
    return false;
}

static unsigned int all_cells(const struct choice *choice, struct cell *cells)
{
    struct cell cell = {.round = 0};
    unsigned int n = 0;

    do {
        if (!is_chosen(&cell, choice))
            continue;
        if (cells)
            cells[n] = cell;
        n++;
    } while (step(&cell));
    return n;
}

/* Marsaglia's xorshift, seeded so that it is never 0. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void shuffle(struct cell *cells, unsigned int n, uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    struct cell cell;
    unsigned int i, k;

    for (i = n; i > 1; i--) {
        k = (unsigned int)(next_random(&state) % i);
        cell = cells[i - 1];
        cells[i - 1] = cells[k];
        cells[k] = cell;
    }
}

/* ---- the quick matrix ---- */

/* What has been tried: values; by way the tools together, and the logs. */
struct covered {
    bool value[DIMENSIONS][16];
    bool tools[WAYS][2][2];
    bool log[WAYS][2];
};

static bool covers(struct covered *covered, const struct cell *cell)
{
    bool *tools = &covered->tools[cell->at[DIM_WAY]][cell->at[DIM_SENDER]]
                                 [cell->at[DIM_RECEIVER]];
    bool *log = &covered->log[cell->at[DIM_WAY]][cell->at[DIM_LOG]];
    bool more = !*tools || !*log;

    *tools = *log = true;
    for (unsigned int id = 0; id < DIMENSIONS; id++) {
        more |= !covered->value[id][cell->at[id]];
        covered->value[id][cell->at[id]] = true;
    }
    return more;
}

/* Those that try something that none before them has. */
static unsigned int thin_out(struct cell *cells, unsigned int n)
{
    struct covered covered = {0};
    unsigned int left = 0, i;

    for (i = 0; i < n; i++)
        if (covers(&covered, &cells[i]))
            cells[left++] = cells[i];
    return left;
}

/* ---- all of it ---- */

static unsigned int take_shard(struct cell *cells, unsigned int n,
                               const struct choice *choice)
{
    unsigned int left = 0, i;

    for (i = choice->shard - 1; i < n; i += choice->shards)
        cells[left++] = cells[i];
    return left;
}

int matrix_cells(const struct choice *choice, struct cell **cells,
                 unsigned int *n)
{
    unsigned int one = all_cells(choice, NULL), round, i;
    struct cell *list = calloc((size_t)one * choice->rounds + 1, sizeof(*list));

    if (!list)
        return -ENOMEM;
    all_cells(choice, list);
    shuffle(list, one, choice->seed);
    if (choice->quick)
        one = thin_out(list, one);
    for (round = 1; round < choice->rounds; round++)
        for (i = 0; i < one; i++) {
            list[round * one + i] = list[i];
            list[round * one + i].round = round;
        }
    *cells = list;
    *n = take_shard(list, one * choice->rounds, choice);
    return 0;
}
