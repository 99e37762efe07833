/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT,
                                SIGTERM, SIGUSR1, SIGUSR2};
#define NR_PASSED_ON (sizeof(passed_on) / sizeof(passed_on[0]))

/* A handler has no argument for it.  0: there is none, or no more. */
static volatile pid_t child;

/* The terminal's signals come from the kernel, and reach the command by
 * themselves. */
static void pass_on(int signo, siginfo_t *info, void *context)
{
    int saved = errno;

    (void)context;
    if (child > 0 && info->si_code != SI_KERNEL)
        kill(child, signo);
    errno = saved;
}

/* They are let through here, even if the command is to have them blocked. */
static void watch_signals(sigset_t *mask)
{
    struct sigaction pass = {.sa_sigaction = pass_on,
                             .sa_flags = SA_RESTART | SA_SIGINFO};
    size_t i;

    for (i = 0; i < NR_PASSED_ON; i++) {
        sigaction(passed_on[i], &pass, NULL);
        sigdelset(mask, passed_on[i]);
    }
}

int fx_become(char **command)
{
    execvp(command[0], command);
    fprintf(stderr, "fakexen: %s: %s\n", command[0], strerror(errno));
    /* As a shell has it: not there, or not to be run. */
    return errno == ENOENT ? 127 : 126;
}

/* Its ID is its own until it is collected: nothing is sent after that. */
static int wait_for_it(const sigset_t *all)
{
    siginfo_t info;
    int status;

    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT))
        if (errno != EINTR)
            return -errno;
    sigprocmask(SIG_SETMASK, all, NULL);
    if (waitpid(child, &status, 0) < 0)
        return -errno;
    child = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int fx_run(char **command)
{
    sigset_t all, old, mask;
    int status;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    child = fork();
    if (!child) {
        sigprocmask(SIG_SETMASK, &old, NULL);
        _exit(fx_become(command));
    }
    status = -errno;
    if (child > 0) {
        mask = old;
        watch_signals(&mask);
        sigprocmask(SIG_SETMASK, &mask, NULL);
        status = wait_for_it(&all);
    }
    if (status < 0)
        fprintf(stderr, "fakexen: %s: %s\n", command[0], strerror(-status));
    return status;
}
