/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/signals.h"

extern char **environ;

/* How long a signal may have to wait. */
#define LOOK_MS 100

/* How long a command may take to end whose input has. */
#define END_MS 5000

/* The most that anybody's pipe may have (pipe(7)): what stops at each 64 KiB
 * for the next process to have its turn gets nowhere on a busy machine. */
#define PIPE_SIZE (1 << 20)

/* More than any message has. */
#define MESSAGE_MAX 128

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000};

    nanosleep(&time, NULL);
}

void link_own(struct link *link)
{
    *link = (struct link){.in = STDIN_FILENO, .out = STDOUT_FILENO};
}

/* The command's ends become its standard input and output; it has no signal
 * blocked that we hold. */
static int spawn(struct link *link, const char *command, int in, int out)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int r = posix_spawn_file_actions_init(&actions);

    if (r)
        return -r;
    r = posix_spawnattr_init(&attributes);
    if (r) {
        posix_spawn_file_actions_destroy(&actions);
        return -r;
    }
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    r = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (!r)
        r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (!r)
        r = posix_spawn(&link->child, "/bin/sh", &actions, &attributes, argv,
                        environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (r)
        link->child = 0;
    return -r;
}

int link_start(struct link *link, const char *command, struct diag *dg)
{
    int to[2] = {-1, -1}, from[2] = {-1, -1}, rc = 0;

    *link = (struct link){.in = -1, .out = -1};
    if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
        rc = -errno;
    if (!rc) {
        fcntl(to[1], F_SETPIPE_SZ, PIPE_SIZE); /* or as large as it is */
        rc = spawn(link, command, to[0], from[1]);
    }
    if (to[0] >= 0)
        close(to[0]);
    if (from[1] >= 0)
        close(from[1]);
    link->out = to[1];
    link->in = from[0];
    return rc ? diag_fail(dg, DW_FAILED, rc, "cannot run %s: %s", command,
                          strerror(-rc))
              : 0;
}

/* Until the descriptor can be read or written. */
static int wait_for(const struct link *link, short events, int ms,
                    const char *what, struct diag *dg)
{
    struct pollfd poll_fd = {.fd = events == POLLIN ? link->in : link->out,
                             .events = events};
    const int64_t end = now_ms() + ms;
    int rc;

    for (;;) {
        rc = link->deaf ? 0 : interrupt_check(dg);
        if (rc)
            return rc;
        if (poll(&poll_fd, 1, LOOK_MS) > 0)
            return 0;
        if (ms >= 0 && now_ms() >= end)
            return diag_fail(dg, DW_FAILED, -ETIMEDOUT,
                             "%s: the other side did nothing for %d seconds",
                             what, ms / 1000);
    }
}

int link_wait(struct link *link, int ms, const char *what, struct diag *dg)
{
    return wait_for(link, POLLIN, ms, what, dg);
}

/* A signal for both sides ends the other one sooner. */
static int ended(const struct link *link, const char *what, struct diag *dg)
{
    int rc = link->deaf ? 0 : interrupt_check(dg);

    return rc ? rc
              : diag_fail(dg, DW_FAILED, -EPIPE, "%s: the other side ended",
                          what);
}

/* How many bytes came, n at most; or as link_get(). */
static ssize_t get_some(struct link *link, void *to, size_t n, int ms,
                        const char *what, struct diag *dg)
{
    ssize_t r = -1;
    int rc;

    while (r < 0) {
        rc = wait_for(link, POLLIN, ms, what, dg);
        if (rc)
            return rc;
        r = read(link->in, to, n);
        if (!r)
            return ended(link, what, dg);
        if (r < 0 && errno != EINTR)
            return diag_fail(dg, DW_FAILED, -errno, "%s: %s", what,
                             strerror(errno));
    }
    return r;
}

int link_get(struct link *link, void *to, size_t n, int ms, const char *what,
             struct diag *dg)
{
    unsigned char *at = to;
    ssize_t r;

    for (; n; at += r, n -= (size_t)r) {
        r = get_some(link, at, n, ms, what, dg);
        if (r < 0)
            return (int)r;
    }
    return 0;
}

int link_put(struct link *link, const void *from, size_t n, const char *what,
             struct diag *dg)
{
    const unsigned char *at = from;
    ssize_t r;
    int rc;

    while (n) {
        rc = wait_for(link, POLLOUT, LINK_FOREVER, what, dg);
        if (rc)
            return rc;
        r = write(link->out, at, n);
        if (r < 0 && errno == EPIPE)
            return ended(link, what, dg);
        if (r < 0 && errno != EINTR)
            return diag_fail(dg, DW_FAILED, -errno, "%s: %s", what,
                             strerror(errno));
        if (r > 0) {
            at += r;
            n -= (size_t)r;
        }
    }
    return 0;
}

int link_expect(struct link *link, const void *message, size_t n, int ms,
                const char *what, struct diag *dg)
{
    char said[MESSAGE_MAX + 1] = "", *line;
    size_t got = 0;
    ssize_t r;

    while (got < n && !memcmp(said, message, got)) {
        r = get_some(link, said + got, n - got, ms, what, dg);
        if (r < 0)
            return (int)r;
        got += (size_t)r;
    }
    if (!memcmp(said, message, got))
        return 0;
    /* A line of it: of a shell that does not find the command, say. */
    line = said + strspn(said, "\r\n");
    line[strcspn(line, "\r\n")] = '\0';
    return diag_fail(dg, DW_FAILED, -EPROTO,
                     "%s: the other side said \"%s\" instead", what, line);
}

int link_check(struct link *link, const char *what, struct diag *dg)
{
    struct pollfd fd = {.fd = link->in, .events = POLLIN};

    return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLIN | POLLHUP)) == POLLHUP
               ? ended(link, what, dg)
               : 0;
}

int link_close(struct link *link)
{
    const int64_t end = now_ms() + END_MS;
    int status = 0;
    pid_t r = 0;

    if (link->out >= 0)
        close(link->out);
    if (link->in >= 0)
        close(link->in);
    link->in = link->out = -1;
    if (!link->child)
        return 0;
    while (!(r = waitpid(link->child, &status, WNOHANG)) && now_ms() < end)
        sleep_ms(5);
    link->child = 0;
    return r > 0 ? status : -1;
}
