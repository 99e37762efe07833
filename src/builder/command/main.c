/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command table, and the one place that prints a failure and exits. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "host/embedded.h"

static int run_help(struct host *host, const struct args *args);

static const struct command cmd_help = {
    .name = "help",
    .args = "[COMMAND]",
    .summary = "show what a command does",
    .max = 1,
    .wanted = "one command at a time",
    .run = run_help,
};

static const struct command *const commands[] = {
    &cmd_create,  &cmd_shutdown,  &cmd_reboot,
    &cmd_destroy, &cmd_pause,     &cmd_unpause,
    &cmd_console, &cmd_wait,      &cmd_events,
    &cmd_list,    &cmd_info,      &cmd_caps,
    &cmd_domid,   &cmd_domname,   &cmd_rename,
    &cmd_mem_set, &cmd_vcpu_list, &cmd_vcpu_set,
    &cmd_convert, &cmd_directmap, &cmd_image,
    &cmd_inspect, &cmd_verify,    &cmd_save,
    &cmd_restore, &cmd_migrate,   &cmd_migrate_receive,
    &cmd_regress, &cmd_hooks,     &cmd_xl,
    &cmd_help,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find(const char *name)
{
    size_t i;

    for (i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static void print_overview(FILE *out)
{
    size_t i;

    fputs("usage: domwright [--host FILE] COMMAND [ARGUMENT...]\n\n", out);
    for (i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-15s  %s\n", commands[i]->name, commands[i]->summary);
    fputs(
        "\n--host FILE works on an embedded host, see fakexen(1), in place of"
        " Xen.\n\"domwright help COMMAND\" tells more; so do domwright(1) and\n"
        "domwright.cfg(5).\n",
        out);
}

static void print_help(const struct command *cmd)
{
    printf("usage: domwright %s %s\n\n%s\n", cmd->name, cmd->args,
           cmd->summary);
    if (cmd->help)
        printf("\n%s", cmd->help);
}

static int no_command(struct diag *dg, const char *name)
{
    return diag_fail(dg, DW_USAGE, -EINVAL,
                     "no command %s; see \"domwright help\"", name);
}

static int run_help(struct host *host, const struct args *args)
{
    const struct command *cmd;

    if (!args->n) {
        print_overview(stdout);
        return 0;
    }
    cmd = find(args->operand[0]);
    if (!cmd)
        return no_command(host->dg, args->operand[0]);
    print_help(cmd);
    return 0;
}

static int open_host(struct host *host, enum need need, const char *named,
                     char **command)
{
    int rc = 0;

    if (need >= NEED_PLACE) /* does not return where it is another one */
        rc = embedded_enter(host->dg, named, command);
    if (rc || need < NEED_XEN)
        return rc;
    return need < NEED_STORE ? host_open_xen(host, host->dg)
                             : host_open(host, host->dg);
}

/* What stands before the command. */
struct start {
    const char *host; /* or NULL */
    bool help, version;
    char **command; /* ends with NULL */
};

static int run(struct diag *dg, const struct start *start, int argc)
{
    char **argv = start->command;
    const struct command *cmd = find(argv[0]);
    struct host host = {.dg = dg};
    struct args args;
    int rc;

    if (!cmd)
        return no_command(dg, argv[0]);
    if (start->help) {
        print_help(cmd);
        return 0;
    }
    rc = args_read(&args, cmd, dg, argc, argv);
    if (rc)
        return rc;
    if (args.times['h']) {
        print_help(cmd);
        return 0;
    }
    rc = open_host(&host, args.need, start->host, argv);
    if (!rc)
        rc = cmd->run(&host, &args);
    host_close(&host);
    return rc;
}

static int read_start(struct start *start, struct diag *dg, int argc,
                      char **argv)
{
    static const struct option options[] = {
        {"host", required_argument, NULL, 'H'},
        {"help", no_argument, NULL, 'h'},
        {"quiet", no_argument, NULL, 'q'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    char what[ARGS_WHAT];
    int c;

    *start = (struct start){0};
    opterr = 0;
    while ((c = getopt_long(argc, argv, "+:hqv", options, NULL)) != -1)
        switch (c) {
        case 'H':
            start->host = optarg;
            break;
        case 'h':
            start->help = true;
            break;
        case 'V':
            start->version = true;
            break;
        case 'q':
            dg->quiet = true;
            break;
        case 'v':
            dg->verbose = true;
            break;
        default:
            args_bad_option(what, c, argv);
            return diag_fail(dg, DW_USAGE, -EINVAL,
                             "%s; see \"domwright help\"", what);
        }
    start->command = argv + optind;
    if (start->host && !*start->host)
        return diag_fail(dg, DW_USAGE, -EINVAL, "--host: an empty name");
    return 0;
}

static void print_failures(const struct diag *dg, int rc)
{
    unsigned int i;

    if (!dg->nr)
        fprintf(stderr, "domwright: %s\n", strerror(-rc));
    for (i = 0; i < dg->nr && i < DIAG_LINES; i++)
        fprintf(stderr, "domwright: %s\n", dg->line[i]);
    if (dg->nr > DIAG_LINES)
        fprintf(stderr, "domwright: and %u failures more\n",
                dg->nr - DIAG_LINES);
}

static int run_start(struct diag *dg, int argc, char **argv)
{
    struct start start;
    int rc = read_start(&start, dg, argc, argv);

    if (rc)
        return rc;
    if (start.version) {
        puts("domwright " DW_VERSION);
        return 0;
    }
    if (!*start.command) {
        print_overview(start.help ? stdout : stderr);
        if (start.help)
            return 0;
        exit(DW_USAGE);
    }
    return run(dg, &start, argc - (int)(start.command - argv));
}

/*
 * Where one of the first three is closed, no library's descriptor is to take
 * its place, and what is printed there is to fail.
 */
static void hold_descriptors(void)
{
    int fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            exit(DW_FAILED);
}

int main(int argc, char **argv)
{
    struct diag dg;
    int rc;

    diag_init(&dg);
    hold_descriptors();
    rc = run_start(&dg, argc, argv);
    if (!rc)
        rc = cmd_printed(&dg, NULL);
    if (!rc && fclose(stdout))
        rc = diag_fail(&dg, DW_FAILED, -errno, "writing the output failed: %s",
                       strerror(errno));
    if (rc)
        print_failures(&dg, rc);
    exit(!rc ? DW_DONE : dg.code ? dg.code : DW_FAILED);
}
