/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xenconsole.c - in xenconsole's place: writes which signals it has inherited
 * blocked into the file "signals", and becomes ./console, a script.  Shells
 * start with no signal blocked, and could not tell.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    FILE *out = fopen("signals", "w");
    sigset_t blocked;
    int number;

    (void)argc;
    if (!out || sigprocmask(SIG_BLOCK, NULL, &blocked))
        return 1;
    for (number = 1; number < SIGRTMIN; number++)
        if (sigismember(&blocked, number))
            fprintf(out, "%d is blocked\n", number);
    if (fclose(out))
        return 1;
    execv("./console", argv);
    return 1;
}
