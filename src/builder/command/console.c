/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "command/command.h"
#include "host/console.h"

static int run(struct host *host, const struct args *args)
{
    xc_domaininfo_t info;
    uint32_t domid;
    int rc = host_find(host, args->operand[0], &domid);

    if (!rc)
        rc = host_domain(host, domid, &info);
    if (rc == -ESRCH)
        rc = diag_fail(host->dg, DW_FAILED, rc, "no domain %s",
                       args->operand[0]);
    if (rc)
        return rc;
    host_close(host);
    return console_exec(host->dg, domid, -1);
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
