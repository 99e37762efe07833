/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/xl.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beside.h"
#include "host/embedded.h"
#include "host/search.h"
#include "xen_versions.h"

extern char **environ;

/* What Debian's script chooses among by the Xen that runs. */
#define FOLDER "/usr/lib/xen-" XEN_VERSION "/bin"

static bool is_script(const char *path)
{
    char real[PATH_MAX];

    return realpath(path, real) &&
           !strcmp(strrchr(real, '/'), "/xen-utils-wrapper");
}

/* A user's PATH may not lead to where it is; and where no Xen runs, on an
 * embedded host, Debian's script finds none to choose by. */
static bool find_xl(char path[PATH_MAX])
{
    char chosen[PATH_MAX];

    if (!search(getenv("PATH"), "xl", path) && !search("/usr/sbin", "xl", path))
        return false;
    if (embedded_here() && !embedded_beside_xen() && is_script(path) &&
        search(FOLDER, "xl", chosen))
        strcpy(path, chosen);
    return true;
}

/* Puts the plugin before whatever is preloaded already. */
static int preload(struct diag *dg, const char *plugin)
{
    const char *others = getenv("LD_PRELOAD");
    char *value;
    int r;

    if (strpbrk(plugin, " :"))
        return diag_fail(dg, DW_FAILED, -EINVAL,
                         "%s: LD_PRELOAD takes no path with a space or colon",
                         plugin);
    if (asprintf(&value, "%s%s%s", plugin, others && *others ? ":" : "",
                 others ? others : "") < 0)
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    /* Here it is what was asked for, in others' programs it may be left out. */
    r = setenv("LD_PRELOAD", value, 1) ||
        setenv("DOMWRIGHT_HOOKS", "required", 1);
    free(value);
    return r ? diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory") : 0;
}

static void find_plugin(char path[PATH_MAX])
{
    static const struct beside self = {"src/builder/domwright", DW_DOMWRIGHT};
    static const struct beside file = {"src/builder/.libs/plugin.so",
                                       DW_PLUGIN};
    const char *given = secure_getenv("DOMWRIGHT_PLUGIN");

    if (given && *given)
        snprintf(path, PATH_MAX, "%s", given);
    else
        beside_find(path, &self, &file);
}

int xl_exec(struct diag *dg, char **argv)
{
    char plugin[PATH_MAX], real[PATH_MAX], xl[PATH_MAX];
    int rc;

    find_plugin(plugin);
    /* The dynamic linker would only warn, and stock xl would build; so it would
     * of a path that it looks for elsewhere, as it does without a slash. */
    if (access(plugin, R_OK) || (*plugin != '/' && !realpath(plugin, real)))
        return diag_fail(dg, DW_FAILED, -errno, "the plugin %s: %s", plugin,
                         strerror(errno));
    rc = preload(dg, *plugin == '/' ? plugin : real);
    if (rc)
        return rc;
    if (!find_xl(xl))
        return diag_fail(dg, DW_FAILED, -ENOENT,
                         "there is no xl here; Debian has it in the package "
                         "xen-utils-" XEN_VERSION);
    execv(xl, argv);
    return diag_fail(dg, DW_FAILED, -errno, "cannot run %s: %s", xl,
                     strerror(errno));
}

int xl_start(pid_t *child, char **argv)
{
    char xl[PATH_MAX];

    return find_xl(xl) ? -posix_spawn(child, xl, NULL, NULL, argv, environ)
                       : -ENOENT;
}
