/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/saved_file.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/xenstore.h"
#include "inspect/saved_view.h"
#include "inspect/verify.h"
#include "report/faults.h"

struct task {
    json_t *rows; /* NULL: lines on standard output */
    bool all;     /* who is no PV guest, or is dying, is passed over */
};

/* No domain's name has a slash in it. */
static bool is_file(const char *who)
{
    return strchr(who, '/');
}

struct result {
    struct faults faults;
    enum p2m_source p2m;
};

static int report(struct host *host, uint32_t domid, const char *name,
                  const struct task *task, const struct result *result)
{
    uint64_t total = faults_total(&result->faults);
    char id[24];
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
    return rc;
}

static int show(struct host *host, uint32_t domid, const struct task *task,
                const struct result *result)
{
    char *name = store_read(host->xs, domid, "name");
    int rc = report(host, domid, name, task, result);

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

static int one_saved(struct host *host, const char *name,
                     const struct task *task)
{
    struct saved_file file = SAVED_FILE_CLOSED;
    const struct saved_domain domain = {&file.saved, &file.source};
    struct result *result = calloc(1, sizeof(*result));
    int rc = saved_file_open(&file, name, true, host->dg);

    if (!rc && !result)
        rc = diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    if (!rc)
        rc = saved_verify(&domain, host->dg, &result->faults);
    if (!rc)
        rc = report(host, FAULTS_NO_DOMAIN, name, task, result);
    saved_file_close(&file);
    free(result);
    return rc;
}

static int one(struct host *host, const char *who, void *arg)
{
    const struct task *task = arg;
    xc_domaininfo_t info;
    unsigned int width;
    int rc;

    if (is_file(who))
        return one_saved(host, who, task);
    rc = host_find(host, who, &info);
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

/* Files need no Xen. */
static int check(struct diag *dg, struct args *args)
{
    int i, files = 0;

    for (i = 0; i < args->n; i++)
        files += is_file(args->operand[i]);
    if (files && files == args->n)
        args->need = NEED_NOTHING;
    return cmd_check_all(dg, args);
}

static const struct option options[] = {
    {"all", no_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_verify = {
    .name = "verify",
    .args = "[--json] DOMAIN|FILE... | --all",
    .summary = "look for faults in guests' page tables",
    .help = "  -a, --all  all guests that there are\n"
            "  --json     report as JSON\n\n"
            "What has a \"/\" in it is a file with a saved guest.\n"
            "It only reads, and ends with 1 where it finds something.\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "a",
    .max = -1,
    .check = check,
    .run = run,
};
