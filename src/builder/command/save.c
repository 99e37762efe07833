/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/command.h"
#include "command/output.h"
#include "command/progress.h"
#include "guest/migration.h"
#include "guest/remove.h"
#include "guest/save.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/signals.h"
#include "host/suspend.h"
#include "host/xenstore.h"
#include "host/xl.h"
#include "stream/pack.h"

/* ---- the guest ---- */

static int tell(void *arg, uint64_t done, uint64_t total)
{
    return progress_pages(arg, "saved", done, total);
}

static int go_on(struct host *host, const xc_domaininfo_t *info)
{
    int rc = suspend_end(host, info->domain);

    if (!rc)
        migration_clear_save(host, info->domain);
    return rc;
}

/* It is in the file: what becomes of it here. */
static int leave(struct host *host, const xc_domaininfo_t *info,
                 const struct args *args)
{
    if (!args->times['c'] && !args->times['p'])
        return guest_remove(host, info->domain, info->handle);
    if (args->times['p'] && xc_domain_pause(host->xc, info->domain))
        return diag_fail_xc(host->dg, "pausing domain %u", info->domain);
    return go_on(host, info);
}

/* A compressor tells why it could not write: to the guest's writer, it is gone.
 */
static int end_pack(struct pack *pack, const struct output *out, int rc,
                    struct diag *dg)
{
    int rc2 = pack_close(pack);

    if (!rc2)
        return rc;
    if (rc)
        diag_drop(dg);
    if (rc2 == -EINTR)
        return interrupt_check(dg);
    return diag_fail(dg, DW_FAILED, rc2, "cannot write %s: %s", out->name,
                     strerror(-rc2));
}

/* *is_suspended: by us, or by whom it was before. */
static int put(struct host *host, const xc_domaininfo_t *info,
               const struct args *args, struct output *out, bool *is_suspended)
{
    struct progress progress;
    const struct save_progress watch = {.tell = tell, .arg = &progress};
    struct pack pack = {.fd = -1};
    /* A pipe may not take it; a file does. */
    const bool through = args->times['z'] || !out->temporary;
    int rc =
        through ? pack_open(&pack, out->fd, args->times['z'], interrupt_pending)
                : 0;

    *is_suspended = false;
    if (rc)
        return diag_fail(host->dg, DW_FAILED, rc, "writing to %s: %s",
                         out->name, strerror(-rc));
    progress_init(&progress, host->dg);
    rc = guest_save(host, info, domain_width(host, info),
                    through ? pack.fd : out->fd, out->name, &watch);
    progress_clear(&progress);
    *is_suspended = !rc;
    rc = end_pack(&pack, out, rc, host->dg);
    return rc ? rc : output_keep(out, host->dg);
}

static int save_to(struct host *host, const xc_domaininfo_t *info,
                   const struct args *args, struct output *out)
{
    bool is_suspended;
    int rc = put(host, info, args, out, &is_suspended), rc2;

    if (!rc)
        return leave(host, info, args);
    if (!is_suspended)
        return rc;
    /* As it was before. */
    rc2 = suspend_is_done(info) ? 0 : go_on(host, info);
    if (rc2)
        diag_warn("domain %s stays suspended", args->operand[0]);
    return rc;
}

/* xl gave it devices, and takes them away again. */
static int save_by_xl(struct host *host, const struct args *args,
                      uint32_t domid)
{
    char id[12], *argv[8];
    int n = 0;

    snprintf(id, sizeof(id), "%u", domid);
    argv[n++] = (char *)"xl";
    argv[n++] = (char *)"save";
    if (args->times['c'])
        argv[n++] = (char *)"-c";
    if (args->times['p'])
        argv[n++] = (char *)"-p";
    argv[n++] = id;
    argv[n++] = args->operand[1];
    argv[n] = NULL;
    if (!host->dg->quiet)
        fprintf(stderr,
                "domwright: domain %s has devices: \"xl save\" saves "
                "it\n",
                args->operand[0]);
    return xl_exec(host->dg, argv);
}

static int check_domain(struct host *host, const xc_domaininfo_t *info,
                        const char *who)
{
    if (!info->domain)
        return diag_fail(host->dg, DW_FAILED, -EPERM,
                         "domain 0 cannot be saved");
    if (!domain_width(host, info))
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain %s is no PV guest; \"xl save\" saves others",
                         who);
    return migration_check_none(host, info->domain, who);
}

/* Then nothing else is to be there. */
static bool is_stdout(const struct output *out)
{
    struct stat to, stdout_to;

    return !fstat(out->fd, &to) && !fstat(STDOUT_FILENO, &stdout_to) &&
           to.st_dev == stdout_to.st_dev && to.st_ino == stdout_to.st_ino;
}

static int run(struct host *host, const struct args *args)
{
    struct output out = {.name = args->operand[1], .fd = -1};
    const char *who = args->operand[0];
    xc_domaininfo_t info;
    bool quiet;
    char *name;
    int rc = migration_mend(host);

    if (!rc)
        rc = host_find(host, who, &info);
    if (!rc)
        rc = check_domain(host, &info, who);
    if (rc)
        return rc;
    rc = store_has_devices(host->xs, info.domain);
    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "looking for devices in xenstore: %s", strerror(-rc));
    if (rc && args->times['z'])
        return diag_fail(host->dg, DW_FAILED, -EOPNOTSUPP,
                         "domain %s has devices: \"xl save\" saves it, without "
                         "-z",
                         who);
    if (rc)
        return save_by_xl(host, args, info.domain);
    name = store_read(host->xs, info.domain, "name");
    /* A pipe opens when somebody reads it. */
    rc = output_open(&out, host->dg);
    interrupt_hold();
    if (!rc)
        rc = save_to(host, &info, args, &out);
    quiet = host->dg->quiet || is_stdout(&out);
    output_close(&out);
    if (!rc && !quiet)
        printf("saved %s (domain %u) to %s\n", name ? name : who, info.domain,
               out.name);
    free(name);
    return rc ? rc : cmd_printed(host->dg, "%s was saved", who);
}

static int check(struct diag *dg, struct args *args)
{
    const char *file = args->operand[1];

    if (!*file || !strcmp(file, "-"))
        return args_usage(dg, args->name,
                          "\"%s\" is no file's name; a pipe "
                          "has one, /dev/stdout say",
                          file);
    return 0;
}

static const struct option options[] = {
    {"checkpoint", no_argument, NULL, 'c'},
    {"compress", no_argument, NULL, 'z'},
    {"paused", no_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_save = {
    .name = "save",
    .args = "[-cpz] DOMAIN FILE",
    .summary = "save a guest in a file",
    .help = "  -c, --checkpoint  it goes on afterwards\n"
            "  -p, --paused      it stays, paused\n"
            "  -z, --compress    the file is for domwright alone\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "cpz",
    .min = 2,
    .max = 2,
    .wanted = "a domain and a file are wanted",
    .check = check,
    .run = run,
};
