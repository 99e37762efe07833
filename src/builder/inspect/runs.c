/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/runs.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const names[RUN_KINDS] = {
    [RUN_MEMORY] = "memory",
    [RUN_UNMAPPED] = "empty page tables",
    [RUN_AGAIN] = "mapped once more",
    [RUN_KERNEL] = "kernel",
    [RUN_RAMDISK] = "ramdisk",
    [RUN_MODULE] = "second module",
    [RUN_P2M] = "P2M list",
    [RUN_START_INFO] = "start info",
    [RUN_STORE] = "xenstore ring",
    [RUN_CONSOLE] = "console ring",
    [RUN_TABLES] = "page tables",
    [RUN_P2M_TABLES] = "P2M page tables",
    [RUN_STACK] = "boot stack",
    [RUN_PADDING] = "padding",
    [RUN_SHARED_INFO] = "shared info",
    [RUN_GRANTS] = "grant table",
    [RUN_XEN] = "Xen's own",
};

const char *run_name(enum run_kind kind)
{
    return names[kind];
}

static bool is_one(const struct runs *runs, const struct run *a,
                   const struct run *b)
{
    return a->kind == b->kind && b->first - a->end <= runs->grain;
}

static bool may_join(const struct run *a, const struct run *b)
{
    return a->kind == b->kind || (a->kind < RUN_NAMED && b->kind < RUN_NAMED);
}

static uint64_t length(const struct run *run)
{
    return run->end - run->first;
}

/* How much is told wrongly of where something is, if they are joined. */
static uint64_t distance(const struct run *a, const struct run *b)
{
    uint64_t hole = b->first - a->end, part = 0;

    if (a->kind != b->kind)
        part = length(a) < length(b) ? length(a) : length(b);
    return hole + part < hole ? UINT64_MAX : hole + part;
}

/* What `a` has of both, where that of `b` follows. */
static uint64_t followed(const struct run *a, uint64_t number,
                         const struct run *b, uint64_t next)
{
    return a->end == b->first && number != RUN_NONE && number + a->count == next
               ? number
               : RUN_NONE;
}

static void join(struct run *a, const struct run *b)
{
    if (a->kind != b->kind)
        a->kind = RUN_MEMORY;
    a->pfn = followed(a, a->pfn, b, b->pfn);
    a->mfn = followed(a, a->mfn, b, b->mfn);
    a->end = b->end;
    a->count += b->count;
    a->writable += b->writable;
    a->tables += b->tables;
    a->foreign += b->foreign;
    a->entries += b->entries;
}

/* The first of the two that are closest; nr: no two may be joined. */
static unsigned int closest(const struct runs *runs)
{
    unsigned int i, best = runs->nr;
    uint64_t least = 0, now;

    for (i = 0; i + 1 < runs->nr; i++) {
        if (!may_join(&runs->run[i], &runs->run[i + 1]))
            continue;
        now = distance(&runs->run[i], &runs->run[i + 1]);
        if (best == runs->nr || now < least) {
            best = i;
            least = now;
        }
    }
    return best;
}

void runs_limit(struct runs *runs, unsigned int max)
{
    unsigned int i;

    while (runs->nr > max) {
        i = closest(runs);
        if (i == runs->nr)
            return;
        join(&runs->run[i], &runs->run[i + 1]);
        runs->nr--;
        runs->joined++;
        memmove(&runs->run[i + 1], &runs->run[i + 2],
                (runs->nr - i - 1) * sizeof(runs->run[0]));
    }
}

void runs_add(struct runs *runs, const struct run *run)
{
    struct run *last = runs->nr ? &runs->run[runs->nr - 1] : NULL;

    if (last && is_one(runs, last, run)) {
        join(last, run);
        return;
    }
    runs_limit(runs, RUNS_MAX - 1);
    if (runs->nr == RUNS_MAX) {
        join(&runs->run[RUNS_MAX - 1], run);
        runs->joined++;
    } else {
        runs->run[runs->nr++] = *run;
    }
}
