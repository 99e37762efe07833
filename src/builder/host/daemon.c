/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * What survived the exec(2) that began this program was left open by whoever
 * did that: a lock, perhaps, or the end of a pipe.  Ours have FD_CLOEXEC.
 */
static void close_inherited(void)
{
    DIR *fds = opendir("/proc/self/fd");
    struct dirent *entry;
    int fd, flags;

    while (fds && (entry = readdir(fds))) {
        fd = atoi(entry->d_name);
        flags = fd > 2 ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC))
            close(fd);
    }
    if (fds)
        closedir(fds);
}

/*
 * Where others can write, too, what has the log's name may lead to a file of
 * ours, or, as a FIFO, keep us waiting for a reader.
 */
static int open_log(const char *path)
{
    int fd = open(path,
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                      O_NONBLOCK | O_NOCTTY,
                  0644);
    struct stat st;

    if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void set_standard(int fd, const char *log)
{
    int from = log ? open_log(log) : -1;

    if (from < 0)
        from = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (from < 0)
        close(fd);
    else if (from != fd)
        dup2(from, fd);
    else
        fcntl(fd, F_SETFD, 0);
    if (from > 2)
        close(from);
}

/*
 * What came for the command, whose group this process was in until now, is not
 * for this one: it may have been held back (signals.h).
 */
static void drop_signals(void)
{
    const struct timespec now = {0};
    sigset_t set;

    signal(SIGHUP, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    while (sigtimedwait(&set, NULL, &now) > 0)
        ;
}

/* Whoever waits for the caller is not to wait for this process: until the
 * caller has ended, or for a second if it does not. */
static void give_way(int caller)
{
    struct pollfd pfd = {.fd = caller, .events = POLLIN};

    poll(&pfd, 1, 1000);
    close(caller);
}

static void leave_rest(const char *log)
{
    set_standard(0, NULL);
    set_standard(1, log);
    set_standard(2, log);
    if (chdir("/")) /* which only a process without rights cannot */
        perror("domwright: /");
}

int daemon_start(const char *log, bool at_once)
{
    int ends[2];
    pid_t child;
    int rc;

    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    fflush(NULL);
    close_inherited();
    child = fork();
    if (child) {
        rc = child < 0 ? -errno : 0;
        close(ends[0]);
        if (rc || at_once)
            close(ends[1]); /* or it closes where the caller ends */
        return rc;
    }
    setsid();
    drop_signals();
    close(ends[1]);
    give_way(ends[0]);
    leave_rest(log);
    return 1;
}
