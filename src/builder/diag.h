/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diag.h - what went wrong: one line, one exit code.
 *
 * A command carries one struct diag.  Whoever fails first calls diag_fail()
 * or diag_fail_xc(); main() prints the line.  It is libxc's logger as well:
 * libxc's own words are kept as the cause, and shown as they come only when
 * the user asked for them (-v).
 */
#ifndef DW_DIAG_H
#define DW_DIAG_H

#include <stdbool.h>
#include <xentoollog.h>

/* domwright's exit codes, domwright(1). */
enum dw_exit {
    DW_DONE = 0,
    DW_FAILED = 1,  /* anything else */
    DW_USAGE = 2,   /* the command line */
    DW_CONFIG = 3,  /* the configuration and what it names */
    DW_REFUSED = 4, /* the hypervisor said no */
    DW_NO_XEN = 5,  /* there is none, or we may not talk to it */
};

struct diag {
    xentoollog_logger logger; /* first: libxc hands this back to us */
    bool verbose;
    char **argv;      /* the whole command line; embedded.h */
    const char *host; /* --host, or NULL; embedded.h */
    int code;         /* an enum dw_exit, or 128 + the signal that stopped us */
    char line[1024];
    char cause[512]; /* libxc's first error since diag_step() */
};

void diag_init(struct diag *dg);

/* Forgets libxc's earlier words: a new step begins. */
void diag_step(struct diag *dg);

/*
 * Records the failure, unless one is recorded already, and returns rc, a
 * negative errno.  The line has neither prefix nor newline.
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
