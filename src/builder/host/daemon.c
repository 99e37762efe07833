/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static void leave_all(const char *log)
{
    close_inherited();
    set_standard(0, NULL);
    set_standard(1, log);
    set_standard(2, log);
    signal(SIGHUP, SIG_IGN);
    if (chdir("/")) /* which only a process without rights cannot */
        perror("domwright: /");
}

int daemon_start(const char *log)
{
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    if (child < 0)
        return -errno;
    if (child) {
        while (waitpid(child, &status, 0) < 0)
            if (errno != EINTR) /* whoever ignores SIGCHLD is not told */
                return 0;
        return status ? -EAGAIN : 0;
    }
    setsid();
    child = fork(); /* so that no terminal can become its own */
    if (child)
        _exit(child < 0 ? 1 : 0);
    leave_all(log);
    return 1;
}
