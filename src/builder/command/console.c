/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>

#include "command/command.h"
#include "host/console.h"
#include "host/host.h"

static int run(struct diag *dg, int argc, char **argv)
{
    xc_domaininfo_t info;
    struct host host;
    uint32_t domid;
    int rc = cmd_options(dg, argc, argv, NULL);

    if (rc)
        return rc;
    if (argc - optind != 1)
        return cmd_usage(dg, argv[0], "one domain is wanted");
    rc = host_open(&host, dg);
    if (!rc)
        rc = host_find(&host, argv[optind], &domid);
    if (!rc)
        rc = host_domain(&host, domid, &info);
    if (rc == -ESRCH)
        rc = diag_fail(dg, DW_FAILED, rc, "no domain %s", argv[optind]);
    host_close(&host);
    return rc ? rc : console_exec(dg, domid, -1);
}

const struct command cmd_console = {
    .name = "console",
    .args = "DOMAIN",
    .summary = "attach to a guest's console; ^] leaves it",
    .run = run,
};
