/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stock xl with our hooks in its libxenguest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int run(struct host *host, const struct args *args)
{
    struct diag *dg = host->dg;
    const char *plugin = getenv("DOMWRIGHT_PLUGIN");
    int rc;

    if (!plugin || !*plugin)
        plugin = DW_PLUGIN;
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
    .help = "Every argument is xl's.  The plugin is " DW_PLUGIN ",\n"
            "or what DOMWRIGHT_PLUGIN in the environment names.\n",
    .raw = true,
    .run = run,
};
