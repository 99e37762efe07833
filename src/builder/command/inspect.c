/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory and the page tables of a domain, or of one that would be built. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/hand_over.h"
#include "command/saved_file.h"
#include "config/xl.h"
#include "guest/create.h"
#include "hooks/hooks.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/xenstore.h"
#include "inspect/saved_view.h"
#include "report/plan_survey.h"
#include "report/survey_svg.h"

static const struct option options[] = {
    {"format", required_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

/* No domain's name has a slash in it; one that ends so has its ID. */
static bool is_file(const char *who)
{
    size_t len = strlen(who);

    return strchr(who, '/') || !strcmp(who, "-") ||
           (len > 4 && !strcmp(who + len - 4, ".cfg"));
}

static int check(struct diag *dg, struct args *args)
{
    int rc = cmd_check_format(dg, args), i;

    if (rc)
        return rc;
    if (!is_file(args->operand[0])) {
        if (args->n > 1)
            return args_usage(dg, args->name, "one domain at a time");
        return 0;
    }
    for (i = 1; i < args->n; i++)
        if (!strchr(args->operand[i], '='))
            return args_usage(dg, args->name, "%s is not KEY=VALUE",
                              args->operand[i]);
    args->need = NEED_NOTHING;
    return 0;
}

static int print(struct host *host, const struct args *args,
                 const struct survey *survey, const struct survey_of *of)
{
    const char *format = cmd_format(args);

    if (!strcmp(format, "json"))
        return cmd_print_json(host->dg, survey_json(survey, of));
    if (!strcmp(format, "svg"))
        survey_svg(survey, of, stdout);
    else
        survey_print(survey, of, stdout);
    return 0;
}

/* ---- a domain ---- */

static int look_at_domain(struct host *host, const struct args *args,
                          struct survey *survey)
{
    const char *who = args->operand[0];
    struct view_domain domain = {.info = NULL};
    struct survey_of of = {.name = NULL};
    xc_domaininfo_t info;
    char *name;
    int rc = host_find(host, who, &info);

    if (rc)
        return rc;
    if (!info.domain)
        return diag_fail(host->dg, DW_FAILED, -EPERM,
                         "domain 0 cannot be inspected: Xen does not show it "
                         "its own frames");
    domain.info = &info;
    domain.width = domain_width(host, &info);
    if (!domain.width)
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain %s is no PV guest", who);
    domain.store = store_frame(host->xs, info.domain, "store/ring-ref");
    domain.console = store_frame(host->xs, info.domain, "console/ring-ref");
    rc = survey_domain(host->xc, host->dg, &domain, survey);
    if (rc)
        return rc;
    name = store_read(host->xs, info.domain, "name");
    of.name = name;
    of.domid = info.domain;
    rc = print(host, args, survey, &of);
    free(name);
    return rc;
}

/* ---- what a plan is made of ---- */

static int check_plan(const struct config *cfg, struct diag *dg)
{
    const char *key, *why;

    if (!cfg->needs_xl)
        return 0;
    why = hand_over_no_plan(cfg, &key);
    return why ? config_fail(cfg, dg, DW_CONFIG, -EOPNOTSUPP, key, "%s", why)
               : 0;
}

/* ---- a saved guest ---- */

static int look_at_saved(struct host *host, const struct args *args,
                         struct survey *survey)
{
    struct saved_file file = SAVED_FILE_CLOSED;
    const struct saved_domain domain = {&file.saved, &file.source};
    const struct survey_of of = {.name = args->operand[0]};
    int rc = saved_file_open(&file, args->operand[0], true, host->dg);

    if (!rc)
        rc = saved_survey(&domain, host->dg, survey);
    if (!rc)
        rc = print(host, args, survey, &of);
    saved_file_close(&file);
    return rc;
}

/* ---- a configuration ---- */

static int look_at_config(struct host *host, const struct args *args,
                          struct survey *survey)
{
    struct guest g = {.host = host};
    struct diag *dg = host->dg;
    int rc;

    config_init(&g.cfg);
    rc = config_xl_read(&g.cfg, args->operand[0], args->operand + 1,
                        args->n - 1, dg);
    if (!rc)
        rc = config_check(&g.cfg, dg);
    if (!rc)
        rc = check_plan(&g.cfg, dg);
    if (!rc) {
        struct survey_of of = {.name = g.cfg.name};

        dw_hooks_register(PIN_LEVELS, NULL);
        rc = guest_plan(&g, dg);
        if (!rc) {
            plan_survey(&g.image.plan, survey);
            rc = print(host, args, survey, &of);
        }
    }
    guest_close(&g);
    return rc;
}

static int run(struct host *host, const struct args *args)
{
    struct survey *survey = calloc(1, sizeof(*survey));
    int rc;

    if (!survey)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    if (!is_file(args->operand[0]))
        rc = look_at_domain(host, args, survey);
    else
        rc = saved_file_is(args->operand[0])
                 ? look_at_saved(host, args, survey)
                 : look_at_config(host, args, survey);
    free(survey);
    return rc;
}

const struct command cmd_inspect = {
    .name = "inspect",
    .args = "[--format text|json|svg] DOMAIN | FILE | FILE.cfg [KEY=VALUE...]",
    .summary = "show a guest's memory and its page tables",
    .help =
        "  --format FORMAT      text, json, or svg: a picture\n"
        "  --json               the same as --format json\n"
        "\n"
        "What ends in .cfg or has a \"/\" in it is a file: a saved guest, or "
        "a\n"
        "configuration, whose guest is shown as it would be built. \"-\" is\n"
        "standard input.\n",
    .need = NEED_STORE,
    .options = options,
    .min = 1,
    .max = -1,
    .wanted = "a domain or a configuration file is wanted",
    .check = check,
    .run = run,
};
