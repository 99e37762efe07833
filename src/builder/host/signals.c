/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

/*
 * Nobody wants to be stopped by one that was ignored when the program started,
 * as nohup(1) and shells without job control do.  Blocked, even that one is
 * pending.
 */
static bool is_ignored(int number)
{
    struct sigaction action;

    return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

static void pipe_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
    sigaddset(set, SIGXFSZ); /* a file as large as it may be */
}

void interrupt_hold(void)
{
    sigset_t set;
    size_t i;

    pipe_set(&set);
    for (i = 0; i < N_SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int interrupt_pending(void)
{
    sigset_t pending;
    size_t i;

    sigpending(&pending);
    for (i = 0; i < N_SIGNALS; i++)
        if (sigismember(&pending, signals[i]) && !is_ignored(signals[i]))
            return signals[i];
    return 0;
}

int interrupt_check(struct diag *dg)
{
    int number = interrupt_pending();

    return number ? diag_fail(dg, 128 + number, -EINTR, "stopped: %s",
                              strsignal(number))
                  : 0;
}

int interrupt_fd(void)
{
    static const int stop[] = {SIGINT, SIGTERM};
    sigset_t set;
    size_t i;
    int fd;

    sigemptyset(&set);
    for (i = 0; i < sizeof(stop) / sizeof(stop[0]); i++)
        if (!is_ignored(stop[i]))
            sigaddset(&set, stop[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void interrupt_release(void)
{
    const struct timespec now = {0};
    sigset_t set;
    size_t i;

    pipe_set(&set);
    while (sigtimedwait(&set, NULL, &now) > 0)
        ; /* told already, as a write that failed */
    for (i = 0; i < N_SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
