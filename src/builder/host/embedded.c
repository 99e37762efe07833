/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/embedded.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"

/* Where Linux has the device that hypercalls go through, and used to have it.
 */
static bool has_xen(void)
{
    return !access("/dev/xen/privcmd", F_OK) ||
           !access("/proc/xen/privcmd", F_OK);
}

static const char *variable(const char *name)
{
    const char *value = secure_getenv(name);

    return value && *value ? value : NULL;
}

/* Makes a path's directories, of which some may exist.  A negative errno: why
 * the last one is not there. */
static int make_directories(char *path)
{
    int rc = 0;

    for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (!mkdir(path, 0700) || errno == EEXIST)
            rc = 0;
        else if (!rc) /* those in it fail for want of it */
            rc = -errno;
        *p = '/';
    }
    return rc;
}

/* Where the user's own host is, or is to be. */
static int default_host(struct diag *dg, char path[PATH_MAX])
{
    const char *state = variable("XDG_STATE_HOME"), *home = variable("HOME");
    /* The XDG Base Directory Specification: a relative path is ignored. */
    int n = state && *state == '/'
                ? snprintf(path, PATH_MAX, "%s/domwright/host", state)
            : home ? snprintf(path, PATH_MAX, "%s/.local/state/domwright/host",
                              home)
                   : -1;
    int rc;

    if (n < 0 || n >= PATH_MAX || *path != '/')
        return diag_fail(dg, DW_NO_XEN, -ENOENT,
                         "no Xen here, and HOME names no place for an embedded "
                         "host; --host does");
    rc = make_directories(path);
    if (rc)
        return diag_fail(dg, DW_NO_XEN, rc,
                         "no Xen here, and the embedded host %s cannot be: %s; "
                         "--host names another",
                         path, strerror(-rc));
    return 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat sa, sb;

    return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

void embedded_program(char path[PATH_MAX])
{
    static const struct beside self = {"src/builder/domwright", DW_DOMWRIGHT};
    static const struct beside file = {"src/hypervisor/fakexen/fakexen",
                                       DW_FAKEXEN};
    const char *given = variable("DOMWRIGHT_FAKEXEN");

    if (given)
        snprintf(path, PATH_MAX, "%s", given);
    else
        beside_find(path, &self, &file);
}

/* fakexen --host HOST SELF COMMAND...; returns only if it cannot be run. */
static int run_on(const char *fakexen, const char *host, const struct diag *dg,
                  char **command)
{
    char **argv, self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    size_t n = 0, i = 0;
    int rc;

    if (len < 0)
        return -errno;
    self[len] = '\0';
    while (command[n])
        n++;
    argv = calloc(n + 7, sizeof(*argv));
    if (!argv)
        return -ENOMEM;
    argv[i++] = (char *)fakexen;
    argv[i++] = (char *)"--host";
    argv[i++] = (char *)host;
    argv[i++] = self;
    if (dg->verbose)
        argv[i++] = (char *)"-v";
    if (dg->quiet)
        argv[i++] = (char *)"-q";
    memcpy(argv + i, command, n * sizeof(*argv));
    execv(fakexen, argv);
    rc = -errno;
    free(argv);
    return rc;
}

bool embedded_here(void)
{
    return variable("FAKEXEN_HOST");
}

bool embedded_beside_xen(void)
{
    return embedded_here() && has_xen();
}

static bool find(struct stat *st)
{
    return !stat(variable("FAKEXEN_HOST"), st);
}

void embedded_mark(struct embedded_mark *mark)
{
    struct stat st;

    *mark = (struct embedded_mark){.here = embedded_here()};
    if (!mark->here || !find(&st))
        return;
    mark->device = st.st_dev;
    mark->inode = st.st_ino;
}

bool embedded_is_gone(const struct embedded_mark *mark)
{
    struct stat st;

    return mark->here && (!find(&st) || st.st_dev != mark->device ||
                          st.st_ino != mark->inode);
}

bool embedded_log(char path[PATH_MAX])
{
    if (!embedded_here())
        return false;
    return snprintf(path, PATH_MAX, "%s.log", variable("FAKEXEN_HOST")) <
           PATH_MAX;
}

/* Which matters to who named it; otherwise there is just no Xen. */
static int cannot_run(struct diag *dg, const char *fakexen)
{
    const int rc = -errno;

    return variable("DOMWRIGHT_FAKEXEN")
               ? diag_fail(dg, DW_NO_XEN, rc, "DOMWRIGHT_FAKEXEN: %s: %s",
                           fakexen, strerror(-rc))
               : 0;
}

int embedded_enter(struct diag *dg, const char *named, char **command)
{
    const char *here = variable("FAKEXEN_HOST");
    const char *host = named || here ? named : variable("DOMWRIGHT_HOST");
    char own[PATH_MAX], fakexen[PATH_MAX];
    int rc;

    if (here && (!named || is_same_file(here, named)))
        return 0;
    embedded_program(fakexen);
    if (!host) {
        if (has_xen())
            return 0;
        if (access(fakexen, X_OK))
            return cannot_run(dg, fakexen);
        rc = default_host(dg, own);
        if (rc)
            return rc;
        host = own;
        if (!dg->quiet)
            fprintf(stderr,
                    "domwright: no Xen here; on the embedded host %s instead\n",
                    host);
    }
    rc = run_on(fakexen, host, dg, command);
    return diag_fail(dg, DW_NO_XEN, rc, "the embedded host %s: %s: %s", host,
                     fakexen, strerror(-rc));
}
