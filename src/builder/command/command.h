/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.h - domwright's commands: one const struct each, one file each.
 */
#ifndef DW_COMMAND_H
#define DW_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

#include "diag.h"

struct command {
    const char *name;
    const char *args;    /* as in a synopsis */
    const char *summary; /* one line */
    const char *help;    /* what "help NAME" adds: the options, line by line */
    /*
     * argv[0] is the command's name.  0, or a negative errno and the failure
     * in dg.
     */
    int (*run)(struct diag *dg, int argc, char **argv);
};

extern const struct command cmd_caps;
extern const struct command cmd_console;
extern const struct command cmd_create;
extern const struct command cmd_destroy;
extern const struct command cmd_info;
extern const struct command cmd_list;
extern const struct command cmd_pause;
extern const struct command cmd_unpause;
extern const struct command cmd_xl;

/* The failure of a command line: code DW_USAGE, with the way to the help. */
int __attribute__((format(printf, 3, 4), warn_unused_result))
cmd_usage(struct diag *dg, const char *name, const char *fmt, ...);

/*
 * Options that several commands have, for those which have no others: "j"
 * allows --json, "v" is always there.  Leaves optind at the first operand.
 */
int __attribute__((warn_unused_result))
cmd_options(struct diag *dg, int argc, char **argv, bool *json);

/*
 * The whole of a command that does one thing to each domain it is given: to all
 * of them, each failure with a line.  `who` is a name or an ID.
 */
struct host;
int __attribute__((warn_unused_result))
cmd_each_domain(struct diag *dg, int argc, char **argv,
                int (*one)(struct host *host, const char *who));

/* Prints a report on standard output and drops the reference to it. */
int __attribute__((warn_unused_result))
cmd_print_json(struct diag *dg, json_t *report);

#endif /* DW_COMMAND_H */
