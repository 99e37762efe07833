/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/progress.h"
#include "guest/migrate.h"
#include "guest/migration.h"
#include "host/ask.h"
#include "host/embedded.h"
#include "host/find.h"
#include "host/signals.h"
#include "host/suspend.h"
#include "host/xenstore.h"
#include "report/facts.h"

#define FAKEXEN "fakexen:"

/* How long a signal may have to wait. */
#define LOOK_MS 100

/* ---- where to ---- */

/* A word of sh(1)'s, quoted; what there is no room for is cut, which is seen in
 * the end. */
static void add_word(char *command, size_t size, const char *word)
{
    size_t at = strlen(command);

    at += (size_t)snprintf(command + at, size - at, "%s'", at ? " " : "");
    for (; *word && at + 8 < size; word++)
        at += (size_t)snprintf(command + at, size - at,
                               *word == '\'' ? "'\\''" : "%c", *word);
    if (at + 2 < size)
        strcpy(command + at, "'");
}

/* What the other side is told of our options. */
static void add_options(char *command, size_t size, const struct args *args,
                        void (*add)(char *, size_t, const char *))
{
    if (args->times['e'])
        add(command, size, "-e");
    if (args->times['p'])
        add(command, size, "-p");
}

static void add_plain(char *command, size_t size, const char *word)
{
    size_t at = strlen(command);

    snprintf(command + at, size - at, " %s", word);
}

static int to_embedded(char *command, size_t size, const char *file,
                       const struct args *args, struct diag *dg)
{
    char fakexen[PATH_MAX], self[PATH_MAX], real[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (len < 0 || !realpath(file, real))
        return diag_fail(dg, DW_FAILED, -errno,
                         "there is no host %s to migrate to: %s; \"domwright "
                         "--host %s list\" makes one",
                         file, strerror(errno), file);
    self[len] = '\0';
    embedded_program(fakexen);
    strcpy(command, "exec");
    add_word(command, size, fakexen);
    add_word(command, size, "--host");
    add_word(command, size, real);
    add_word(command, size, self);
    add_word(command, size, "migrate-receive");
    add_options(command, size, args, add_word);
    return 0;
}

/* ssh(1) would take a host that begins so for an option. */
static int to_host(char *command, size_t size, const char *host,
                   const struct args *args, struct diag *dg)
{
    const char *ssh = args->value['s'] ? args->value['s'] : "ssh";
    const char *receiver =
        args->value['R'] ? args->value['R'] : "domwright migrate-receive";
    char remote[1024];

    if (!*host || *host == '-')
        return args_usage(dg, args->name, "%s is no host's name",
                          *host ? host : "an empty word");
    snprintf(remote, sizeof(remote), "%s", receiver);
    if (!args->value['R'])
        add_options(remote, sizeof(remote), args, add_plain);
    snprintf(command, size, "exec %s", ssh);
    add_word(command, size, host);
    add_word(command, size, remote);
    return 0;
}

#define COMMAND_MAX 3000 /* a value of xenstore's has 4096 bytes at most */

static int find_target(const struct args *args, char command[COMMAND_MAX],
                       struct migrate_to *to, struct diag *dg)
{
    const char *target = args->n > 1 ? args->operand[1] : NULL;
    int rc = 0;

    to->name = target ? target : "the receiver";
    to->ours = !args->value['V'] && !args->value['R'];
    if (args->value['V'])
        snprintf(command, COMMAND_MAX, "%s", args->value['V']);
    else if (!strncmp(target, FAKEXEN, strlen(FAKEXEN)))
        rc = to_embedded(command, COMMAND_MAX, target + strlen(FAKEXEN), args,
                         dg);
    else
        rc = to_host(command, COMMAND_MAX, target, args, dg);
    if (!rc && strlen(command) >= COMMAND_MAX - 16)
        rc = diag_fail(dg, DW_USAGE, -E2BIG, "the command is too long");
    return rc;
}

/* ---- the guest ---- */

static int check_domain(struct host *host, const xc_domaininfo_t *info,
                        const char *who)
{
    int rc;

    if (!info->domain)
        return diag_fail(host->dg, DW_FAILED, -EPERM,
                         "domain 0 cannot be migrated");
    if (!domain_width(host, info))
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain %s is no PV guest; \"xl migrate\" migrates "
                         "others",
                         who);
    rc = migration_check_none(host, info->domain, who);
    if (rc)
        return rc;
    if (suspend_is_done(info))
        return diag_fail(host->dg, DW_FAILED, -EBUSY,
                         "domain %s is suspended: somebody saves it, or did",
                         who);
    rc = store_has_devices(host->xs, info->domain);
    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "looking for devices in xenstore: %s", strerror(-rc));
    if (rc)
        return diag_fail(host->dg, DW_FAILED, -EOPNOTSUPP,
                         "domain %s has devices: \"domwright xl migrate\" "
                         "migrates it",
                         who);
    return guest_can_be_saved(host, info, domain_width(host, info));
}

/* Who watches it. */
struct watcher {
    struct progress progress;
    bool json;
    int rc; /* what came of writing lines */
};

static int tell(void *arg, uint64_t done, uint64_t total)
{
    struct watcher *watcher = arg;

    return progress_pages(&watcher->progress, "sent", done, total);
}

/* A line at once.  Where nobody reads it a signal is not kept waiting: a pipe
 * that can be written to has room for a line, which is shorter than PIPE_BUF.
 */
static int put_line(const char *line)
{
    struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
    const size_t n = strlen(line);
    size_t done = 0;
    ssize_t r;

    while (done < n) {
        if (!poll(&fd, 1, LOOK_MS)) {
            if (interrupt_pending())
                return -EINTR;
            continue;
        }
        r = write(STDOUT_FILENO, line + done, n - done);
        if (r < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        done += r > 0 ? (size_t)r : 0;
    }
    return 0;
}

/* What went wrong first, -EPIPE or such, is told in the end. */
static void print_line(json_t *object, int *rc)
{
    char *line = cmd_json_line(object);

    if (!*rc)
        *rc = line ? put_line(line) : -ENOMEM;
    free(line);
}

static double rounded(double value)
{
    return (double)(int64_t)(value * 10 + 0.5) / 10;
}

/* A page is 4 KiB. */
static void tell_round(void *arg, const struct live_round *round)
{
    struct watcher *watcher = arg;
    const double mib = rounded(round->rate / 256);
    json_t *line;

    if (round->dirty_rate < 0)
        progress_note(&watcher->progress, "; %.0f MiB/s", mib);
    else
        progress_note(&watcher->progress,
                      "; %.0f MiB/s, %.0f pages/s dirtied, %" PRId64
                      " ms to go",
                      mib, round->dirty_rate, round->remaining);
    if (!watcher->json)
        return;
    line = json_object();
    facts_set(line, "event", json_string("round"));
    facts_set(line, "round", json_integer(round->number));
    facts_set(line, "pages", json_integer((json_int_t)round->pages));
    facts_set(line, "ms", json_integer(round->ms));
    facts_set(line, "mib_per_second", json_real(mib));
    if (round->dirty_rate >= 0)
        facts_set(line, "dirty_pages_per_second",
                  json_real(rounded(round->dirty_rate)));
    if (round->remaining >= 0)
        facts_set(line, "remaining_ms", json_integer(round->remaining));
    print_line(line, &watcher->rc);
}

static const char *way_name(enum save_way way)
{
    static const char *const names[] = {
        [SAVE_SUSPENDED] = "suspended",
        [SAVE_LOG_DIRTY] = "log-dirty",
        [SAVE_HASHED] = "hashes",
    };

    return names[way];
}

static json_t *describe(const xc_domaininfo_t *info, const char *name,
                        const char *target, enum save_way way, bool dry)
{
    json_t *report = json_object();

    facts_set(report, "event", json_string(dry ? "checked" : "migrated"));
    facts_set(report, "name", json_string(name));
    facts_set(report, "id", json_integer(info->domain));
    facts_set(report, "target", json_string(target));
    facts_set(report, "pages", json_integer((json_int_t)info->tot_pages));
    facts_set(report, "way", json_string(way_name(way)));
    return report;
}

/* What it came to, in the end. */
static void describe_end(json_t *report, const struct migrate_facts *facts,
                         enum save_way way)
{
    facts_set(report, "downtime_ms", json_integer(facts->downtime));
    if (way == SAVE_SUSPENDED)
        return;
    facts_set(report, "rounds", json_integer(facts->live.rounds));
    facts_set(report, "pages_live",
              json_integer((json_int_t)facts->live.pages_live));
    if (way != SAVE_HASHED)
        return;
    facts_set(report, "foretold_ms", json_integer(facts->live.foretold));
    facts_set(report, "pages_stopped",
              json_integer((json_int_t)facts->live.pages_stopped));
}

static int send(struct host *host, const xc_domaininfo_t *info,
                const struct migrate_to *to, bool json, json_t *report,
                int *printed)
{
    struct migrate_facts facts = {.downtime = 0};
    struct watcher watcher = {.json = json};
    const struct save_progress watch = {
        .tell = tell, .round = tell_round, .arg = &watcher};
    int rc;

    progress_init(&watcher.progress, host->dg);
    rc = migrate_send(host, info, domain_width(host, info), to, &watch, &facts);
    progress_clear(&watcher.progress);
    if (!rc)
        describe_end(report, &facts, to->way);
    *printed = watcher.rc;
    return rc;
}

static int tell_as_json(struct diag *dg, const char *name,
                        const struct migrate_to *to, json_t *report, int rc,
                        bool dry)
{
    print_line(json_incref(report), &rc);
    if (!rc)
        return 0;
    return diag_fail(dg, rc == -EINTR ? 128 + interrupt_pending() : DW_FAILED,
                     rc, "%s %s to %s, but writing the output failed: %s", name,
                     dry ? "can be migrated" : "was migrated", to->name,
                     rc == -EINTR ? strsignal(interrupt_pending())
                                  : strerror(-rc));
}

static int tell_end(struct host *host, const struct args *args,
                    const xc_domaininfo_t *info, const char *name,
                    const struct migrate_to *to, json_t *report)
{
    if (args->times['n'])
        facts_print(report, stdout);
    else if (!host->dg->quiet)
        printf("migrated %s (domain %u) to %s%s%s\n", name, info->domain,
               to->name, to->way ? ", live, by " : "",
               to->way ? way_name(to->way) : "");
    return args->times['n']
               ? cmd_printed(host->dg, NULL)
               : cmd_printed(host->dg, "%s was migrated to %s", name, to->name);
}

static int migrate(struct host *host, const struct args *args,
                   const xc_domaininfo_t *info, const struct migrate_to *to)
{
    char *name = store_read(host->xs, info->domain, "name");
    json_t *report;
    int rc, printed = 0;

    if (!name)
        return diag_fail(host->dg, DW_FAILED, -ENOENT, "domain %u has no name",
                         info->domain);
    report = describe(info, name, to->name, to->way, args->times['n']);
    interrupt_hold();
    rc = args->times['n']
             ? migrate_probe(host, info, domain_width(host, info), to)
             : send(host, info, to, args->times['j'], report, &printed);
    if (!rc && args->times['j'])
        rc =
            tell_as_json(host->dg, name, to, report, printed, args->times['n']);
    else if (!rc)
        rc = tell_end(host, args, info, name, to, report);
    json_decref(report);
    free(name);
    return rc;
}

static int settle(struct host *host, const xc_domaininfo_t *info)
{
    int rc = migrate_settle(host, info);

    if (rc < 0)
        return rc;
    if (!host->dg->quiet)
        printf(rc ? "domain %u runs there, and is removed here\n"
                  : "domain %u is not there, and goes on here\n",
               info->domain);
    return cmd_printed(host->dg, "domain %u is settled", info->domain);
}

static int run(struct host *host, const struct args *args)
{
    char command[COMMAND_MAX] = "";
    struct migrate_to to = {.command = command, .max_downtime = -1};
    xc_domaininfo_t info;
    int rc = args->times['S'] ? 0 : migration_mend(host);

    if (!rc)
        rc = host_find(host, args->operand[0], &info);
    if (rc)
        return rc;
    if (args->times['S'])
        return settle(host, &info);
    if (args->value['m'])
        to.max_downtime = atoll(args->value['m']);
    rc = find_target(args, command, &to, host->dg);
    if (!rc)
        rc = check_domain(host, &info, args->operand[0]);
    if (!rc && args->times['l'])
        rc = migrate_live_way(host, &to.way);
    return rc ? rc : migrate(host, args, &info, &to);
}

/* How it is reached is said once. */
static int check_ways(struct diag *dg, const struct args *args)
{
    static const struct {
        int letter;
        const char *name;
    } commands[] = {{'V', "--via"}, {'s', "--ssh"}, {'R', "--receiver"}};
    const char *target = args->n > 1 ? args->operand[1] : "";
    const char *file = strncmp(target, FAKEXEN, strlen(FAKEXEN)) != 0
                           ? NULL
                           : target + strlen(FAKEXEN);
    size_t i;

    if (file && !*file)
        return args_usage(dg, args->name,
                          "fakexen: wants a host's file behind it");
    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const char *value = args->value[commands[i].letter];

        if (value && !*value)
            return args_usage(dg, args->name, "%s wants a command",
                              commands[i].name);
        if (value && i && (file || args->times['V'] || args->times['S']))
            return args_usage(dg, args->name, "%s goes with a host",
                              commands[i].name);
    }
    return 0;
}

/* It only asks. */
static int check_settle(struct diag *dg, const struct args *args)
{
    static const struct {
        int letter;
        const char *name;
    } others[] = {{'n', "--dry-run"},      {'j', "--json"},
                  {'l', "--live"},         {'p', "--paused"},
                  {'e', "--no-monitor"},   {'V', "--via"},
                  {'m', "--max-downtime"}, {0, NULL}};

    for (size_t i = 0; args->times['S'] && others[i].letter; i++)
        if (args->times[others[i].letter])
            return args_usage(dg, args->name, "%s does not go with --settle",
                              others[i].name);
    return 0;
}

static int check(struct diag *dg, struct args *args)
{
    const char *ms = args->value['m'];
    bool alone = args->times['V'] || args->times['S'];
    int rc = check_settle(dg, args);

    if (rc)
        return rc;
    if (ms &&
        (!*ms || strlen(ms) > 9 || strspn(ms, "0123456789") != strlen(ms)))
        return args_usage(dg, args->name,
                          "--max-downtime=%s: not a number of "
                          "milliseconds",
                          ms);
    if (ms && !args->times['l'])
        return args_usage(dg, args->name, "--max-downtime goes with --live");
    rc = check_ways(dg, args);
    if (rc)
        return rc;
    if (args->n != (alone ? 1 : 2))
        return args_usage(dg, args->name, "%s",
                          alone ? "a domain is wanted, and no target"
                                : "a domain and a target are wanted");
    return 0;
}

static const struct option options[] = {
    {"dry-run", no_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {"live", no_argument, NULL, 'l'},
    {"max-downtime", required_argument, NULL, 'm'},
    {"no-monitor", no_argument, NULL, 'e'},
    {"paused", no_argument, NULL, 'p'},
    {"receiver", required_argument, NULL, 'R'},
    {"settle", no_argument, NULL, 'S'},
    {"ssh", required_argument, NULL, 's'},
    {"via", required_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_migrate = {
    .name = "migrate",
    .args = "[-elnp] [--json] DOMAIN TARGET | --via COMMAND DOMAIN",
    .summary = "give a guest to another host",
    .help =
        "TARGET is a host, which ssh reaches, or fakexen:FILE.\n\n"
        "      --via COMMAND       joins its standard input and output to a "
        "receiver\n"
        "  -s, --ssh COMMAND       in place of ssh\n"
        "      --receiver COMMAND  there, in place of \"domwright "
        "migrate-receive\"\n"
        "  -l, --live              copy its memory while it runs\n"
        "      --max-downtime MS   it goes on here where it would stand still "
        "longer\n"
        "  -n, --dry-run           see whether it can be done\n"
        "  -p, --paused            it does not run there yet\n"
        "  -e, --no-monitor        leave nobody there who waits for its "
        "end\n"
        "      --json              report it as JSON, and each round of "
        "--live: a line\n"
        "                          each\n"
        "      --settle            ask what became of one that was given "
        "away\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "lneps:",
    .min = 1,
    .max = 2,
    .wanted = "a domain and a target are wanted",
    .check = check,
    .run = run,
};
