/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/command.h"
#include "command/progress.h"
#include "command/restored.h"
#include "command/saved_file.h"
#include "guest/create.h"
#include "guest/migration.h"
#include "guest/monitor.h"
#include "guest/xl_config.h"
#include "hooks/hooks.h"
#include "host/xl.h"

/* What is restored: a file, all of which is read and checked before there is a
 * domain, or what is checked on its way to libxenguest, of which so far the
 * beginning was: what comes through a pipe, and a file that may change. */
struct input {
    const char *name;
    struct saved_file file;
    struct feed feed;
    bool is_pipe, is_fed;
};

/* Somebody else could change it when it was checked, before libxenguest reads
 * it. */
static bool may_change(int fd)
{
    struct stat st;

    return fstat(fd, &st) || st.st_mode & (S_IWGRP | S_IWOTH) ||
           (st.st_uid && st.st_uid != geteuid());
}

/* What is compressed is unpacked into a file first. */
static int begin_feed(struct input *in, struct diag *dg)
{
    const void *start;

    feed_init(&in->feed, in->file.fd, dg);
    if (!source_get(&in->feed.source, 0, UNPACK_MAGIC_LEN, &start) &&
        unpack_is_magic(start))
        return diag_fail(dg, DW_CONFIG, -ESPIPE,
                         "%s: what is compressed is restored from a file; "
                         "\"zstd -dc | domwright restore -\" unpacks it before",
                         in->name);
    return feed_begin(&in->feed, in->name, dg);
}

static int read_input(struct input *in, struct diag *dg)
{
    const struct source *source = &in->file.source;
    int rc = saved_file_find(&in->file, in->name, dg);

    if (rc)
        return rc;
    in->is_pipe = !source->is_file;
    in->is_fed = in->is_pipe || (may_change(in->file.fd) &&
                                 !unpack_is_packed(in->file.fd, source->start));
    return in->is_fed ? begin_feed(in, dg)
                      : saved_file_read(&in->file, in->name, true, dg);
}

static const struct saved *saved_of(const struct input *in)
{
    return in->is_fed ? &in->feed.saved : &in->file.saved;
}

static void close_input(struct input *in)
{
    if (in->is_fed)
        feed_close(&in->feed);
    saved_file_close(&in->file);
}

int restored_config(struct host *host, const struct saved *saved,
                    const char *name, struct config *cfg, bool *ours)
{
    xc_physinfo_t phys;

    if (!saved->config || !saved->config_is_json)
        return diag_fail(host->dg, DW_CONFIG, -EINVAL,
                         "%s: it has no configuration of the guest's, as xl's "
                         "files have",
                         name);
    if (xc_physinfo(host->xc, &phys))
        return diag_fail_xc(host->dg, "asking Xen about the host");
    return xl_config_read(cfg, saved->config, name, phys.max_cpu_id + 1, ours,
                          host->dg);
}

/* Devices, say.  Of a pipe a part was read, which comes once. */
static int restore_by_xl(const struct args *args, const struct input *in,
                         struct diag *dg)
{
    char *argv[8];
    int n = 0;

    const bool is_named = strcmp(in->name, "-") != 0;

    if (in->is_pipe || !is_named || in->file.unpack.zstd)
        return diag_fail(dg, DW_CONFIG, -EOPNOTSUPP,
                         "%s: its configuration says more than domwright "
                         "restores; \"xl restore\" does, from a file%s",
                         in->name,
                         in->is_pipe || !is_named ? " that has a name"
                                                  : " that is not compressed");
    argv[n++] = (char *)"xl";
    argv[n++] = (char *)"restore";
    if (args->times['p'])
        argv[n++] = (char *)"-p";
    if (args->times['e'])
        argv[n++] = (char *)"-e";
    if (args->times['F'])
        argv[n++] = (char *)"-F";
    argv[n++] = args->operand[0];
    argv[n] = NULL;
    if (!dg->quiet)
        fprintf(stderr, "domwright: its configuration says more than domwright "
                        "restores: \"xl restore\" does\n");
    return xl_exec(dg, argv);
}

int restored_stay(struct guest *g, const struct args *args, int rc)
{
    int r = 0;

    if (!args->times['e'] && !args->times['F'])
        r = monitor_leave(g->host, &g->cfg, false);
    if (r > 0)
        rc = 0; /* which the other process tells */
    if (args->times['F'] || r > 0)
        r = monitor_run(g->host, &g->cfg, g->domain.domid);
    return rc ? rc : r;
}

static int tell(void *arg, uint64_t done, uint64_t total)
{
    return progress_pages(arg, "restored", done, total);
}

static int restore(struct guest *g, struct input *in, const struct args *args)
{
    struct diag *dg = g->host->dg;
    struct progress progress;
    struct restore_from from = {
        .feed = in->is_fed ? &in->feed : NULL,
        .saved = &in->file.saved,
        .fd = saved_file_fd(&in->file),
        .at = in->file.source.start + in->file.saved.libxc_at,
        .tell = tell,
        .arg = &progress,
    };
    int rc;

    g->from = &from;
    progress_init(&progress, dg);
    rc = guest_restore(g, !args->times['p'], dg);
    progress_clear(&progress);
    g->from = NULL;
    if (rc)
        return rc;
    if (!dg->quiet)
        printf("restored %s (domain %u)\n", g->cfg.name, g->domain.domid);
    return cmd_printed(dg, "%s was restored, domain %u", g->cfg.name,
                       g->domain.domid);
}

static int run(struct host *host, const struct args *args)
{
    struct input in = {.name = args->operand[0], .file = SAVED_FILE_CLOSED};
    struct guest g = {.host = host};
    bool ours = false;
    int rc;

    config_init(&g.cfg);
    /* Its monitor builds it again where it reboots. */
    dw_hooks_register(PIN_LEVELS, NULL);
    rc = migration_mend(host);
    if (!rc)
        rc = read_input(&in, host->dg);
    if (!rc)
        rc = restored_config(host, saved_of(&in), in.name, &g.cfg, &ours);
    if (!rc)
        rc = ours ? restore(&g, &in, args) : restore_by_xl(args, &in, host->dg);
    close_input(&in);
    if (g.domain.exists)
        rc = restored_stay(&g, args, rc);
    guest_close(&g);
    return rc > 0 ? 0 : rc;
}

static int check(struct diag *dg, struct args *args)
{
    if (args->times['F'] && args->times['e'])
        return args_usage(dg, args->name, "-F does not go with -e");
    if (!*args->operand[0])
        return args_usage(dg, args->name, "an empty word names no file");
    return 0;
}

static const struct option options[] = {
    {"paused", no_argument, NULL, 'p'},
    {"foreground", no_argument, NULL, 'F'},
    {"no-monitor", no_argument, NULL, 'e'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_restore = {
    .name = "restore",
    .args = "[-eFp] FILE",
    .summary = "bring a saved guest back",
    .help = "  -p, --paused      it does not run yet\n"
            "  -F, --foreground  stay, and wait for its end\n"
            "  -e, --no-monitor  leave nobody behind who waits for its end\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "pFe",
    .min = 1,
    .max = 1,
    .wanted = "a file is wanted",
    .check = check,
    .run = run,
};
