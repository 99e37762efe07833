/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regress/run.h - does what a cell of the matrix says, by programs as anybody
 * runs them, and looks at all that is there afterwards.
 */
#ifndef DW_REGRESS_RUN_H
#define DW_REGRESS_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "regress/matrix.h"

/* What all cells have in common. */
struct bench {
    char domwright[PATH_MAX], fakexen[PATH_MAX];
    char xl[PATH_MAX];     /* "": there is none that runs here */
    char folder[PATH_MAX]; /* "": none yet */
    int lock;              /* says that somebody is at work in it */
    char guests[PATH_MAX]; /* where the test kernels are */
    const char *own;       /* somebody's own configuration; or NULL */
    const char *host;      /* an embedded host that is there; or NULL */
    int host_lock;         /* keeps other runs off it; -1: none */
    uint64_t seed;
    double patience; /* seconds that a program may take */
};

enum outcome { CELL_PASSED, CELL_FAILED, CELL_SKIPPED };

struct result {
    enum outcome outcome;
    double seconds;
    bool no_room;    /* ... for its files: that is no failure of the guest's */
    char what[4000]; /* lines: why it failed, or was skipped; or "" */
};

/*
 * Finds the programs and makes a folder for what they write; those of runs that
 * were killed are removed.  0 or a negative errno and the failure in dg;
 * bench_close() takes the folder away.
 */
int __attribute__((warn_unused_result))
bench_open(struct bench *bench, struct diag *dg);
void bench_close(struct bench *bench);

/* Is the given host one, of which no other run makes use, and nobody on it
 * called as the guests will be?  0, or a negative errno and the failure in dg.
 */
int __attribute__((warn_unused_result))
bench_check_host(struct bench *bench, struct diag *dg);

/* Can somebody's own guest be built at all?  0 or a negative errno and the
 * failure in dg. */
int __attribute__((warn_unused_result))
bench_check_guest(const struct bench *bench, struct diag *dg);

void cell_run(const struct bench *bench, const struct cell *cell,
              struct result *result);

#endif /* DW_REGRESS_RUN_H */
