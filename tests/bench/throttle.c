/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * throttle.c - passes standard input on at so many bytes a second at most, as a
 * link does that has them: throttle BYTES.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NS + time.tv_nsec;
}

static void wait_until(int64_t ns)
{
    const struct timespec time = {ns / NS, ns % NS};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL))
        ;
}

static int pass_on(const char *buffer, ssize_t n)
{
    ssize_t at, r;

    for (at = 0; at < n; at += r) {
        r = write(STDOUT_FILENO, buffer + at, (size_t)(n - at));
        if (r < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static char buffer[65536];
    double rate = argc == 2 ? strtod(argv[1], NULL) : 0;
    int64_t free_at = 0, begin;
    ssize_t n;

    if (!(rate > 0)) {
        fputs("throttle: a number of bytes a second is wanted\n", stderr);
        return 2;
    }
    /* As much as a socket keeps. */
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20);
    while ((n = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
        /* What was not sent in time is not made up for. */
        begin = now();
        free_at = (free_at > begin ? free_at : begin) +
                  (int64_t)((double)n * NS / rate);
        wait_until(free_at);
        if (pass_on(buffer, n))
            return 1;
    }
    return n < 0;
}
