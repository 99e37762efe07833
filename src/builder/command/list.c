/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"
#include "host/ask.h"
#include "host/xenstore.h"
#include "report/domain.h"

static void print_row(const xc_domaininfo_t *info, unsigned int width,
                      const char *name)
{
    char state[DOMAIN_STATE];

    domain_state(info, state);
    printf("%-40s %5u %5" PRIu64 " %5u     %s  %8.1f  %s\n",
           name ? name : "(null)", info->domain, domain_mib(info->tot_pages),
           info->nr_online_vcpus, state, domain_seconds(info),
           domain_type(info, width));
}

/* A row on standard output, or an object in `rows`. */
static void add(struct host *host, const xc_domaininfo_t *info, json_t *rows)
{
    unsigned int width = domain_width(host, info);
    char *name = store_read(host->xs, info->domain, "name");

    if (rows)
        json_array_append_new(rows, domain_json(info, width, name));
    else
        print_row(info, width, name);
    free(name);
}

static int list(struct host *host, json_t *rows)
{
    xc_domaininfo_t *domains;
    unsigned int i, n;
    int rc = host_domains(host, &domains, &n);

    if (!rc && !rows)
        printf("%-40s %5s %5s %5s\tState\tTime(s)  Type\n", "Name", "ID", "Mem",
               "VCPUs");
    for (i = 0; !rc && i < n; i++)
        add(host, &domains[i], rows);
    free(domains);
    return rc;
}

static int run(struct host *host, const struct args *args)
{
    json_t *rows = args->times['j'] ? json_array() : NULL;
    int rc = list(host, rows);

    if (!rc && rows)
        return cmd_print_json(host->dg, rows);
    json_decref(rows);
    return rc;
}

const struct command cmd_list = {
    .name = "list",
    .args = "[--json]",
    .summary = "list all domains",
    .help = "State: running, blocked, paused, shut down, crashed, dying.\n",
    .need = NEED_STORE,
    .options = cmd_json_option,
    .wanted = "it takes no argument",
    .run = run,
};
