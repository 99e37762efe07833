/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/console.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where distributions keep it; then $PATH. */
static const char *const programs[] = {
    "/usr/lib/xen-4.17/bin/xenconsole", /* Debian */
    "/usr/libexec/xen/bin/xenconsole",  "/usr/local/lib/xen/bin/xenconsole",
    "/usr/lib/xen/bin/xenconsole",      "xenconsole",
};

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
    return diag_fail(dg, DW_FAILED, -errno, "cannot run xenconsole: %s",
                     strerror(errno));
}
