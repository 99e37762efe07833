/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"
#include "host/xenstore.h"
#include "report/vcpu.h"

/* A row on standard output, or an object in `rows`. */
static int add_vcpu(struct host *host, uint32_t domid, const char *name,
                    unsigned int id, json_t *rows)
{
    struct vcpu_facts vcpu;
    int rc = vcpu_ask(host, domid, id, &vcpu);

    if (!rc && !rows)
        vcpu_print_row(stdout, name, domid, &vcpu);
    else if (!rc && json_array_append_new(rows, vcpu_json(domid, &vcpu)))
        rc = diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    vcpu_dispose(&vcpu);
    return rc == -ESRCH ? 0 : rc;
}

static int add(struct host *host, const xc_domaininfo_t *info, void *rows)
{
    char *name = store_read(host->xs, info->domain, "name");
    unsigned int i;
    int rc = 0;

    if (info->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID)
        for (i = 0; !rc && i <= info->max_vcpu_id; i++)
            rc = add_vcpu(host, info->domain, name, i, rows);
    free(name);
    return rc;
}

static int run(struct host *host, const struct args *args)
{
    json_t *rows = args->times['j'] ? json_array() : NULL;
    int rc, rc2 = 0;

    if (!rows)
        vcpu_print_heading(stdout);
    rc = cmd_show_domains(host, args, add, rows);
    if (rows)
        rc2 = cmd_print_json(host->dg, rows);
    return rc ? rc : rc2;
}

const struct command cmd_vcpu_list = {
    .name = "vcpu-list",
    .args = "[--json] [DOMAIN...]",
    .summary = "list domains' vCPUs",
    .need = NEED_STORE,
    .options = cmd_json_option,
    .max = -1,
    .run = run,
};
