/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/console.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/embedded.h"
#include "host/xenstore.h"

/* How long xenconsoled may take for a new domain; xenconsole gives it 5 s. */
#define WAIT_MS 5000
#define STEP_MS 100

/* Where distributions keep it; then $PATH. */
static const char *const programs[] = {
    "/usr/lib/xen-4.17/bin/xenconsole", /* Debian */
    "/usr/libexec/xen/bin/xenconsole",  "/usr/local/lib/xen/bin/xenconsole",
    "/usr/lib/xen/bin/xenconsole",      "xenconsole",
};

/* An embedded host has one for show, since libxl waits for it: /dev/null. */
static bool has_terminal(struct host *host, uint32_t domid)
{
    char *tty = store_read(host->xs, domid, "console/tty");
    bool has = tty && *tty && strcmp(tty, "/dev/null");

    free(tty);
    return has;
}

int console_wait(struct host *host, uint32_t domid)
{
    int left;

    for (left = embedded_here() ? 0 : WAIT_MS; left > 0; left -= STEP_MS) {
        if (has_terminal(host, domid))
            return 0;
        poll(NULL, 0, STEP_MS);
    }
    if (has_terminal(host, domid))
        return 0;
    return diag_fail(host->dg, DW_FAILED, -ENOENT,
                     embedded_here()
                         ? "domain %u has no console: nothing serves one on "
                           "this embedded host"
                         : "domain %u has no console: xenconsoled has given it "
                           "no terminal; does it run?",
                     domid);
}

int console_exec(struct diag *dg, uint32_t domid, int notify_fd)
{
    char id[12], fd[12];
    char *args[] = {"xenconsole",        id, "--num", "0", "--type", "pv",
                    "--start-notify-fd", fd, NULL};
    size_t i;

    snprintf(id, sizeof(id), "%u", domid);
    snprintf(fd, sizeof(fd), "%d", notify_fd);
    if (notify_fd < 0)
        args[6] = NULL;
    for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        execvp(programs[i], args);
        if (errno != ENOENT)
            break;
    }
    if (errno == ENOENT)
        return diag_fail(dg, DW_FAILED, -ENOENT,
                         "xenconsole is not installed; Debian has it in "
                         "xen-utils-4.17");
    return diag_fail(dg, DW_FAILED, -errno, "cannot run xenconsole: %s",
                     strerror(errno));
}
