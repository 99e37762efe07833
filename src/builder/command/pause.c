/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pause and unpause: the same but for one call. */
#include <errno.h>

#include "command/command.h"
#include "host/find.h"

static int switch_one(struct host *host, const char *who, const char *what,
                      int (*call)(xc_interface *xc, uint32_t domid))
{
    xc_domaininfo_t info;
    int rc = host_find(host, who, &info);

    if (!rc && !info.domain)
        return diag_fail(host->dg, DW_FAILED, -EPERM,
                         "domain 0 cannot be paused");
    if (!rc && call(host->xc, info.domain))
        return diag_fail_xc(host->dg, "%s domain %s", what, who);
    return rc;
}

static int pause_one(struct host *host, const char *who, void *arg)
{
    (void)arg;
    return switch_one(host, who, "pausing", xc_domain_pause);
}

static int unpause_one(struct host *host, const char *who, void *arg)
{
    (void)arg;
    return switch_one(host, who, "unpausing", xc_domain_unpause);
}

static int run_pause(struct host *host, const struct args *args)
{
    return cmd_each_domain(host, args, pause_one, NULL);
}

static int run_unpause(struct host *host, const struct args *args)
{
    return cmd_each_domain(host, args, unpause_one, NULL);
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
