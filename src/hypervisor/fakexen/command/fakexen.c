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
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/lock.h"
#include "recovery/open.h"
#include "preload/settings.h"
#include "beside.h"
#include "command/status.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct arguments {
    struct fx_options machine;
    const char *memory, *nodes, *level; /* as given */
    const char *trace, *fail;
    bool status, json;
    char **command;
};

static const char usage[] =
    "usage: fakexen [--host FILE] [--memory SIZE] [--e820 FILE] [--nodes N]\n"
    "               [--level stock|patched] [--trace FILE] "
    "[--fail N[:ERRNO]]\n"
    "               COMMAND [ARGUMENT...]\n"
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
    OPT_TRACE,
    OPT_FAIL,
    OPT_STATUS,
    OPT_JSON,
    OPT_HELP,
    OPT_VERSION,
};

static const struct option options[] = {
    {"host", required_argument, NULL, OPT_HOST},
    {"memory", required_argument, NULL, OPT_MEMORY},
    {"e820", required_argument, NULL, OPT_E820},
    {"nodes", required_argument, NULL, OPT_NODES},
    {"level", required_argument, NULL, OPT_LEVEL},
    {"trace", required_argument, NULL, OPT_TRACE},
    {"fail", required_argument, NULL, OPT_FAIL},
    {"status", no_argument, NULL, OPT_STATUS},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

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
        puts("fakexen " DW_VERSION);
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
    if (a->json && !a->status)
        die(EXIT_USAGE, "--json goes with --status");
    if (a->status && !a->machine.path)
        die(EXIT_USAGE, "--status takes --host FILE");
    if (a->status && *a->command)
        die(EXIT_USAGE, "--status takes no command");
    if (!a->status && !*a->command)
        die(EXIT_USAGE, "no command; see \"fakexen --help\"");
}

static void parse(struct arguments *a, int argc, char **argv)
{
    int id;

    *a = (struct arguments){0};
    argv[0] = (char *)"fakexen"; /* for getopt_long()'s messages */
    while ((id = getopt_long(argc, argv, "+", options, NULL)) != -1)
        take_option(a, id, optarg);
    a->command = argv + optind;
    check_arguments(a);
}

static struct fx_host *open_host(const struct fx_options *machine)
{
    struct fx_host *host;
    char why[256] = "";

    if (fx_host_open(machine, &host, why, sizeof(why)))
        die(EXIT_FAILED, "%s", why);
    return host;
}

/* -- status -- */

static int report_status(const struct arguments *a)
{
    struct fx_host *host;
    int rc;

    /* To look at a machine does not make one. */
    if (access(a->machine.path, F_OK))
        die(EXIT_FAILED, "%s: %s", a->machine.path, strerror(errno));
    host = open_host(&a->machine);
    fx_lock(host);
    rc = a->json ? fx_status_print_json(host, stdout)
                 : fx_status_print(host, stdout);
    fx_unlock(host);
    fx_host_close(host);
    if (rc || fflush(stdout) || ferror(stdout))
        die(EXIT_FAILED, "writing the report failed");
    return 0;
}

/* -- the command -- */

static void set(const char *name, const char *value)
{
    if (value ? setenv(name, value, 1) : unsetenv(name))
        die(EXIT_FAILED, "%s: %s", name, strerror(errno));
}

/* The command may go elsewhere. */
static void set_path(const char *name, const char *path)
{
    char full[2 * PATH_MAX], here[PATH_MAX];

    if (!path || *path == '/') {
        set(name, path);
        return;
    }
    if (!getcwd(here, sizeof(here)))
        die(EXIT_FAILED, "the working directory: %s", strerror(errno));
    if (snprintf(full, sizeof(full), "%s/%s", here, path) >= (int)sizeof(full))
        die(EXIT_FAILED, "%s: %s", path, strerror(ENAMETOOLONG));
    set(name, full);
}

/* A file of this process that has no name elsewhere. */
static void set_own_file(const char *name, int fd)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    set(name, path);
}

static void find_library(char path[PATH_MAX])
{
    static const struct beside self = {"src/hypervisor/fakexen/fakexen",
                                       DW_FAKEXEN};
    static const struct beside file = {
        "src/hypervisor/fakexen/.libs/fakexen.so", DW_FAKEXEN_LIBRARY};
    const char *given = getenv("FAKEXEN_LIBRARY");

    if (given && *given)
        snprintf(path, PATH_MAX, "%s", given);
    else
        beside_find(path, &self, &file);
}

static void set_preload(void)
{
    const char *others = getenv("LD_PRELOAD");
    char object[PATH_MAX];
    char *value;

    find_library(object);
    if (strpbrk(object, " :"))
        die(EXIT_FAILED, "%s: LD_PRELOAD takes no path with a space or colon",
            object);
    /* The dynamic linker would only warn, and the command look for Xen. */
    if (access(object, R_OK))
        die(EXIT_FAILED, "%s: %s", object, strerror(errno));
    if (asprintf(&value, "%s%s%s", object, others && *others ? ":" : "",
                 others ? others : "") < 0)
        die(EXIT_FAILED, "out of memory");
    set("LD_PRELOAD", value);
    free(value);
}

static void set_trace(const char *path)
{
    int fd;

    if (path) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
            die(EXIT_FAILED, "%s: %s", path, strerror(errno));
        close(fd);
    }
    set_path("FAKEXEN_TRACE", path);
}

/* The count that --fail goes by, and of which the trace tells. */
static void set_count(void)
{
    int fd;

    fd = memfd_create("fakexen-calls", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, sizeof(uint64_t)))
        die(EXIT_FAILED, "the count of calls: %s", strerror(errno));
    set_own_file("FAKEXEN_CALLS", fd);
}

static void set_environment(const struct arguments *a,
                            const struct fx_host *host)
{
    set_preload();
    set_path("FAKEXEN_HOST", a->machine.path);
    if (!a->machine.path)
        set_own_file("FAKEXEN_HOST", host->fd);
    set("FAKEXEN_MEMORY", a->memory);
    set_path("FAKEXEN_E820", a->machine.e820_path);
    set("FAKEXEN_NODES", a->nodes);
    set("FAKEXEN_LEVEL", a->level);
    set_trace(a->trace);
    set("FAKEXEN_FAIL", a->fail);
    set("FAKEXEN_CALLS", NULL);
    if (a->trace || a->fail)
        set_count();
}

static pid_t child;

static void pass_on(int signo)
{
    int saved = errno;

    if (child > 0)
        kill(child, signo);
    errno = saved;
}

/* The terminal's signals reach the command by themselves; others are for it. */
static void set_signals(void)
{
    struct sigaction pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    sigaction(SIGTERM, &pass, NULL);
    sigaction(SIGHUP, &pass, NULL);
    sigaction(SIGUSR1, &pass, NULL);
    sigaction(SIGUSR2, &pass, NULL);
}

static void __attribute__((noreturn)) become(char **command)
{
    execvp(command[0], command);
    fprintf(stderr, "fakexen: %s: %s\n", command[0], strerror(errno));
    /* As a shell has it: not there, or not to be run. */
    _exit(errno == ENOENT ? 127 : 126);
}

static int run_command(const struct arguments *a)
{
    struct fx_host *host = open_host(&a->machine);
    sigset_t signals, old;
    int status;

    set_environment(a, host);
    sigfillset(&signals);
    sigprocmask(SIG_SETMASK, &signals, &old);
    child = fork();
    if (child < 0)
        die(EXIT_FAILED, "fork: %s", strerror(errno));
    if (!child) {
        sigprocmask(SIG_SETMASK, &old, NULL);
        become(a->command);
    }
    set_signals();
    sigprocmask(SIG_SETMASK, &old, NULL);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die(EXIT_FAILED, "waiting for %s: %s", a->command[0],
                strerror(errno));
    fx_host_close(host); /* and with that a machine without a name is gone */
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    struct arguments a;

    parse(&a, argc, argv);
    return a.status ? report_status(&a) : run_command(&a);
}
