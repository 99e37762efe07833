/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stopwatch COMMAND [ARG]...: runs it, its output thrown away, and prints the
 * microseconds from fork to exit.  Exits with its status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    long long start = now_us();
    int status, null;
    pid_t pid;

    if (argc < 2)
        return 2;
    pid = fork();
    if (pid == 0) {
        null = open("/dev/null", O_RDWR);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
            dup2(null, 2) < 0)
            _exit(126);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("stopwatch");
        return 1;
    }
    printf("%lld\n", now_us() - start);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
