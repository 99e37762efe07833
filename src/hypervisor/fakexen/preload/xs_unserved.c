/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/xs_unserved.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/xs_console.h"

/* Does all of the path match?  The format ends in %n, the count in *end. */
static bool is_whole(const char *path, int end)
{
    return end && !path[end];
}

void fx_unserved_watch(const char *path)
{
    static bool told; /* once for a process is enough */
    char kind[32];
    int end = 0;

    (void)sscanf(path, "/local/domain/%*u/backend/%31[^/]/%*u/%*[^/]/state%n",
                 kind, &end);
    /* Nobody waits for the state of a console. */
    if (!is_whole(path, end) || !strcmp(kind, "console") || told)
        return;
    told = true;
    fprintf(stderr,
            "fakexen: devices have no backend on an embedded host, and who "
            "waits for one waits in vain; vif=[] and disk=[] leave them out\n");
}

/*
 * Who started xenconsole, as xl does, waits for the byte by which it says that
 * it is attached: xenconsole --start-notify-fd FD.
 */
static void let_starter_go_on(void)
{
    char line[1024], *word = line, *end;
    FILE *in = fopen("/proc/self/cmdline", "r");
    bool next = false;

    if (!in)
        return;
    end = line + fread(line, 1, sizeof(line) - 1, in);
    fclose(in);
    *end = '\0';
    for (; word < end; word += strlen(word) + 1) {
        if (next && write(atoi(word), "", 1) != 1)
            return;
        next = !strcmp(word, "--start-notify-fd");
    }
}

void fx_unserved_read(const char *path, const void *value, size_t bytes)
{
    static const char tty[] = FX_CONSOLE_TTY;
    unsigned int domid;
    int end = 0;

    if (strcmp(program_invocation_short_name, "xenconsole") ||
        bytes != strlen(tty) || memcmp(value, tty, bytes))
        return;
    sscanf(path, "/local/domain/%u/console/tty%n", &domid, &end);
    if (!is_whole(path, end))
        return;
    fprintf(stderr,
            "fakexen: nothing serves a console on an embedded host: domain %u "
            "does not run\n",
            domid);
    let_starter_go_on();
    exit(EXIT_FAILURE);
}
