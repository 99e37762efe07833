/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"

/* More than any command has, with those that all have. */
#define MAX_OPTIONS 32

static const struct option common[] = {
    {"help", no_argument, NULL, 'h'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
};

#define N_COMMON (sizeof(common) / sizeof(common[0]))

int args_usage(struct diag *dg, const char *name, const char *fmt, ...)
{
    char what[ARGS_WHAT];
    va_list al;

    va_start(al, fmt);
    vsnprintf(what, sizeof(what), fmt, al);
    va_end(al);
    return diag_fail(dg, DW_USAGE, -EINVAL, "%s: %s; see \"domwright help %s\"",
                     name, what, name);
}

/* All options of the command, for getopt_long(). */
static void gather(const struct command *cmd, struct option all[MAX_OPTIONS])
{
    const struct option *own = cmd->options;
    size_t n = N_COMMON;

    memcpy(all, common, sizeof(common));
    while (own && own->name && n < MAX_OPTIONS - 1)
        all[n++] = *own++;
    memset(&all[n], 0, sizeof(all[n]));
}

void args_bad_option(char what[ARGS_WHAT], int c, char **argv)
{
    const char *arg = argv[optind - 1];

    if (c == ':')
        snprintf(what, ARGS_WHAT, "%s wants a value", arg);
    else if (strncmp(arg, "--", 2))
        snprintf(what, ARGS_WHAT, "unknown option -%c", optopt);
    else if (optopt)
        snprintf(what, ARGS_WHAT, "%s: it takes no value", arg);
    else
        snprintf(what, ARGS_WHAT, "unknown option %s", arg);
}

static bool is_host(const char *arg)
{
    return !strncmp(arg, "--host", 6) && (!arg[6] || arg[6] == '=');
}

static int read_operands(struct args *args, const struct command *cmd,
                         struct diag *dg)
{
    if (args->n < cmd->min || (cmd->max >= 0 && args->n > cmd->max))
        return args_usage(dg, cmd->name, "%s", cmd->wanted);
    return cmd->check ? cmd->check(dg, args) : 0;
}

int args_read(struct args *args, const struct command *cmd, struct diag *dg,
              int argc, char **argv)
{
    struct option options[MAX_OPTIONS];
    char letters[32], what[ARGS_WHAT];
    int c;

    *args = (struct args){.name = cmd->name, .need = cmd->need, .argv = argv};
    if (cmd->raw)
        return 0;
    gather(cmd, options);
    snprintf(letters, sizeof(letters), ":hqv%s",
             cmd->letters ? cmd->letters : "");
    opterr = 0;
    optind = 0; /* glibc: from the start */
    while ((c = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        if (c == '?' && !optopt && is_host(argv[optind - 1]))
            return args_usage(dg, cmd->name,
                              "--host FILE stands before the command");
        if (c == '?' || c == ':') {
            args_bad_option(what, c, argv);
            return args_usage(dg, cmd->name, "%s", what);
        }
        args->times[c]++;
        if (optarg) /* an option may do without */
            args->value[c] = optarg;
        if (c == 'h')
            return 0;
    }
    dg->quiet = dg->quiet || args->times['q'];
    dg->verbose = dg->verbose || args->times['v'];
    args->operand = argv + optind;
    args->n = argc - optind;
    return read_operands(args, cmd, dg);
}
