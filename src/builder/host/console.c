/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/console.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/embedded.h"
#include "host/search.h"
#include "host/xenstore.h"
#include "xen_versions.h"

/* How long xenconsoled may take for a new domain; xenconsole gives it 5 s. */
#define WAIT_MS 5000
#define STEP_MS 100

/* Where distributions keep it; then $PATH. */
static const char *const folders =
    "/usr/lib/xen-" XEN_VERSION "/bin:" /* Debian */
    "/usr/libexec/xen/bin:/usr/local/lib/xen/bin:/usr/lib/xen/bin";

static int find(struct diag *dg, char path[PATH_MAX])
{
    const char *named = getenv("DOMWRIGHT_XENCONSOLE");
    struct stat st;
    int rc = 0;

    if (named && *named) {
        if (stat(named, &st) || access(named, X_OK))
            rc = -errno;
        else if (!S_ISREG(st.st_mode))
            rc = -EACCES; /* as exec() would say */
        if (rc)
            return diag_fail(dg, DW_FAILED, rc, "the console client %s: %s",
                             named, strerror(-rc));
        strcpy(path, named); /* what is longer has failed */
        return 0;
    }
    if (search(folders, "xenconsole", path) ||
        search(getenv("PATH"), "xenconsole", path))
        return 0;
    return diag_fail(dg, DW_FAILED, -ENOENT,
                     "xenconsole is not installed; Debian has it in "
                     "xen-utils-" XEN_VERSION);
}

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

int console_check(struct diag *dg)
{
    const char *named = getenv("DOMWRIGHT_XENCONSOLE");
    const char *guests_run = getenv("FAKEXEN_RUN"); /* fakexen(1) tells */
    char path[PATH_MAX];

    if (embedded_here() && !(named && *named) &&
        !(guests_run && !strcmp(guests_run, "yes")))
        return diag_fail(dg, DW_FAILED, -ENOENT,
                         "nothing serves a console on this embedded host");
    return find(dg, path);
}

int console_exec(struct diag *dg, uint32_t domid, int notify_fd)
{
    char id[12], fd[12], path[PATH_MAX];
    char *args[] = {"xenconsole",        id, "--num", "0", "--type", "pv",
                    "--start-notify-fd", fd, NULL};
    int rc = find(dg, path);

    if (rc)
        return rc;
    snprintf(id, sizeof(id), "%u", domid);
    snprintf(fd, sizeof(fd), "%d", notify_fd);
    if (notify_fd < 0)
        args[6] = NULL;
    execv(path, args);
    return diag_fail(dg, DW_FAILED, -errno, "cannot run %s: %s", path,
                     strerror(errno));
}
