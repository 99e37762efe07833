/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "command/command.h"
#include "config/xl.h"

static const struct option options[] = {
    {"to", required_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

static int check(struct diag *dg, struct args *args)
{
    const char *to = args->value['t'];

    if (!to)
        return args_usage(dg, args->name, "--to xl is wanted");
    if (strcmp(to, "xl") != 0)
        return args_usage(dg, args->name, "no format %s; there is xl", to);
    return 0;
}

/* What cannot be said, or makes no guest, is refused before a line is out. */
static int run(struct host *host, const struct args *args)
{
    const char *file = args->operand[0];
    struct diag *dg = host->dg;
    struct config cfg;
    int rc;

    config_init(&cfg);
    cfg.format = CONFIG_LIBVIRT;
    rc = config_xl_read(&cfg, file, NULL, 0, dg);
    if (!rc)
        rc = config_check(&cfg, dg);
    if (!rc) {
        fputs(cfg.text, stdout);
        rc = cmd_printed(dg, NULL);
    }
    config_dispose(&cfg);
    return rc;
}

const struct command cmd_convert = {
    .name = "convert",
    .args = "--to xl FILE",
    .summary = "write libvirt's XML of a domain as an xl file",
    .help = "  --to FORMAT          xl, the only one so far\n",
    .need = NEED_NOTHING,
    .options = options,
    .min = 1,
    .max = 1,
    .wanted = "libvirt's XML is wanted, one file",
    .check = check,
    .run = run,
};
