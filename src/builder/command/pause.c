/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pause and unpause: the same but for one call. */
#include <errno.h>

#include "command/command.h"
#include "host/host.h"

static int switch_one(struct host *host, const char *who,
                      int (*call)(xc_interface *xc, uint32_t domid))
{
    uint32_t domid;
    int rc = host_find(host, who, &domid);

    if (rc)
        return rc;
    diag_step(host->dg);
    if (!call(host->xc, domid))
        return 0;
    if (errno == ESRCH)
        return diag_fail(host->dg, DW_FAILED, -ESRCH, "no domain %s", who);
    return diag_fail_xc(host->dg, "domain %s", who);
}

static int pause_one(struct host *host, const char *who)
{
    return switch_one(host, who, xc_domain_pause);
}

static int unpause_one(struct host *host, const char *who)
{
    return switch_one(host, who, xc_domain_unpause);
}

static int run_pause(struct host *host, const struct args *args)
{
    return cmd_each_domain(host, args, pause_one);
}

static int run_unpause(struct host *host, const struct args *args)
{
    return cmd_each_domain(host, args, unpause_one);
}

const struct command cmd_pause = {
    .name = "pause",
    .args = "DOMAIN...",
    .summary = "keep guests from running",
    .need = NEED_STORE,
    .min = 1,
    .max = -1,
    .wanted = "a domain is wanted",
    .run = run_pause,
};

const struct command cmd_unpause = {
    .name = "unpause",
    .args = "DOMAIN...",
    .summary = "let paused guests run",
    .need = NEED_STORE,
    .min = 1,
    .max = -1,
    .wanted = "a domain is wanted",
    .run = run_unpause,
};
