/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/guests.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/run.h"
#include "machine/lock.h"
#include "machine/wake.h"
#include "run/start.h"

/* How often it is looked whether anything is left to be copied. */
#define LOOK_MS 50

/* What the threads beside the command share. */
struct copier {
    struct fx_host *host;
    int from;
    bool done; /* nothing more will come */
    bool lost; /* nobody takes it */
};

struct limiter {
    struct fx_host *host;
    unsigned int seconds;
    bool reached, command_ended;
};

static bool write_all(const char *text, size_t len)
{
    ssize_t n;

    while (len) {
        n = write(STDOUT_FILENO, text, len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* Where it is lost, the command goes as one that writes there would. */
static void *copy(void *arg)
{
    struct copier *c = arg;
    struct pollfd fd = {.fd = c->from, .events = POLLIN};
    char text[4096];
    bool done;
    ssize_t n;

    for (;;) {
        done = __atomic_load_n(&c->done, __ATOMIC_ACQUIRE);
        if (poll(&fd, 1, LOOK_MS) <= 0) {
            if (done)
                return NULL;
            continue;
        }
        n = read(c->from, text, sizeof(text));
        if (n == 0)
            return NULL;
        if (n < 0 || write_all(text, (size_t)n))
            continue;
        __atomic_store_n(&c->lost, true, __ATOMIC_RELEASE);
        kill(getpid(), SIGTERM);
        fx_wake(c->host);
        return NULL;
    }
}

/* The command is told as by kill(1), which fx_run() hands on to it. */
static void *limit(void *arg)
{
    struct limiter *l = arg;

    sleep(l->seconds);
    __atomic_store_n(&l->reached, true, __ATOMIC_RELEASE);
    if (!__atomic_load_n(&l->command_ended, __ATOMIC_ACQUIRE))
        kill(getpid(), SIGTERM);
    fx_wake(l->host);
    return NULL;
}

/* A guest that could go on, by itself or when it is unpaused. */
static bool any_left(struct fx_host *host)
{
    unsigned int i;
    bool left = false;

    fx_lock(host);
    fx_bury_runners(host);
    for (i = 0; i < FX_MAX_DOMAINS && !host->unrepaired; i++) {
        const struct fx_domain *d = &host->super->domain[i];

        left |= d->exists && d->id != FX_CONTROL_DOMID && !d->dying &&
                !d->shutdown && d->runner;
    }
    fx_unlock(host);
    return left;
}

static void wait_for_guests(struct fx_host *host, const struct limiter *l,
                            const struct copier *c)
{
    uint32_t seen = fx_wake_count(host);

    while (!__atomic_load_n(&l->reached, __ATOMIC_ACQUIRE) &&
           !__atomic_load_n(&c->lost, __ATOMIC_ACQUIRE) && any_left(host)) {
        fx_wake_wait(host, seen);
        seen = fx_wake_count(host);
    }
}

static int start_thread(pthread_t *thread, void *(*function)(void *), void *arg)
{
    sigset_t all, old;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    r = pthread_create(thread, NULL, function, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r)
        fprintf(stderr, "fakexen: %s\n", strerror(r));
    return -r;
}

int fx_guests_prepare(struct fx_guests *guests)
{
    char path[64];

    if (pipe2(guests->output, O_CLOEXEC)) {
        fprintf(stderr, "fakexen: %s\n", strerror(errno));
        return -errno;
    }
    /* A path, as it is for processes that nobody here starts. */
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(),
             guests->output[1]);
    return setenv("FAKEXEN_OUTPUT", path, 1) ? -errno : 0;
}

static void nothing(int signo)
{
    (void)signo;
}

int fx_guests_run(struct fx_guests *guests, char **command)
{
    struct copier copier = {.host = guests->host, .from = guests->output[0]};
    struct sigaction heed = {.sa_handler = nothing};
    struct limiter limiter = {.host = guests->host, .seconds = guests->limit};
    pthread_t copying, limiting;
    int status;

    if (start_thread(&copying, copy, &copier) ||
        (guests->limit && start_thread(&limiting, limit, &limiter)))
        return -EAGAIN;
    /* Not ignored, which the command would inherit. */
    sigaction(SIGPIPE, &heed, NULL);
    status = fx_run(command);
    __atomic_store_n(&limiter.command_ended, true, __ATOMIC_RELEASE);
    if (!status)
        wait_for_guests(guests->host, &limiter, &copier);
    /* What a guest wrote before its end was seen is in the pipe already. */
    __atomic_store_n(&copier.done, true, __ATOMIC_RELEASE);
    pthread_join(copying, NULL);
    if (copier.lost)
        return 128 + SIGPIPE;
    return limiter.reached ? FX_LIMIT_REACHED : status;
}
