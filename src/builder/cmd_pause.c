/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pause and unpause: the same but for one call. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd.h"
#include "host.h"

static int switch_one(struct host *host, const char *who, bool pause)
{
    uint32_t domid;
    int r, rc = host_find(host, who, &domid);

    if (rc)
        return rc;
    diag_step(host->dg);
    r = pause ? xc_domain_pause(host->xc, domid)
              : xc_domain_unpause(host->xc, domid);
    if (r && errno == ESRCH)
        return diag_fail(host->dg, DW_FAILED, -ESRCH, "no domain %s", who);
    return r ? diag_fail_xc(host->dg, "domain %s", who) : 0;
}

static int run(struct diag *dg, int argc, char **argv)
{
    bool pause = !strcmp(argv[0], cmd_pause.name);
    struct host host;
    int i, rc = cmd_options(dg, argc, argv, NULL);

    if (rc)
        return rc;
    if (optind == argc)
        return cmd_usage(dg, argv[0], "a domain is wanted");
    rc = host_open(&host, dg);
    for (i = optind; !rc && i < argc; i++)
        rc = switch_one(&host, argv[i], pause);
    host_close(&host);
    return rc;
}

const struct command cmd_pause = {
    .name = "pause",
    .args = "DOMAIN...",
    .summary = "keep guests from running",
    .run = run,
};

const struct command cmd_unpause = {
    .name = "unpause",
    .args = "DOMAIN...",
    .summary = "let paused guests run",
    .run = run,
};
