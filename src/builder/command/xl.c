/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stock xl with our hooks in its libxenguest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beside.h"
#include "command/command.h"

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
    r = setenv("LD_PRELOAD", value, 1);
    free(value);
    return r ? diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory") : 0;
}

static void find_plugin(char path[PATH_MAX])
{
    static const struct beside self = {"src/builder/domwright", DW_DOMWRIGHT};
    static const struct beside file = {"src/builder/.libs/plugin.so",
                                       DW_PLUGIN};
    const char *given = getenv("DOMWRIGHT_PLUGIN");

    if (given && *given)
        snprintf(path, PATH_MAX, "%s", given);
    else
        beside_find(path, &self, &file);
}

static int run(struct host *host, const struct args *args)
{
    struct diag *dg = host->dg;
    char plugin[PATH_MAX];
    int rc;

    find_plugin(plugin);
    /* The dynamic linker would only warn, and stock xl would build. */
    if (access(plugin, R_OK))
        return diag_fail(dg, DW_FAILED, -errno, "the plugin %s: %s", plugin,
                         strerror(errno));
    rc = preload(dg, plugin);
    if (rc)
        return rc;
    execvp("xl", args->argv);
    return diag_fail(dg, DW_FAILED, -errno, "cannot run xl: %s",
                     strerror(errno));
}

const struct command cmd_xl = {
    .name = "xl",
    .args = "ARGUMENT...",
    .summary = "run stock xl with domwright's builder inside",
    .help = "Every argument is xl's.\n",
    .need = NEED_PLACE,
    .raw = true,
    .run = run,
};
