/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "command/command.h"
#include "config/guest_config.h"
#include "host/control.h"
#include "host/find.h"

static int check(struct diag *dg, struct args *args)
{
    const char *wrong = config_bad_name(args->operand[1]);

    return wrong ? args_usage(dg, args->name, "the new name %s", wrong) : 0;
}

static int run(struct host *host, const struct args *args)
{
    xc_domaininfo_t info;
    int rc = host_find(host, args->operand[0], &info);

    if (!rc && !info.domain)
        rc = diag_fail(host->dg, DW_FAILED, -EPERM, "domain 0 keeps its name");
    return rc ? rc : control_rename(host, info.domain, args->operand[1]);
}

const struct command cmd_rename = {
    .name = "rename",
    .args = "DOMAIN NAME",
    .summary = "give a guest another name",
    .need = NEED_STORE,
    .min = 2,
    .max = 2,
    .wanted = "a domain and a name are wanted",
    .check = check,
    .run = run,
};
