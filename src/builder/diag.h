/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diag.h - what went wrong: a line for each failure, one exit code.
 *
 * A command carries one struct diag.  Whoever finds a failure calls
 * diag_fail(), or diag_fail_xc() where a call of libxc's failed; main() prints
 * the lines.  Work that goes on after a failure, with the next domain or the
 * next key, calls diag_next() in between.
 */
#ifndef DW_DIAG_H
#define DW_DIAG_H

#include <stdbool.h>

/* domwright's exit codes, domwright(1). */
enum dw_exit {
    DW_DONE = 0,
    DW_FAILED = 1,  /* anything else */
    DW_USAGE = 2,   /* the command line */
    DW_CONFIG = 3,  /* the configuration and what it names */
    DW_REFUSED = 4, /* the hypervisor said no */
    DW_NO_XEN = 5,  /* there is none, or we may not talk to it */
};

/* More than anybody reads; the rest is counted. */
#define DIAG_LINES 32

struct diag {
    bool verbose; /* -v */
    bool quiet;   /* no notices: -q */
    int code;     /* of the first failure: an enum dw_exit, or 128 + a signal */
    bool told;    /* there is a line of the present matter already */
    unsigned int nr; /* failures; the first DIAG_LINES of them have a line */
    char line[DIAG_LINES][1024];
    char cause[512];  /* libxc's first error since diag_step(); xenlog.h */
    char detail[512]; /* and what it said last before that, or "" */
};

void diag_init(struct diag *dg);

/* Forgets libxc's earlier words: a new step begins. */
void diag_step(struct diag *dg);

/*
 * What follows is another matter: its failure gets a line of its own.  Until
 * then the first line stays, which knows the cause best.
 */
void diag_next(struct diag *dg);

/* What failed is told by another process: this one begins anew. */
void diag_forget(struct diag *dg);

/* The failure of this matter was none. */
void diag_drop(struct diag *dg);

/*
 * Records a failure, unless this matter has one already, and returns rc, a
 * negative errno.  The line has neither prefix nor newline; control characters
 * in it are escaped.
 */
int __attribute__((format(printf, 4, 5), warn_unused_result))
diag_fail(struct diag *dg, int code, int rc, const char *fmt, ...);

/*
 * The same for a call of libxc that has just failed with errno set: the line
 * becomes "STEP: libxc's cause: errno's meaning", the code DW_REFUSED, and
 * the result -errno (-EIO where libxc left it 0).
 */
int __attribute__((format(printf, 2, 3), warn_unused_result))
diag_fail_xc(struct diag *dg, const char *step, ...);

/* Prints "domwright: warning: ..." at once. */
void __attribute__((format(printf, 1, 2))) diag_warn(const char *fmt, ...);

#endif /* DW_DIAG_H */
