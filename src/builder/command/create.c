/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/hand_over.h"
#include "command/output.h"
#include "command/progress.h"
#include "command/waiting.h"
#include "config/xl.h"
#include "guest/attach.h"
#include "guest/create.h"
#include "guest/offline.h"
#include "host/console.h"
#include "host/signals.h"
#include "guest/monitor.h"
#include "hooks/hooks.h"
#include "report/domain.h"
#include "report/facts.h"
#include "report/plan.h"

struct options {
    bool dry_run, paused, console, json, foreground, alone;
    enum pin_order order;
    enum config_format format;
    const char *file;
    char **extra; /* KEY=VALUE, n_extra of them */
    int n_extra;
};

static int parse_order(struct diag *dg, const char *name, enum pin_order *order)
{
    if (!strcmp(name, "levels"))
        *order = PIN_LEVELS;
    else if (!strcmp(name, "root"))
        *order = PIN_ROOT;
    else
        return args_usage(dg, "create", "no pin order %s", name);
    return 0;
}

static int parse_format(struct diag *dg, const char *name,
                        enum config_format *format)
{
    if (!strcmp(name, "xl"))
        *format = CONFIG_XL;
    else if (!strcmp(name, "libvirt"))
        *format = CONFIG_LIBVIRT;
    else
        return args_usage(dg, "create",
                          "no format %s; there are xl and libvirt", name);
    return 0;
}

static const struct option create_options[] = {
    {"dry-run", no_argument, NULL, 'n'},
    {"paused", no_argument, NULL, 'p'},
    {"console", no_argument, NULL, 'c'},
    {"foreground", no_argument, NULL, 'F'},
    {"no-monitor", no_argument, NULL, 'e'},
    {"native", no_argument, NULL, 'N'},
    {"json", no_argument, NULL, 'j'},
    {"pin-order", required_argument, NULL, 'o'},
    {"defconfig", required_argument, NULL, 'f'},
    {"format", required_argument, NULL, 'm'},
    {"wait", optional_argument, NULL, 'w'},
    {"save-as", required_argument, NULL, 'S'},
    WAITING_OPTIONS,
    {NULL, 0, NULL, 0},
};

/*
 * FILE and KEY=VALUE come in any order, as xl takes them; FILE may be given by
 * -f, too.  Puts FILE first among the operands, if it is there.
 */
static int find_file(struct diag *dg, const struct args *args,
                     struct options *opt)
{
    char **extra = args->operand;
    int i;

    opt->file = args->value['f'];
    for (i = 0; i < args->n; i++) {
        if (strchr(args->operand[i], '='))
            continue;
        if (opt->file)
            return args_usage(dg, args->name, "%s is not KEY=VALUE",
                              args->operand[i]);
        opt->file = args->operand[i];
        memmove(extra + 1, extra, (size_t)i * sizeof(*extra));
        *extra++ = (char *)opt->file;
    }
    opt->extra = extra;
    opt->n_extra = args->n - (int)(extra - args->operand);
    if (!opt->file)
        return args_usage(dg, args->name, "a configuration file is wanted");
    return *opt->file ? 0
                      : args_usage(dg, args->name,
                                   "the configuration file's name is empty");
}

static bool waits(const struct args *args)
{
    return args->times['w'] || args->times['t'] || args->times['s'];
}

static int check_wait(struct diag *dg, const struct args *args)
{
    struct wait_for want;
    int rc = waiting_read(dg, args, 'w', "wait", &want);

    waiting_drop(&want);
    if (rc || !waits(args))
        return rc;
    if (args->times['c'] || args->times['F'] || args->times['n'])
        return args_usage(dg, args->name,
                          "--wait, --text and --state go with none of -c, -F "
                          "and -n");
    return 0;
}

static int check_save_as(struct diag *dg, struct args *args)
{
    static const char others[] = "npcFewtsjo";
    const char *letter;

    if (!args->times['S'])
        return 0;
    if (!*args->value['S'] || !strcmp(args->value['S'], "-"))
        return args_usage(dg, args->name,
                          "--save-as wants a file; /dev/stdout is one, too");
    for (letter = others; *letter; letter++)
        if (args->times[(unsigned char)*letter])
            return args_usage(dg, args->name,
                              "--save-as makes a file and no domain: only -f, "
                              "--format and KEY=VALUE go with it");
    args->need = NEED_NOTHING;
    return 0;
}

static int check(struct diag *dg, struct args *args)
{
    struct options opt;
    int rc = check_wait(dg, args);

    if (!rc)
        rc = check_save_as(dg, args);

    if (!rc && args->value['o'])
        rc = parse_order(dg, args->value['o'], &opt.order);
    if (!rc && args->value['m'])
        rc = parse_format(dg, args->value['m'], &opt.format);
    if (!rc)
        rc = find_file(dg, args, &opt);
    if (rc)
        return rc;
    if (args->times['c'] && (args->times['p'] || args->times['n']))
        return args_usage(dg, args->name, "-c goes with neither -p nor -n");
    if (args->times['F'] && (args->times['c'] || args->times['e']))
        return args_usage(dg, args->name, "-F goes with neither -c nor -e");
    if (args->times['n'])
        args->need = NEED_NOTHING;
    return 0;
}

static int dry_run(struct guest *g, const struct options *opt, struct diag *dg)
{
    int rc;

    dw_hooks_register(opt->order, NULL);
    rc = guest_plan(g, dg);
    if (rc)
        return rc;
    if (opt->json)
        return cmd_print_json(dg, plan_json(&g->image.plan));
    plan_print(&g->image.plan, stdout);
    return 0;
}

static int tell(void *arg, uint64_t done, uint64_t total)
{
    return progress_pages(arg, "written", done, total);
}

static int write_file(struct guest *g, struct output *out, struct diag *dg)
{
    struct progress progress;
    const struct save_progress watch = {.tell = tell, .arg = &progress};
    int rc;

    progress_init(&progress, dg);
    rc = guest_write_offline(g, out->fd, out->name, &watch, dg);
    progress_clear(&progress);
    return rc ? rc : output_keep(out, dg);
}

/* No domain, but a file of one. */
static int save_as(struct guest *g, const char *name, struct diag *dg)
{
    struct output out = {.name = name, .fd = -1};
    int rc = config_refuse_xl(&g->cfg, dg);

    if (rc)
        return rc;
    dw_hooks_register(PIN_LEVELS, NULL);
    rc = output_open(&out, dg);
    interrupt_hold();
    if (!rc)
        rc = write_file(g, &out, dg);
    output_close(&out);
    if (!rc && !dg->quiet)
        printf("saved %s to %s, before its start\n", g->cfg.name, name);
    return rc ? rc : cmd_printed(dg, "%s was written", name);
}

static bool is_below_4g(mfn_t mfn)
{
    return mfn.v < UINT64_C(1) << (32 - DW_PAGE_SHIFT);
}

/* Where the L3's place matters: what the guest takes, what Xen was told. */
static void add_extended_cr3(const struct guest *g, json_t *facts)
{
    facts_set(facts, "extended_cr3",
              json_boolean(g->image.plan.notes.extended_cr3));
    facts_set(facts, "assists_declared",
              json_boolean(dw_hooks_assists_declared(g->image.dom)));
}

static int print_json(const struct guest *g, struct diag *dg, mfn_t root)
{
    const struct pv_abi *abi = g->image.plan.layout.abi;
    char uuid[UUID_STRING];
    json_t *facts;

    uuid_format(g->cfg.uuid, uuid);
    facts =
        json_pack("{ss si ss ss si sI sI sI sb}", "name", g->cfg.name, "id",
                  (int)g->domain.domid, "uuid", uuid, "type",
                  pv_type((unsigned int)abi->word * 8), "width",
                  (int)abi->word * 8, "memory_mib", (json_int_t)g->cfg.memory,
                  "vcpus", (json_int_t)g->cfg.vcpus, "root_mfn",
                  (json_int_t)root.v, "root_below_4g", is_below_4g(root));
    if (abi->low_root)
        add_extended_cr3(g, facts);
    return cmd_print_json(dg, facts);
}

/* May the guest's L3 lie above 4 GiB, as far as Xen is concerned? */
static bool is_extended_cr3_declared(const struct guest *g)
{
    return g->image.plan.layout.abi->low_root &&
           g->image.plan.notes.extended_cr3 &&
           dw_hooks_assists_declared(g->image.dom);
}

static void print_text(const struct guest *g, mfn_t root)
{
    const struct pv_layout *layout = &g->image.plan.layout;

    printf("created %s (domain %u): %u-bit%s, %lu MiB, %lu vCPU%s, "
           "L%u at MFN %#" PRIx64 " (%s 4 GiB%s)\n",
           g->cfg.name, g->domain.domid, layout->abi->word * 8,
           layout->abi->low_root ? " PAE" : "", g->cfg.memory, g->cfg.vcpus,
           g->cfg.vcpus == 1 ? "" : "s", layout->abi->format->levels, root.v,
           is_below_4g(root) ? "below" : "above",
           is_extended_cr3_declared(g) ? ", extended CR3 declared" : "");
}

static int report(const struct guest *g, const struct options *opt,
                  struct diag *dg)
{
    mfn_t root = guest_frame(g, g->image.plan.layout.root.v);
    int rc = 0;

    if (opt->json)
        rc = print_json(g, dg, root);
    else if (!dg->quiet)
        print_text(g, root);
    return rc ? rc
              : cmd_printed(dg, "%s was created, domain %u", g->cfg.name,
                            g->domain.domid);
}

static int create(struct guest *g, const struct options *opt, struct diag *dg)
{
    struct progress progress;
    /* A console that cannot be shown is found before there is a guest. */
    int rc = opt->console ? console_check(dg) : 0;

    if (rc)
        return rc;
    progress_init(&progress, dg);
    dw_hooks_register(opt->order, &progress.hook);
    rc = guest_create(g, !opt->paused && !opt->console, dg);
    progress_clear(&progress);
    dw_hooks_register(opt->order, NULL);
    return rc ? rc : report(g, opt, dg);
}

/* The host may be closed, as whoever waits for the guest's end is another. */
static int wait_for(struct guest *g, const struct args *args)
{
    struct host *host = g->host;
    xc_domaininfo_t info = {.domain = (domid_t)g->domain.domid,
                            .shared_info_frame = UINT64_MAX};
    struct wait_for want;
    int rc = waiting_read(host->dg, args, 'w', "wait", &want);

    interrupt_release();
    memcpy(info.handle, g->cfg.uuid, sizeof(info.handle));
    if (!rc && !host->xs)
        rc = host_open(host, host->dg);
    if (!rc)
        rc = guest_wait(host, g->cfg.name, &info, &want);
    waiting_drop(&want);
    return rc;
}

/*
 * The guest is there, even if that could not be reported, which rc says: who
 * waits for its end, and who is at its console.
 */
static int go_on(struct guest *g, const struct options *opt,
                 const struct args *args, int rc)
{
    int r = 0;

    image_close(&g->image);
    if (!opt->alone && !opt->foreground)
        r = monitor_leave(g->host, &g->cfg, opt->console);
    if (r > 0)
        rc = 0; /* which the other process tells */
    if (opt->foreground || r > 0)
        r = monitor_run(g->host, &g->cfg, g->domain.domid);
    else if (!rc && !r && waits(args))
        r = wait_for(g, args);
    else if (!rc && !r && opt->console)
        r = guest_attach(g->host, g->domain.domid);
    return rc ? rc : r;
}

/* 1: a dry run of a guest of xl's is over.  0: it goes on with a plan. */
static int plan_for_xl(const struct config *cfg, const struct options *opt,
                       struct diag *dg)
{
    const char *key, *why = hand_over_no_plan(cfg, &key);
    int rc;

    if (!why)
        return 0;
    diag_warn("%s: %s: %s; xl builds the guest", config_where(cfg, key), key,
              why);
    rc = opt->json ? cmd_print_json(dg, json_object()) : 0;
    return rc ? rc : 1;
}

/* 1: that was all.  0: with a dry run, which goes on.  Or it is refused. */
static int leave_to_xl(struct host *host, const struct config *cfg,
                       const struct options *opt, const struct args *args)
{
    struct diag *dg = host->dg;
    int rc;

    if (args->times['N'])
        return config_refuse_xl(cfg, dg);
    if (opt->dry_run)
        return plan_for_xl(cfg, opt, dg);
    rc = guest_check_uuid(host, cfg);
    return rc ? rc
              : hand_over(cfg, args, opt->file, opt->extra, opt->n_extra, dg);
}

static int run(struct host *host, const struct args *args)
{
    struct options opt = {
        .dry_run = args->times['n'],
        .paused = args->times['p'],
        .console = args->times['c'],
        .json = args->times['j'],
        .foreground = args->times['F'],
        .alone = args->times['e'],
        .order = PIN_LEVELS,
    };
    struct guest g = {.host = host};
    struct diag *dg = host->dg;
    int rc = find_file(dg, args, &opt);

    if (!rc && args->value['o'])
        rc = parse_order(dg, args->value['o'], &opt.order);
    if (!rc && args->value['m'])
        rc = parse_format(dg, args->value['m'], &opt.format);
    config_init(&g.cfg);
    g.cfg.format = opt.format;
    if (!rc)
        rc = config_xl_read(&g.cfg, opt.file, opt.extra, opt.n_extra, dg);
    if (!rc)
        rc = config_check(&g.cfg, dg);
    if (!rc && args->value['S'])
        rc = save_as(&g, args->value['S'], dg);
    else if (!rc && g.cfg.needs_xl)
        rc = leave_to_xl(host, &g.cfg, &opt, args);
    if (!rc && !args->value['S']) {
        dw_hooks_register(opt.order, NULL);
        rc = opt.dry_run ? dry_run(&g, &opt, dg) : create(&g, &opt, dg);
    }
    if (g.domain.exists)
        rc = go_on(&g, &opt, args, rc);
    guest_close(&g);
    return rc > 0 ? 0 : rc;
}

const struct command cmd_create = {
    .name = "create",
    .args =
        "[-ceFnpqv] [--native] [--json] [--pin-order=ORDER]\n"
        "           [--format=xl|libvirt] [--save-as=FILE] FILE [KEY=VALUE...]",
    .summary = "build a guest from a configuration file and start it",
    .help =
        "  -n, --dry-run        print the plan of its memory; needs no Xen\n"
        "  -p, --paused         do not start it\n"
        "  -c, --console        attach to its console\n"
        "  -F, --foreground     stay, and wait for its end\n"
        "  -e, --no-monitor     leave nobody behind who waits for its end\n"
        "  -f, --defconfig=FILE the file, in place of the argument\n"
        "  --format=FORMAT      what FILE is, \"xl\" or \"libvirt\"; else its\n"
        "                       content tells\n"
        "  --pin-order=ORDER    pin its page tables by \"levels\", from L1\n"
        "                       up (the default), or the \"root\" alone\n"
        "  --wait[=SECONDS]     stay until it has ended, or come to "
        "this:\n" WAITING_HELP
        "  --save-as=FILE       write it to a file, as one that was saved "
        "before\n"
        "                       its first instruction; needs no Xen\n"
        "  --native             refuse what would be left to xl\n"
        "  --json               report as JSON\n"
        "  -q, --quiet          no report but JSON, no notices\n"
        "  -v, --verbose        show libxc's messages\n"
        "\n"
        "KEY=VALUE is read as a last line of FILE: see "
        "domwright.cfg(5).\n",
    .need = NEED_STORE,
    .options = create_options,
    .letters = "npcFef:",
    .min = 0,
    .max = -1,
    .wanted = "a configuration file is wanted",
    .check = check,
    .run = run,
};
