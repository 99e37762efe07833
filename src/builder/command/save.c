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
#include "command/progress.h"
#include "guest/remove.h"
#include "guest/save.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/signals.h"
#include "host/suspend.h"
#include "host/xenstore.h"
#include "host/xl.h"

/* ---- the file: all of it, or none ---- */

struct output {
    const char *name;
    char *real, *temporary; /* NULL: it is written as it is, no regular file */
    int fd;
};

static int failed(struct output *out, struct diag *dg)
{
    return diag_fail(dg, DW_FAILED, -errno, "%s: %s", out->name,
                     strerror(errno));
}

/* A device or a pipe is what it is; it has no name to give another file. */
static int open_special(struct output *out, struct diag *dg)
{
    out->fd = open(out->name, O_WRONLY | O_CLOEXEC);
    return out->fd < 0 ? failed(out, dg) : 0;
}

static int open_output(struct output *out, struct diag *dg)
{
    struct stat st;
    bool there = !stat(out->name, &st);

    if (!there && errno != ENOENT)
        return failed(out, dg);
    if (there && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return failed(out, dg);
    }
    if (there && !S_ISREG(st.st_mode))
        return open_special(out, dg);
    /* What a symbolic link names is replaced, not the link. */
    out->real = there ? realpath(out->name, NULL) : strdup(out->name);
    if (!out->real)
        return failed(out, dg);
    if (asprintf(&out->temporary, "%s.XXXXXX", out->real) < 0) {
        out->temporary = NULL;
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    }
    out->fd = mkostemp(out->temporary, O_CLOEXEC);
    if (out->fd >= 0)
        return 0;
    free(out->temporary);
    out->temporary = NULL;
    return failed(out, dg);
}

/* So that the name is there after a power cut. */
static int sync_folder(char *name)
{
    char *slash = strrchr(name, '/');
    int fd, r;

    if (slash)
        slash[slash == name] = '\0';
    fd = open(slash ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    /* Not every file system can. */
    return r && errno == EINVAL ? 0 : r;
}

/* The guest is gone after that: the file has to be there. */
static int keep(struct output *out, struct diag *dg)
{
    if (!out->temporary)
        return 0;
    if (fsync(out->fd) || rename(out->temporary, out->real))
        return failed(out, dg);
    free(out->temporary);
    out->temporary = NULL;
    if (sync_folder(out->real))
        return failed(out, dg);
    return 0;
}

static void close_output(struct output *out)
{
    if (out->fd >= 0)
        close(out->fd);
    if (out->temporary)
        unlink(out->temporary);
    free(out->temporary);
    free(out->real);
}

/* ---- the guest ---- */

static int tell(void *arg, uint64_t done, uint64_t total)
{
    return progress_pages(arg, "saved", done, total);
}

/* It is in the file: what becomes of it here. */
static int leave(struct host *host, const xc_domaininfo_t *info,
                 const struct args *args)
{
    if (!args->times['c'] && !args->times['p'])
        return guest_remove(host, info->domain, info->handle);
    if (args->times['p'] && xc_domain_pause(host->xc, info->domain))
        return diag_fail_xc(host->dg, "pausing domain %u", info->domain);
    return suspend_end(host, info->domain);
}

static int save_to(struct host *host, const xc_domaininfo_t *info,
                   const struct args *args, struct output *out)
{
    struct progress progress;
    const struct save_progress watch = {.tell = tell, .arg = &progress};
    int rc, rc2;

    progress_init(&progress, host->dg);
    rc = guest_save(host, info, domain_width(host, info), out->fd, &watch);
    progress_clear(&progress);
    if (rc)
        return rc;
    rc = keep(out, host->dg);
    if (!rc)
        return leave(host, info, args);
    /* As it was before. */
    rc2 = suspend_is_done(info) ? 0 : suspend_end(host, info->domain);
    if (rc2)
        diag_warn("domain %u stays suspended", info->domain);
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
                "domwright: domain %u has devices: \"xl save\" saves "
                "it\n",
                domid);
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
    return 0;
}

static int run(struct host *host, const struct args *args)
{
    struct output out = {.name = args->operand[1], .fd = -1};
    const char *who = args->operand[0];
    xc_domaininfo_t info;
    char *name;
    int rc = host_find(host, who, &info);

    if (!rc)
        rc = check_domain(host, &info, who);
    if (rc)
        return rc;
    rc = store_has_devices(host->xs, info.domain);
    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "looking for devices in xenstore: %s", strerror(-rc));
    if (rc)
        return save_by_xl(host, args, info.domain);
    name = store_read(host->xs, info.domain, "name");
    /* A pipe opens when somebody reads it. */
    rc = open_output(&out, host->dg);
    interrupt_hold();
    if (!rc)
        rc = save_to(host, &info, args, &out);
    close_output(&out);
    if (!rc && !host->dg->quiet)
        printf("saved %s (domain %u) to %s\n", name ? name : who, info.domain,
               out.name);
    free(name);
    return rc ? rc : cmd_printed(host->dg, "%s was saved", who);
}

static const struct option options[] = {
    {"checkpoint", no_argument, NULL, 'c'},
    {"paused", no_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_save = {
    .name = "save",
    .args = "[-cp] DOMAIN FILE",
    .summary = "save a guest in a file",
    .help = "  -c, --checkpoint  it goes on afterwards\n"
            "  -p, --paused      it stays, paused\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "cp",
    .min = 2,
    .max = 2,
    .wanted = "a domain and a file are wanted",
    .run = run,
};
