/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/xenstore.h"
#include "inspect/verify.h"
#include "report/faults.h"

struct task {
    json_t *rows; /* NULL: lines on standard output */
    bool all;     /* who is no PV guest, or is dying, is passed over */
};

struct result {
    struct faults faults;
    enum p2m_source p2m;
};

static int show(struct host *host, uint32_t domid, const struct task *task,
                const struct result *result)
{
    uint64_t total = faults_total(&result->faults);
    char *name = store_read(host->xs, domid, "name"), id[24];
    const char *shown = name;
    int rc = 0;

    snprintf(id, sizeof(id), "domain %u", domid);
    if (!shown || !*shown)
        shown = id;
    if (!task->rows)
        faults_print(&result->faults, shown, stdout);
    else if (json_array_append_new(
                 task->rows,
                 faults_json(&result->faults, result->p2m, domid, name)))
        rc = diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    if (!rc && total)
        rc = diag_fail(host->dg, DW_FAILED, -EBADMSG, "%s: %" PRIu64 " %s",
                       shown, total, total == 1 ? "finding" : "findings");
    free(name);
    return rc;
}

static int verify_and_show(struct host *host, const xc_domaininfo_t *info,
                           unsigned int width, const struct task *task)
{
    struct view_domain domain = {
        .info = info,
        .width = width,
        .store = store_frame(host->xs, info->domain, "store/ring-ref"),
        .console = store_frame(host->xs, info->domain, "console/ring-ref"),
    };
    struct result *result = calloc(1, sizeof(*result));
    int rc;

    if (!result)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    rc = verify(host->xc, host->dg, &domain, &result->faults, &result->p2m);
    if (!rc)
        rc = show(host, info->domain, task, result);
    free(result);
    return rc;
}

static int one(struct host *host, const char *who, void *arg)
{
    const struct task *task = arg;
    xc_domaininfo_t info;
    unsigned int width;
    int rc = host_find(host, who, &info);

    if (rc)
        return rc;
    if (!info.domain)
        return diag_fail(host->dg, DW_FAILED, -EPERM,
                         "domain 0 cannot be verified: it maps others' frames");
    width = domain_width(host, &info);
    if (task->all && (!width || info.flags & XEN_DOMINF_dying))
        return 0;
    if (!width)
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain %s is no PV guest", who);
    return verify_and_show(host, &info, width, task);
}

static int run(struct host *host, const struct args *args)
{
    struct task task = {
        .rows = args->times['j'] ? json_array() : NULL,
        .all = args->times['a'],
    };
    int rc = cmd_each_domain(host, args, one, &task), rc2 = 0;

    if (task.rows)
        rc2 = cmd_print_json(host->dg, task.rows);
    return rc ? rc : rc2;
}

static const struct option options[] = {
    {"all", no_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_verify = {
    .name = "verify",
    .args = "[--json] DOMAIN... | --all",
    .summary = "look for faults in guests' page tables",
    .help = "  -a, --all  all guests that there are\n"
            "  --json     report as JSON\n\n"
            "It only reads, and ends with 1 where it finds something.\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "a",
    .max = -1,
    .check = cmd_check_all,
    .run = run,
};
