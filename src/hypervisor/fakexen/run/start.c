/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.c - a process for each domain that runs: started, stopped, buried.
 *
 * Whoever unpauses a domain starts it, and may be any program: so the child
 * that it takes makes system calls alone, is not announced to it when it ends,
 * and leaves nothing of the program to the runner.
 */
#include "run/start.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include "domain/domain.h"
#include "domain/time.h"
#include "machine/host.h"
#include "machine/lock.h"
#include "machine/process.h"
#include "machine/wake.h"

/* Descriptor 3 of a runner: what it has to say before it runs. */
#define WHY_FD 3

/* The longest that one takes to start. */
#define START_MS 10000

/* The most that are started at once. */
#define MAX_AT_ONCE 16

#define MAX_FD 65536

/* A runner that does not stop for so long, ten seconds, is not waited for: it
 * was stopped by a signal, say. */
#define SETTLE_LOOKS 1000
#define SETTLE_DELAY INT64_C(10000000) /* nanoseconds */

/* From when it has a vCPU: its console is to be there before it runs. */
static bool is_to_run(const struct fx_host *host, const struct fx_domain *d)
{
    const struct fx_vcpu *first = fx_vcpu(host, d, 0);

    return d->exists && !d->dying && !d->shutdown && !d->runner && !d->tried &&
           d->id != FX_CONTROL_DOMID && first && first->initialised;
}

/* With the lock held.  Each is tried once, or again when it has been paused. */
static unsigned int find_new(struct fx_host *host, uint16_t domids[MAX_AT_ONCE])
{
    unsigned int i, nr = 0;

    for (i = 0; i < FX_MAX_DOMAINS && nr < MAX_AT_ONCE; i++) {
        struct fx_domain *d = &host->super->domain[i];

        if (!is_to_run(host, d))
            continue;
        d->tried = 1;
        domids[nr++] = d->id;
    }
    return nr;
}

static void close_from(int first)
{
    long fd, end = sysconf(_SC_OPEN_MAX);

    /* Linux has it from 5.9 on, and not under every filter. */
    if (!syscall(SYS_close_range, first, ~0u, 0))
        return;
    for (fd = first; fd < (end > 0 && end < MAX_FD ? end : MAX_FD); fd++)
        close((int)fd);
}

/* In the child's child, of which only system calls are to be expected. */
static void __attribute__((noreturn))
become_runner(char *const argv[], char *const env[], int why)
{
    sigset_t none;
    int null, fd;

    if (dup2(why, WHY_FD) != WHY_FD)
        _exit(127);
    fcntl(WHY_FD, F_SETFD, 0);
    close_from(WHY_FD + 1);
    null = open("/dev/null", O_RDWR);
    for (fd = 0; fd < WHY_FD; fd++)
        if (null < 0 || dup2(null, fd) != fd)
            _exit(127);
    close_from(WHY_FD + 1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!chdir("/"))
        execve(argv[0], argv, env);
    _exit(127);
}

/* Like fork(), but its end is no SIGCHLD, and no wait() of the program's. */
static long fork_quietly(void)
{
    return syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
}

static void start_process(char *const argv[], char *const env[], int why)
{
    long child = fork_quietly();

    if (!child) {
        setsid();
        if (!fork_quietly())
            become_runner(argv, env, why);
        _exit(0);
    }
    while (child > 0 && waitpid((pid_t)child, NULL, __WCLONE) < 0 &&
           errno == EINTR)
        ;
}

static void tell(uint16_t domid, const char *why)
{
    fprintf(stderr, "fakexen: domain %u does not run: %s\n", domid, why);
}

/* What it says until it runs: nothing, or why it does not.  A child of the
 * program's that was forked meanwhile may hold the pipe open for longer. */
static void hear(int fd, uint16_t domid)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    char why[256];
    size_t len = 0;
    ssize_t n = 1;
    int r;

    while (n && len < sizeof(why) - 1) {
        r = poll(&readable, 1, START_MS);
        if (!r)
            break;
        n = r < 0 ? -1 : read(fd, why + len, sizeof(why) - 1 - len);
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            len += (size_t)n;
    }
    why[len] = '\0';
    why[strcspn(why, "\n")] = '\0';
    if (*why)
        tell(domid, why);
}

/* The environment without what was preloaded for the program; to be freed. */
static char **clean_environment(void)
{
    extern char **environ;
    size_t nr = 0, i, kept = 0;
    char **clean;

    while (environ[nr])
        nr++;
    clean = calloc(nr + 1, sizeof(*clean));
    for (i = 0; clean && i < nr; i++)
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
            clean[kept++] = environ[i];
    return clean;
}

static void start(uint16_t domid)
{
    const char *program = getenv("FAKEXEN_PROGRAM");
    const char *host = getenv("FAKEXEN_HOST");
    char number[16], **env = clean_environment();
    char *const argv[] = {(char *)program,    (char *)"--host", (char *)host,
                          (char *)"--runner", number,           NULL};
    int why[2];

    snprintf(number, sizeof(number), "%u", domid);
    if (!program || !host || !env || access(program, X_OK)) {
        tell(domid, "fakexen itself is not to be found");
    } else if (pipe2(why, O_CLOEXEC)) {
        tell(domid, strerror(errno));
    } else {
        start_process(argv, env, why[1]);
        close(why[1]);
        hear(why[0], domid);
        close(why[0]);
    }
    free(env);
}

void fx_start_runners(struct fx_host *host)
{
    uint16_t domids[MAX_AT_ONCE];
    unsigned int nr = 0, i;

    fx_lock(host);
    if (!host->unrepaired) {
        fx_bury_runners(host);
        nr = find_new(host, domids);
    }
    fx_unlock(host);
    for (i = 0; i < nr; i++)
        start(domids[i]);
}

static void stand_still(struct fx_host *host, struct fx_domain *d)
{
    uint32_t i;

    for (i = 0; i < d->max_vcpus; i++)
        fx_runstate(host, d, i, RUNSTATE_offline, fx_now(host, d));
}

void fx_bury_runners(struct fx_host *host)
{
    unsigned int i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        struct fx_domain *d = &host->super->domain[i];

        if (!d->exists || d->dying || !d->runner ||
            fx_process_lives(host, d->runner))
            continue;
        d->runner = 0;
        d->unsaved = 0;
        stand_still(host, d);
        if (!d->shutdown)
            fx_domain_shutdown(host, d, SHUTDOWN_crash);
    }
}

/* Is it to stand still, and does not do so yet? */
static bool is_unsettled(struct fx_host *host, const struct fx_domain *d)
{
    return d->exists && d->unsaved && (d->pause_count || d->shutdown) &&
           fx_process_lives(host, d->runner);
}

void fx_settle_runners(struct fx_host *host)
{
    bool unsettled = true;
    unsigned int i, looks;

    for (looks = 0; unsettled && looks < SETTLE_LOOKS; looks++) {
        uint32_t seen = fx_wake_count(host);

        unsettled = false;
        fx_lock(host);
        for (i = 0; i < FX_MAX_DOMAINS && !unsettled; i++)
            unsettled = is_unsettled(host, &host->super->domain[i]);
        fx_unlock(host);
        if (unsettled)
            fx_wake_wait_for(host, seen, SETTLE_DELAY);
    }
    if (unsettled)
        fputs("fakexen: a guest's process does not stop\n", stderr);
}
