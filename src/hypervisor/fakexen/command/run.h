/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - a command, and how it ends.
 */
#ifndef FX_RUN_H
#define FX_RUN_H

/* This process becomes the command.  Returns where it cannot, after a line on
 * standard error: 127 if it is not there, 126 otherwise. */
int fx_become(char **command);

/*
 * Runs it as a child, and passes on the signals that are sent to this process
 * alone.  Its exit status, 128 and the signal's number if a signal ended it, or
 * what fx_become() returns; -errno, after a line on standard error, where it
 * could not even be tried.
 */
int __attribute__((warn_unused_result)) fx_run(char **command);

#endif /* FX_RUN_H */
