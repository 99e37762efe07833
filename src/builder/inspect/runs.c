/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/runs.h"

#include <stdbool.h>
#include <stddef.h>

/* From a page, or a frame, to more than there is of either. */
#define GRAIN_FIRST UINT64_C(4096)
#define GRAIN_LAST  (UINT64_MAX / 16)

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
    if (a->kind != b->kind && (runs->grain <= GRAIN_LAST ||
                               a->kind >= RUN_NAMED || b->kind >= RUN_NAMED))
        return false;
    return b->first - a->end <= runs->grain;
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

/* Puts together what is one by now. */
static void join_all(struct runs *runs)
{
    unsigned int i, nr = 0;

    for (i = 0; i < runs->nr; i++)
        if (nr && is_one(runs, &runs->run[nr - 1], &runs->run[i]))
            join(&runs->run[nr - 1], &runs->run[i]);
        else
            runs->run[nr++] = runs->run[i];
    runs->nr = nr;
}

void runs_coarsen(struct runs *runs, unsigned int max)
{
    while (runs->nr > max && runs->grain <= GRAIN_LAST) {
        runs->grain = runs->grain < GRAIN_FIRST ? GRAIN_FIRST : runs->grain * 8;
        if (runs->grain > GRAIN_LAST)
            runs->grain = UINT64_MAX;
        join_all(runs);
    }
}

void runs_add(struct runs *runs, const struct run *run)
{
    struct run *last = runs->nr ? &runs->run[runs->nr - 1] : NULL;

    if (last && is_one(runs, last, run)) {
        join(last, run);
        return;
    }
    if (runs->nr == RUNS_MAX) {
        runs_coarsen(runs, RUNS_MAX / 2);
        last = &runs->run[runs->nr - 1];
    }
    if (runs->nr == RUNS_MAX || (last && is_one(runs, last, run)))
        join(last, run);
    else
        runs->run[runs->nr++] = *run;
}
