/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/embedded.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where Linux has the device that hypercalls go through, and used to have it.
 */
static bool has_xen(void)
{
    return !access("/dev/xen/privcmd", F_OK) ||
           !access("/proc/xen/privcmd", F_OK);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/* Makes a path's directories; that some exist is fine. */
static void make_directories(char *path)
{
    for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
}

/* The user's own host; false where there is no place for one. */
static bool default_host(char path[PATH_MAX])
{
    const char *state = variable("XDG_STATE_HOME"), *home = variable("HOME");
    int n = state  ? snprintf(path, PATH_MAX, "%s/domwright/host", state)
            : home ? snprintf(path, PATH_MAX, "%s/.local/state/domwright/host",
                              home)
                   : -1;

    if (n < 0 || n >= PATH_MAX || *path != '/')
        return false;
    make_directories(path);
    return true;
}

/* fakexen --host HOST SELF ARGUMENT...; returns only if it cannot be run. */
static int run_on(const char *host, char **argv)
{
    const char *fakexen = variable("DOMWRIGHT_FAKEXEN");
    char **command, self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    size_t n = 0;
    int rc;

    if (len < 0)
        return -errno;
    self[len] = '\0';
    while (argv[n])
        n++;
    command = calloc(n + 4, sizeof(*command));
    if (!command)
        return -ENOMEM;
    if (!fakexen)
        fakexen = DW_FAKEXEN;
    command[0] = (char *)fakexen;
    command[1] = (char *)"--host";
    command[2] = (char *)host;
    command[3] = self;
    memcpy(command + 4, argv + 1, n * sizeof(*argv)); /* its NULL too */
    execv(fakexen, command);
    rc = -errno;
    free(command);
    return rc;
}

int embedded_enter(struct diag *dg)
{
    const char *host = dg->host ? dg->host : variable("DOMWRIGHT_HOST");
    const char *fakexen = variable("DOMWRIGHT_FAKEXEN");
    char path[PATH_MAX];
    int rc;

    if (variable("FAKEXEN_HOST")) /* this is one */
        return 0;
    if (!host) {
        if (has_xen() || access(fakexen ? fakexen : DW_FAKEXEN, X_OK) ||
            !default_host(path))
            return 0;
        host = path;
        fprintf(stderr,
                "domwright: no Xen here; on the embedded host %s instead\n",
                host);
    }
    rc = run_on(host, dg->argv);
    return diag_fail(dg, DW_NO_XEN, rc, "the embedded host %s: fakexen: %s",
                     host, strerror(-rc));
}
