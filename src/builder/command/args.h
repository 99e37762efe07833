/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * args.h - a command line, read: which options were given, and the operands.
 */
#ifndef DW_ARGS_H
#define DW_ARGS_H

#include <getopt.h>

#include "diag.h"

struct command;

/* What has to be there before a command runs; each has the ones before it. */
enum need {
    NEED_NOTHING,
    NEED_PLACE, /* it is settled whether we are on Xen or an embedded host */
    NEED_XEN,
    NEED_STORE,
};

/* An option goes by one letter, whether it may be typed or not. */
#define ARGS_LETTERS 128

struct args {
    const char *name; /* the command's */
    enum need need;
    unsigned int times[ARGS_LETTERS]; /* how often each option was given */
    const char *value[ARGS_LETTERS];  /* the last value of each, or NULL */
    char **argv;                      /* all, from the command's name on */
    char **operand;                   /* ends with NULL */
    int n;
};

/*
 * Reads argv, which begins with the command's name, as `cmd` says that it is.
 * Besides the command's own options there are -h, -q and -v with their long
 * names; reading stops at -h.  0, or -EINVAL and the failure in dg.
 */
int __attribute__((warn_unused_result))
args_read(struct args *args, const struct command *cmd, struct diag *dg,
          int argc, char **argv);

/* The failure of a command line: code DW_USAGE, with the way to the help. */
int __attribute__((format(printf, 3, 4), warn_unused_result))
args_usage(struct diag *dg, const char *name, const char *fmt, ...);

/* What is wrong about the option for which getopt_long() returned c. */
#define ARGS_WHAT 256
void args_bad_option(char what[ARGS_WHAT], int c, char **argv);

#endif /* DW_ARGS_H */
