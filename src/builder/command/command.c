/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/command.h"
#include "host/host.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

int cmd_usage(struct diag *dg, const char *name, const char *fmt, ...)
{
    char what[256];
    va_list al;

    va_start(al, fmt);
    vsnprintf(what, sizeof(what), fmt, al);
    va_end(al);
    return diag_fail(dg, DW_USAGE, -EINVAL, "%s: %s; see \"domwright help %s\"",
                     name, what, name);
}

int cmd_options(struct diag *dg, int argc, char **argv, bool *json)
{
    static const struct option options[] = {
        {"verbose", no_argument, NULL, 'v'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        if (c == 'v')
            dg->verbose = true;
        else if (c == 'j' && json)
            *json = true;
        else
            return cmd_usage(dg, argv[0], "unknown option %s",
                             argv[optind - 1]);
    }
    return 0;
}

int cmd_each_domain(struct diag *dg, int argc, char **argv,
                    int (*one)(struct host *host, const char *who))
{
    struct host host;
    int i, rc2, rc = cmd_options(dg, argc, argv, NULL);

    if (rc)
        return rc;
    if (optind == argc)
        return cmd_usage(dg, argv[0], "a domain is wanted");
    rc = host_open(&host, dg);
    for (i = optind; host.xs && i < argc; i++) {
        diag_next(dg);
        rc2 = one(&host, argv[i]);
        if (rc2)
            rc = rc2;
    }
    host_close(&host);
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
