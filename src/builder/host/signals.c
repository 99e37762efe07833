/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static void mask(int how)
{
    sigset_t set;
    size_t i;

    sigemptyset(&set);
    for (i = 0; i < N_SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(how, &set, NULL);
}

void interrupt_hold(void)
{
    mask(SIG_BLOCK);
}

int interrupt_check(struct diag *dg)
{
    sigset_t pending;
    size_t i;

    sigpending(&pending);
    for (i = 0; i < N_SIGNALS; i++)
        if (sigismember(&pending, signals[i]))
            return diag_fail(dg, 128 + signals[i], -EINTR, "stopped: %s",
                             strsignal(signals[i]));
    return 0;
}

void interrupt_release(void)
{
    mask(SIG_UNBLOCK);
}
