/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fakexen - runs a command on the embedded host.  What the command gets is the
 * environment that trace.h describes, and the shared object preloaded.
 *
 * A machine without a name is a file without one: the command and its children
 * reach it through this process, and so it is gone with it, however that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/environment.h"
#include "command/guests.h"
#include "command/run.h"
#include "command/status.h"
#include "preload/settings.h"
#include "preload/trace.h"
#include "machine/lock.h"
#include "recovery/open.h"
#include "run/cpu.h"
#include "run/runner.h"

/* 125 is what coreutils' wrappers end with for a failure of their own; 5 means
 * the same as domwright's, which is run by this program. */
enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NO_HOST = 5, EXIT_NO_FAULT = 125 };

/* Where a runner tells who started it why it does not run (run/start.c). */
#define RUNNER_WHY_FD 3

struct arguments {
    struct fx_options machine;
    const char *memory, *nodes, *level, *shadow, *run, *seed; /* as given */
    const char *trace, *fail;
    bool status, json;
    const char *runner; /* a domain's ID */
    bool with_guests;   /* "run" */
    unsigned int limit; /* seconds; 0: none */
    char **command;
};

static const char usage[] =
    "usage: fakexen [--host FILE] [--memory SIZE] [--e820 FILE] [--nodes N]\n"
    "               [--level stock|patched] [--shadow | --no-shadow] [--run | "
    "--no-run]\n"
    "               [--seed N] [--trace FILE] [--fail N[:ERRNO]] COMMAND "
    "[ARGUMENT...]\n"
    "       fakexen [OPTION...] run [--limit SECONDS] [--seed N] -- COMMAND\n"
    "               [ARGUMENT...]\n"
    "       fakexen --host FILE --status [--json]\n";

static void __attribute__((noreturn, format(printf, 2, 3)))
die(int status, const char *fmt, ...)
{
    va_list al;

    fputs("fakexen: ", stderr);
    va_start(al, fmt);
    vfprintf(stderr, fmt, al);
    va_end(al);
    fputc('\n', stderr);
    exit(status);
}

/* -- arguments -- */

enum option_id {
    OPT_HOST = 256,
    OPT_MEMORY,
    OPT_E820,
    OPT_NODES,
    OPT_LEVEL,
    OPT_SHADOW,
    OPT_NO_SHADOW,
    OPT_RUN,
    OPT_NO_RUN,
    OPT_SEED,
    OPT_TRACE,
    OPT_FAIL,
    OPT_STATUS,
    OPT_JSON,
    OPT_RUNNER,
    OPT_HELP,
    OPT_VERSION,
};

static const struct option options[] = {
    {"host", required_argument, NULL, OPT_HOST},
    {"memory", required_argument, NULL, OPT_MEMORY},
    {"e820", required_argument, NULL, OPT_E820},
    {"nodes", required_argument, NULL, OPT_NODES},
    {"level", required_argument, NULL, OPT_LEVEL},
    {"shadow", no_argument, NULL, OPT_SHADOW},
    {"no-shadow", no_argument, NULL, OPT_NO_SHADOW},
    {"run", no_argument, NULL, OPT_RUN},
    {"no-run", no_argument, NULL, OPT_NO_RUN},
    {"seed", required_argument, NULL, OPT_SEED},
    {"trace", required_argument, NULL, OPT_TRACE},
    {"fail", required_argument, NULL, OPT_FAIL},
    {"status", no_argument, NULL, OPT_STATUS},
    {"json", no_argument, NULL, OPT_JSON},
    {"runner", required_argument, NULL, OPT_RUNNER},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* Of guests that run: where nobody says so, they do. */
static void take_seed(struct arguments *a, const char *value)
{
    a->seed = value;
    if (fx_parse_seed(value, &a->machine.seed))
        die(EXIT_USAGE, "--seed: %s is no number from 0 on", value);
    a->machine.has_seed = true;
    if (a->machine.has_run)
        return;
    a->run = "yes";
    a->machine.guests_run = a->machine.has_run = true;
}

static void take_machine_option(struct arguments *a, int id, const char *value)
{
    switch (id) {
    case OPT_HOST:
        a->machine.path = value;
        break;
    case OPT_MEMORY:
        a->memory = value;
        if (fx_parse_size(value, &a->machine.memory_bytes))
            die(EXIT_USAGE, "--memory: %s is no size, as 6G or 512M", value);
        break;
    case OPT_E820:
        a->machine.e820_path = value;
        break;
    case OPT_NODES:
        a->nodes = value;
        if (fx_parse_nodes(value, &a->machine.nodes))
            die(EXIT_USAGE, "--nodes: %s is no number from 1 to %d", value,
                FX_MAX_NODES);
        break;
    case OPT_LEVEL:
        a->level = value;
        if (fx_parse_level(value, &a->machine.level))
            die(EXIT_USAGE, "--level: %s is neither stock nor patched", value);
        a->machine.has_level = true;
        break;
    case OPT_SHADOW:
    case OPT_NO_SHADOW:
        a->shadow = id == OPT_SHADOW ? "yes" : "no";
        a->machine.shadow = id == OPT_SHADOW;
        a->machine.has_shadow = true;
        break;
    case OPT_RUN:
    case OPT_NO_RUN:
        a->run = id == OPT_RUN ? "yes" : "no";
        a->machine.guests_run = id == OPT_RUN;
        a->machine.has_run = true;
        break;
    case OPT_SEED:
        take_seed(a, value);
        break;
    }
}

static void take_option(struct arguments *a, int id, const char *value)
{
    uint64_t nth;
    int error;

    switch (id) {
    case OPT_TRACE:
        a->trace = value;
        break;
    case OPT_FAIL:
        a->fail = value;
        if (fx_parse_fail(value, &nth, &error))
            die(EXIT_USAGE, "--fail: %s is no N[:ERRNO], as 17:ENOMEM", value);
        break;
    case OPT_RUNNER:
        a->runner = value;
        break;
    case OPT_STATUS:
        a->status = true;
        break;
    case OPT_JSON:
        a->json = true;
        break;
    case OPT_HELP:
        fputs(usage, stdout);
        exit(0);
    case OPT_VERSION:
        puts("fakexen " DW_VERSION " for Xen " XEN_VERSION);
        exit(0);
    case '?':
    case ':':
        exit(EXIT_USAGE); /* getopt_long() has said why */
    default:
        take_machine_option(a, id, value);
        break;
    }
}

static void check_arguments(const struct arguments *a)
{
    if (a->machine.path && !*a->machine.path)
        die(EXIT_USAGE, "--host: an empty name");
    if (a->machine.has_seed && !a->machine.guests_run)
        die(EXIT_USAGE, "--seed is for guests that run");
    if (a->json && !a->status)
        die(EXIT_USAGE, "--json goes with --status");
    if (a->status && !a->machine.path)
        die(EXIT_USAGE, "--status takes --host FILE");
    if (a->status && *a->command)
        die(EXIT_USAGE, "--status takes no command");
    if (!a->status && !a->runner && !*a->command)
        die(EXIT_USAGE, "no command; see \"fakexen --help\"");
}

static void take_limit(struct arguments *a, const char *value)
{
    uint64_t seconds;

    if (fx_parse_size(value, &seconds) || seconds > INT_MAX)
        die(EXIT_USAGE, "--limit: %s is no number of seconds", value);
    a->limit = (unsigned int)seconds;
}

/* "run", its own options, and the command. */
static void parse_run(struct arguments *a, char **argv)
{
    a->with_guests = true;
    a->run = "yes";
    a->machine.guests_run = a->machine.has_run = true;
    argv++;
    for (; *argv && argv[1]; argv += 2) {
        if (!strcmp(*argv, "--limit"))
            take_limit(a, argv[1]);
        else if (!strcmp(*argv, "--seed"))
            take_seed(a, argv[1]);
        else
            break;
    }
    if (*argv && !strcmp(*argv, "--"))
        argv++;
    else
        die(EXIT_USAGE, "run takes -- and a command; see \"fakexen --help\"");
    a->command = argv;
}

static void parse(struct arguments *a, int argc, char **argv)
{
    int id;

    *a = (struct arguments){0};
    argv[0] = (char *)"fakexen"; /* for getopt_long()'s messages */
    while ((id = getopt_long(argc, argv, "+", options, NULL)) != -1)
        take_option(a, id, optarg);
    a->command = argv + optind;
    if (*a->command && !strcmp(*a->command, "run"))
        parse_run(a, a->command);
    check_arguments(a);
}

static struct fx_host *open_host(const struct fx_options *machine)
{
    struct fx_host *host;
    char why[512] = "";

    if (fx_host_open(machine, &host, why, sizeof(why)))
        die(EXIT_NO_HOST, "%s", why);
    return host;
}

/* -- status -- */

/* How often a machine at work is looked at, until it holds still. */
#define LOOKS      20
#define LOOK_DELAY 20000 /* microseconds */

/* The report as text, to be freed, and what the audit found. */
static int tell(const struct arguments *a, struct fx_host *host, char **text,
                uint64_t *differences)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    int rc;

    if (!out)
        return -ENOMEM;
    rc = a->json ? fx_status_print_json(host, out, differences)
                 : fx_status_print(host, out, differences);
    return fclose(out) && !rc ? -ENOMEM : rc;
}

/* Of a copy.  -EBUSY: the machine has changed meanwhile. */
static int look(const struct arguments *a, char **text, uint64_t *differences,
                char *why, size_t len)
{
    struct fx_host *host;
    int rc = fx_host_view(&a->machine, &host, why, len);

    if (rc)
        return rc;
    rc = tell(a, host, text, differences);
    if (!fx_view_is_good(host))
        rc = -EBUSY;
    fx_host_close(host);
    if (rc)
        snprintf(why, len, "%s: %s", a->machine.path, strerror(-rc));
    return rc;
}

/* Of a machine that never holds still, which waits meanwhile. */
static int look_with_lock(const struct arguments *a, char **text,
                          uint64_t *differences, char *why, size_t len)
{
    struct fx_host *host;
    int rc = fx_host_open(&a->machine, &host, why, len);

    if (rc)
        return rc;
    fx_lock(host);
    rc = host->unrepaired ? -ENOMEM : tell(a, host, text, differences);
    fx_unlock(host);
    fx_host_close(host);
    if (rc)
        snprintf(why, len, "%s: %s", a->machine.path, strerror(-rc));
    return rc;
}

static int report_status(const struct arguments *a)
{
    uint64_t differences;
    char *text = NULL, why[512] = "";
    unsigned int looks;
    int rc = -EBUSY;

    for (looks = 0; rc == -EBUSY && looks < LOOKS; looks++) {
        if (looks)
            usleep(LOOK_DELAY);
        free(text);
        text = NULL;
        rc = look(a, &text, &differences, why, sizeof(why));
    }
    if (rc == -EBUSY) {
        free(text);
        text = NULL;
        rc = look_with_lock(a, &text, &differences, why, sizeof(why));
    }
    if (rc)
        die(EXIT_NO_HOST, "%s", why);
    if (fputs(text, stdout) == EOF || fflush(stdout) || ferror(stdout))
        die(EXIT_FAILED, "writing the report failed");
    free(text);
    return differences ? EXIT_FAILED : 0;
}

/* -- the command -- */

/* A trace that lacks calls is none to rely on. */
static int check_trace(const char *trace, int error, int status)
{
    if (!error)
        return status;
    fprintf(stderr, "fakexen: %s: the trace is not whole: %s\n", trace,
            strerror(error));
    return status ? status : EXIT_FAILED;
}

/* Where it did not strike, the command shows nothing about that fault.  How it
 * ended is told, as it is not our status. */
static int check_fault(const char *fail, uint64_t calls, int status)
{
    uint64_t nth;
    int error;

    if (fx_parse_fail(fail, &nth, &error) || calls >= nth)
        return status;
    fprintf(stderr,
            "fakexen: --fail %s: only %" PRIu64
            " calls were made; the command ended with status %d\n",
            fail, calls, status);
    return EXIT_NO_FAULT;
}

static int run_command(const struct arguments *a)
{
    struct fx_host *host = open_host(&a->machine);
    struct fx_environment env = {
        .host = a->machine.path,
        .host_fd = host->fd,
        .memory = a->memory,
        .nodes = a->nodes,
        .level = a->level,
        .shadow = a->shadow,
        .run = host->super->guests_run ? "yes" : a->run,
        .seed = a->seed,
        .e820 = a->machine.e820_path,
        .trace = a->trace,
        .fail = a->fail,
    };
    struct fx_guests guests = {.host = host, .limit = a->limit};
    const struct fx_calls *calls;
    int status;

    if (fx_environment_set(&env, &calls) ||
        (a->with_guests && fx_guests_prepare(&guests)))
        exit(EXIT_FAILED);
    /* Nothing of it goes by way of this process, or is to be done later. */
    if (a->machine.path && !calls && !a->with_guests)
        return fx_become(a->command);
    status = a->with_guests ? fx_guests_run(&guests, a->command)
                            : fx_run(a->command);
    fx_host_close(host); /* and with that a machine without a name is gone */
    if (status < 0)
        return EXIT_FAILED;
    if (a->fail)
        status = check_fault(a->fail, calls->made, status);
    return a->trace ? check_trace(a->trace, calls->trace_error, status)
                    : status;
}

/* What "run" wants the consoles on; -1: nobody does.  Where it has ended the
 * name may be another file's, of another process: it is a pipe, or nothing. */
static int open_output(void)
{
    const char *path = getenv("FAKEXEN_OUTPUT");
    struct stat st;

    if (!path || stat(path, &st) || !S_ISFIFO(st.st_mode))
        return -1;
    return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
}

/* Beside a machine that has a name. */
static const char *log_name(const struct arguments *a)
{
    static char name[PATH_MAX];

    if (!a->machine.path || !strncmp(a->machine.path, "/proc/", 6))
        return NULL;
    snprintf(name, sizeof(name), "%s.console-%s.log", a->machine.path,
             a->runner);
    return name;
}

/* What the shared object starts for a domain that is unpaused; not for people:
 * it is in no usage, and in no manual. */
static int run_guest(const struct arguments *a)
{
    struct fx_runner_options runner = {
        .domid = (uint16_t)strtoul(a->runner, NULL, 10),
        .output = open_output(),
        .log = log_name(a),
        .why = RUNNER_WHY_FD,
    };
    struct fx_cpu_library library;
    struct fx_host *host;
    char why[512] = "";
    int rc;

    fcntl(RUNNER_WHY_FD, F_SETFD, FD_CLOEXEC);
    rc = fx_host_open(&a->machine, &host, why, sizeof(why));
    if (!rc)
        rc = fx_cpu_library_open(&library, why, sizeof(why));
    if (!rc)
        rc = fx_runner(host, &library, &runner, why, sizeof(why));
    if (rc && rc != -EBUSY)
        dprintf(RUNNER_WHY_FD, "%s\n", why);
    return rc ? EXIT_FAILED : 0;
}

int main(int argc, char **argv)
{
    struct arguments a;

    parse(&a, argc, argv);
    if (a.runner)
        return run_guest(&a);
    return a.status ? report_status(&a) : run_command(&a);
}
