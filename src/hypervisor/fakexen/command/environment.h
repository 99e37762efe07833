/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * environment.h - what a command gets to be on a machine: the variables that
 * trace.h describes, and the shared object preloaded.  Those of another machine
 * that fakexen itself runs on are replaced.
 *
 * All functions return 0 or a negative errno, after a line on standard error.
 */
#ifndef FX_ENVIRONMENT_H
#define FX_ENVIRONMENT_H

struct fx_calls; /* preload/trace.h */

struct fx_environment {
    const char *host; /* the machine's file; NULL: host_fd */
    int host_fd;      /* of one that has no name */
    /* as given; NULL: not */
    const char *memory, *nodes, *level, *shadow, *run, *seed, *e820;
    const char *trace, *fail; /* NULL: as it was, for both of them */
};

/* `calls` becomes what a fault goes by, zero now; NULL without a trace and a
 * fault.  It is the command's as long as this process lives. */
int __attribute__((warn_unused_result))
fx_environment_set(const struct fx_environment *env,
                   const struct fx_calls **calls);

#endif /* FX_ENVIRONMENT_H */
