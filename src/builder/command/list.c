/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"
#include "guest/migration.h"
#include "host/ask.h"
#include "host/xenstore.h"
#include "report/domain.h"

struct list {
    json_t *rows; /* NULL: a row on standard output each */
    bool uuids;
};

static int add(struct host *host, const xc_domaininfo_t *info, void *arg)
{
    const struct list *list = arg;
    unsigned int width = domain_width(host, info);
    char *name = store_read(host->xs, info->domain, "name");
    int rc = 0;

    if (!list->rows)
        domain_print_row(stdout, info, width, name, list->uuids);
    else if (json_array_append_new(list->rows, domain_json(info, width, name)))
        rc = diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    free(name);
    return rc;
}

static int run(struct host *host, const struct args *args)
{
    struct list list = {
        .rows = args->times['j'] ? json_array() : NULL,
        .uuids = args->times['v'],
    };
    int rc0 = migration_mend(host), rc, rc2 = 0;

    diag_next(host->dg);
    if (!list.rows)
        domain_print_heading(stdout, list.uuids);
    rc = cmd_show_domains(host, args, add, &list);
    if (list.rows)
        rc2 = cmd_print_json(host->dg, list.rows);
    return rc0 ? rc0 : rc ? rc : rc2;
}

const struct command cmd_list = {
    .name = "list",
    .args = "[-v] [--json] [DOMAIN...]",
    .summary = "list domains",
    .help = "  -v, --verbose   their UUIDs, too\n"
            "  --json          report as JSON\n\n"
            "State: running, blocked, paused, shut down, crashed, dying.\n",
    .need = NEED_STORE,
    .options = cmd_json_option,
    .max = -1,
    .run = run,
};
