/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/command.h"

#include <errno.h>
#include <stdio.h>

#include "report/facts.h"

const struct option cmd_json_option[] = {
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

int cmd_each_domain(struct host *host, const struct args *args,
                    int (*one)(struct host *host, const char *who))
{
    int i, rc2, rc = 0;

    for (i = 0; i < args->n; i++) {
        diag_next(host->dg);
        rc2 = one(host, args->operand[i]);
        if (rc2)
            rc = rc2;
    }
    return rc;
}

int cmd_print_json(struct diag *dg, json_t *report)
{
    int r = report ? json_dumpf(report, stdout, JSON_INDENT(2)) : -1;

    json_decref(report);
    if (r || putchar('\n') == EOF || fflush(stdout))
        return diag_fail(dg, DW_FAILED, -EIO, "writing the report failed");
    return 0;
}

int cmd_print_facts(struct diag *dg, json_t *facts, bool json)
{
    if (json)
        return cmd_print_json(dg, facts);
    facts_print(facts, stdout);
    json_decref(facts);
    return 0;
}
