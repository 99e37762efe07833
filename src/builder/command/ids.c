/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* domid and domname: from one to the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"
#include "host/find.h"
#include "host/xenstore.h"
#include "report/domain.h"
#include "text.h"

static int run_domid(struct host *host, const struct args *args)
{
    xc_domaininfo_t info;
    int rc = host_find(host, args->operand[0], &info);

    if (!rc)
        printf("%u\n", info.domain);
    return rc;
}

static int run_domname(struct host *host, const struct args *args)
{
    xc_domaininfo_t info;
    char *name, shown[DOMAIN_NAME];
    int rc = host_find(host, args->operand[0], &info);

    if (rc)
        return rc;
    name = store_read(host->xs, info.domain, "name");
    if (!name)
        return diag_fail(host->dg, DW_FAILED, -ENOENT, "domain %u has no name",
                         info.domain);
    text_escape(shown, sizeof(shown), name);
    puts(shown);
    free(name);
    return 0;
}

const struct command cmd_domid = {
    .name = "domid",
    .args = "DOMAIN",
    .summary = "show a domain's ID",
    .need = NEED_STORE,
    .min = 1,
    .max = 1,
    .wanted = "one domain is wanted",
    .run = run_domid,
};

const struct command cmd_domname = {
    .name = "domname",
    .args = "DOMAIN",
    .summary = "show a domain's name",
    .need = NEED_STORE,
    .min = 1,
    .max = 1,
    .wanted = "one domain is wanted",
    .run = run_domname,
};
