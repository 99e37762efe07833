/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/command.h"
#include "host/console.h"
#include "host/find.h"

static int run(struct host *host, const struct args *args)
{
    xc_domaininfo_t info;
    int rc = host_find(host, args->operand[0], &info);

    if (!rc)
        rc = console_wait(host, info.domain);
    if (rc)
        return rc;
    host_close(host);
    return console_exec(host->dg, info.domain, -1);
}

const struct command cmd_console = {
    .name = "console",
    .args = "DOMAIN",
    .summary = "attach to a guest's console; ^] leaves it",
    .need = NEED_STORE,
    .min = 1,
    .max = 1,
    .wanted = "one domain is wanted",
    .run = run,
};
