/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.h - domwright's commands: one const struct each, one file each.
 *
 * main() reads the command line by the struct, opens what the command needs,
 * runs it, closes that again, and prints the failure.
 */
#ifndef DW_COMMAND_H
#define DW_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

#include "command/args.h"
#include "host/host.h"

struct command {
    const char *name;
    const char *args;    /* as in a synopsis */
    const char *summary; /* one line */
    const char *help;    /* what "help NAME" adds: the options, line by line */
    enum need need;
    bool raw; /* what comes behind its name is not ours: args->argv alone */
    /* Its options but for those that all have; val is the option's letter. */
    const struct option *options; /* NULL: none; ends with a nameless one */
    const char *letters;          /* which may be typed: as for getopt(3) */
    int min, max;                 /* how many operands; max -1: any number */
    const char *wanted;           /* what to say where it is another number */
    /*
     * What options and operands have to be beyond that, or NULL.  It may lower
     * args->need.  0, or args_usage().
     */
    int (*check)(struct diag *dg, struct args *args);
    /*
     * The host is open as far as args->need says.  0, or a negative errno and
     * the failure in host->dg.
     */
    int (*run)(struct host *host, const struct args *args);
};

extern const struct command cmd_caps;
extern const struct command cmd_console;
extern const struct command cmd_create;
extern const struct command cmd_destroy;
extern const struct command cmd_convert;
extern const struct command cmd_directmap;
extern const struct command cmd_events;
extern const struct command cmd_domid;
extern const struct command cmd_domname;
extern const struct command cmd_info;
extern const struct command cmd_hooks;
extern const struct command cmd_image;
extern const struct command cmd_inspect;
extern const struct command cmd_list;
extern const struct command cmd_mem_set;
extern const struct command cmd_migrate;
extern const struct command cmd_migrate_receive;
extern const struct command cmd_pause;
extern const struct command cmd_reboot;
extern const struct command cmd_regress;
extern const struct command cmd_rename;
extern const struct command cmd_restore;
extern const struct command cmd_save;
extern const struct command cmd_shutdown;
extern const struct command cmd_unpause;
extern const struct command cmd_vcpu_list;
extern const struct command cmd_vcpu_set;
extern const struct command cmd_verify;
extern const struct command cmd_wait;
extern const struct command cmd_xl;

/* For cmd->options of commands that have --json and nothing else. */
extern const struct option cmd_json_option[];

/* The same for those that take -a, --all in the place of domains. */
extern const struct option cmd_all_option[];
int __attribute__((warn_unused_result))
cmd_check_all(struct diag *dg, struct args *args);

/*
 * Does one thing to each domain that is an operand, or with -a to all but
 * domain 0; each failure has a line.
 */
int __attribute__((warn_unused_result))
cmd_each_domain(struct host *host, const struct args *args,
                int (*one)(struct host *host, const char *who, void *arg),
                void *arg);

/* Shows each domain that is an operand, or all where there is none. */
int __attribute__((warn_unused_result))
cmd_show_domains(struct host *host, const struct args *args,
                 int (*show)(struct host *host, const xc_domaininfo_t *info,
                             void *arg),
                 void *arg);

/*
 * "text", "json" or "svg": what --format, the option f, or --json, j, asks for;
 * once cmd_check_format() was 0.
 */
int __attribute__((warn_unused_result))
cmd_check_format(struct diag *dg, const struct args *args);
const char *cmd_format(const struct args *args);

/* Prints a report on standard output and drops the reference to it. */
int __attribute__((warn_unused_result))
cmd_print_json(struct diag *dg, json_t *report);

/* The same as one line, newline included, in malloc(3)ed memory; NULL where
 * that ran out. */
char *cmd_json_line(json_t *report);

/* The same for facts, as text unless `json`. */
int __attribute__((warn_unused_result))
cmd_print_facts(struct diag *dg, json_t *facts, bool json);

/*
 * To be called when all is printed: a report that did not get out is a failure,
 * whose line begins with the formatted words, which tell what was done all the
 * same; NULL: nothing was.
 */
int __attribute__((format(printf, 2, 3), warn_unused_result))
cmd_printed(struct diag *dg, const char *done, ...);

#endif /* DW_COMMAND_H */
