/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regress/program.h - runs a program, whose output goes to files, for so long
 * as it may take.
 */
#ifndef DW_REGRESS_PROGRAM_H
#define DW_REGRESS_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct program {
    pid_t pid; /* 0: it does not run */
    bool deaf; /* signals do not count */
    char out[PATH_MAX], err[PATH_MAX];
};

/*
 * Starts argv[0], in `folder`, where its output goes to NAME.out and NAME.err.
 * It may write files of `file_max` bytes; 0: of any size.  -errno.
 */
int __attribute__((warn_unused_result))
program_start(struct program *program, const char *folder, const char *name,
              char *const *argv, unsigned long file_max);

/* Its exit status, 128 and a signal's number; -ETIMEDOUT: it was killed after
 * so many seconds; -EINTR: as a signal has come, which is held (signals.h), and
 * it did not end when it got SIGTERM; or another negative errno. */
int __attribute__((warn_unused_result))
program_wait(struct program *program, double seconds);

/* Waits until a line of its output is that word.  0; -ETIMEDOUT; -EINTR;
 * -ECHILD: it has ended without that. */
int __attribute__((warn_unused_result))
program_said(const struct program *program, const char *word, double seconds);

void program_signal(const struct program *program, int signal);

#endif /* DW_REGRESS_PROGRAM_H */
