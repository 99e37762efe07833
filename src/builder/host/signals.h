/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signals.h - SIGINT, SIGTERM and SIGHUP, held back while there is
 * something to clean up.
 *
 * No handler: the signals are blocked, and looked for between two steps.
 * SIGPIPE is blocked with them: a write fails instead, which is its own
 * message.
 */
#ifndef DW_SIGNALS_H
#define DW_SIGNALS_H

#include "diag.h"

void interrupt_hold(void);

/*
 * 0; or -EINTR where one of the signals has come, and the failure in dg with
 * the exit code 128 + signal, as a shell would give.  One that was ignored
 * when the program started does not count.
 */
int __attribute__((warn_unused_result)) interrupt_check(struct diag *dg);

/* The number of that signal, or 0. */
int interrupt_pending(void);

/*
 * A descriptor that SIGINT and SIGTERM make readable from now on, in the place
 * of what else they would do; not one that was ignored when the program
 * started. Or a negative errno.
 */
int __attribute__((warn_unused_result)) interrupt_fd(void);

/*
 * One that has come meanwhile acts now.  Blocked signals are inherited across
 * exec(2): to be called before that.
 */
void interrupt_release(void);

#endif /* DW_SIGNALS_H */
