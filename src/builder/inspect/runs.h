/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/runs.h - what lies in a row, in a list that cannot overflow.
 *
 * Addresses, page tables or frames are added one by one, in ascending order,
 * and those that follow each other become a run.  Where there would be too many
 * runs, those two become one that are closest to each other, and so on.  What
 * is counted stays right, whatever somebody has made.
 */
#ifndef DW_INSPECT_RUNS_H
#define DW_INSPECT_RUNS_H

#include <stdint.h>

/*
 * What is in a run.  Of those from RUN_NAMED on a guest has few; the others
 * become one, memory, where need be.
 */
enum run_kind {
    RUN_MEMORY,   /* pages, tables or frames that have no name */
    RUN_UNMAPPED, /* page tables have nothing here */
    RUN_AGAIN,    /* page tables that were told of: used once more */
    RUN_GRANTS,
    RUN_NAMED,
    RUN_KERNEL = RUN_NAMED,
    RUN_RAMDISK,
    RUN_MODULE,
    RUN_P2M,
    RUN_START_INFO,
    RUN_STORE,
    RUN_CONSOLE,
    RUN_TABLES,
    RUN_P2M_TABLES,
    RUN_STACK,
    RUN_PADDING,
    RUN_SHARED_INFO,
    RUN_XEN,
    RUN_KINDS,
};

/* Its own name, for people; static. */
const char *run_name(enum run_kind kind);

#define RUN_NONE UINT64_MAX

struct run {
    enum run_kind kind;
    uint64_t first, end; /* addresses (1 << 64 is 0), or frames */
    uint64_t count;      /* of pages, tables or frames in it */
    uint64_t pfn, mfn;   /* of the first, if the others follow; RUN_NONE */
    uint64_t writable;   /* of the pages */
    uint64_t tables;     /* of the pages or frames */
    uint64_t foreign;    /* of the pages: frames that are not the domain's */
    uint64_t entries;    /* in the tables, which lead somewhere */
};

/* More than an ordinary guest has in any of them. */
#define RUNS_MAX 96

struct runs {
    uint64_t grain;  /* holes that are no larger end no run */
    uint64_t joined; /* runs that larger ones do not end either: too many */
    unsigned int nr;
    struct run run[RUNS_MAX];
};

/* `run` begins where the last one ends, or behind it. */
void runs_add(struct runs *runs, const struct run *run);

/*
 * Joins runs until there are no more than `max`, as far as names allow: a run
 * that has one is joined with its like only.
 */
void runs_limit(struct runs *runs, unsigned int max);

#endif /* DW_INSPECT_RUNS_H */
