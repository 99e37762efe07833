/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The regression suite for building, saving, restoring and migrating guests:
 * domwright-regress(7).  Each cell of a matrix is done by the programs that
 * anybody runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/command.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/signals.h"
#include "regress/play.h"
#include "regress/report.h"
#include "regress/state.h"

/* Pages a second; more than any machine writes to. */
#define RATE_MAX 100000000

/* ---- the command line ---- */

static int number(struct diag *dg, const struct args *args, char letter,
                  const char *name, uint64_t least, uint64_t *value)
{
    const char *text = args->value[(unsigned char)letter];
    char *end;

    if (!text)
        return 0;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || *value < least)
        return args_usage(dg, args->name, "--%s: %s is no number%s", name, text,
                          least ? " above 0" : "");
    return errno
               ? args_usage(dg, args->name, "--%s: %s is too large", name, text)
               : 0;
}

/* "0.5"; what is longer nobody waits for. */
static int read_delay(struct diag *dg, const struct args *args, double *seconds)
{
    const char *text = args->value['d'];
    int n = 0;

    *seconds = 0;
    if (!text)
        return 0;
    if (strlen(text) > 9 || text[strspn(text, "0123456789.")] ||
        sscanf(text, "%lf%n", seconds, &n) != 1 || text[n])
        return args_usage(dg, args->name, "--delay: %s is no number of seconds",
                          text);
    return 0;
}

/* "2/4" */
static int read_shard(struct diag *dg, const struct args *args,
                      struct choice *choice)
{
    const char *text = args->value['S'];
    int n = 0;

    choice->shard = choice->shards = 1;
    if (!text)
        return 0;
    if (sscanf(text, "%u/%u%n", &choice->shard, &choice->shards, &n) != 2 ||
        text[n] || !choice->shard || choice->shard > choice->shards)
        return args_usage(dg, args->name, "--shard: %s is none, as 1/4 is",
                          text);
    return 0;
}

static int read_choice(struct diag *dg, const struct args *args,
                       struct choice *choice)
{
    uint64_t rounds = 1;
    int rc;

    *choice = (struct choice){
        .only = args->value['O'],
        .quick = args->times['k'],
        .one_guest = args->times['g'],
        .seed = (uint64_t)time(NULL),
    };
    rc = number(dg, args, 's', "seed", 0, &choice->seed);
    if (!rc)
        rc = number(dg, args, 'r', "repeat", 1, &rounds);
    if (!rc && rounds > 1000000)
        rc = args_usage(dg, args->name, "--repeat: that is for ever");
    choice->rounds = (unsigned int)rounds;
    return rc ? rc : read_shard(dg, args, choice);
}

static const struct format {
    const char *name;
    void (*print)(json_t *report, FILE *out);
} formats[] = {
    {"text", report_text},
    {"tap", report_tap},
    {"junit", report_junit},
    {"json", NULL},
};

static const struct format *find_format(const struct args *args)
{
    const char *name = args->value['R'];

    if (!name)
        name = args->times['j'] ? "json" : "text";
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (!strcmp(formats[i].name, name))
            return &formats[i];
    return NULL;
}

/* What it does, in the order in which one option counts before another. */
enum mode { PLAY, STATE, MERGE, LIST, TRY };

#define AS(mode) (1u << (mode))

static enum mode mode_of(const struct args *args)
{
    return args->times['p']   ? PLAY
           : args->times['t'] ? STATE
           : args->times['m'] ? MERGE
           : args->times['l'] ? LIST
                              : TRY;
}

/* None is passed over in silence. */
static int check_options(struct diag *dg, const struct args *args)
{
    static const char *const mode_name[] = {"--play", "--state", "--merge",
                                            "--list", NULL};
    static const struct {
        char letter;
        const char *name;
        unsigned int modes;
    } uses[] = {
        {'p', "--play", AS(PLAY)},
        {'t', "--state", AS(STATE)},
        {'m', "--merge", AS(MERGE)},
        {'l', "--list", AS(LIST)},
        {'H', "--host", AS(TRY) | AS(LIST)},
        {'O', "--only", AS(TRY) | AS(LIST)},
        {'k', "--quick", AS(TRY) | AS(LIST)},
        {'r', "--repeat", AS(TRY) | AS(LIST)},
        {'s', "--seed", AS(TRY) | AS(LIST) | AS(PLAY)},
        {'R', "--report", AS(TRY) | AS(MERGE)},
        {'j', "--json", AS(TRY) | AS(MERGE)},
        {'S', "--shard", AS(TRY) | AS(LIST)},
        {'g', "--guest", AS(TRY) | AS(LIST)},
        {'K', "--keep", AS(PLAY)},
        {'a', "--rate", AS(PLAY)},
        {'d', "--delay", AS(PLAY)},
        {'A', "--against", AS(STATE)},
    };
    const enum mode mode = mode_of(args);

    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        const unsigned char letter = (unsigned char)uses[i].letter;

        if (!args->times[letter])
            continue;
        if (!(uses[i].modes & AS(mode)))
            return args_usage(
                dg, args->name,
                mode == TRY ? "%s goes with %s" : "%s does not go with %s",
                uses[i].name,
                mode_name[mode == TRY ? __builtin_ctz(uses[i].modes)
                                      : (int)mode]);
        if (args->value[letter] && !*args->value[letter])
            return args_usage(dg, args->name, "%s: an empty word",
                              uses[i].name);
    }
    return 0;
}

static int check_values(struct diag *dg, const struct args *args)
{
    struct choice choice;
    uint64_t rate = 0;
    double delay;
    int rc = read_choice(dg, args, &choice);

    if (!rc)
        rc = number(dg, args, 'a', "rate", 0, &rate);
    if (!rc && rate > RATE_MAX)
        rc = args_usage(dg, args->name, "--rate: %s is too large",
                        args->value['a']);
    if (!rc)
        rc = read_delay(dg, args, &delay);
    if (!rc && !find_format(args))
        rc = args_usage(dg, args->name, "no report %s", args->value['R']);
    return rc;
}

static int check(struct diag *dg, struct args *args)
{
    const enum mode mode = mode_of(args);
    int rc = check_options(dg, args);

    if (!rc)
        rc = check_values(dg, args);
    if (rc)
        return rc;
    if (args->n && mode != MERGE)
        return args_usage(dg, args->name, "only --merge takes files");
    if (!args->n && mode == MERGE)
        return args_usage(dg, args->name, "--merge wants reports");
    if (mode != PLAY && mode != STATE)
        args->need = NEED_NOTHING;
    return 0;
}

/* ---- the report ---- */

static int print_report(json_t *report, const struct args *args,
                        struct diag *dg)
{
    const struct format *format = find_format(args);
    unsigned int failed = report_count(report, CELL_FAILED);
    int rc = 0;

    if (format->print)
        format->print(report, stdout);
    else
        rc = cmd_print_json(dg, json_incref(report));
    if (!rc)
        rc = cmd_printed(dg, NULL);
    if (!rc && failed)
        rc = diag_fail(dg, DW_FAILED, -EBADMSG, "%u %s failed", failed,
                       failed == 1 ? "cell" : "cells");
    return rc;
}

static int merge_one(json_t *report, const char *name, struct diag *dg)
{
    FILE *in = strcmp(name, "-") ? fopen(name, "re") : stdin;
    json_t *other = NULL;
    int rc;

    if (!in)
        return diag_fail(dg, DW_CONFIG, -errno, "cannot read %s: %s", name,
                         strerror(errno));
    other = json_loadf(in, 0, NULL);
    rc = other ? report_merge(report, other) : -EINVAL;
    json_decref(other);
    if (in != stdin)
        fclose(in);
    if (rc == -EXDEV)
        return diag_fail(dg, DW_CONFIG, rc,
                         "%s: it has another seed than those before it: they "
                         "are no parts of one matrix",
                         name);
    return rc ? diag_fail(dg, DW_CONFIG, rc,
                          "%s: it is no report of \"domwright regress --json\"",
                          name)
              : 0;
}

static int merge(const struct args *args, struct diag *dg)
{
    json_t *report = report_new(0);
    int rc = 0, i;

    for (i = 0; !rc && i < args->n; i++)
        rc = merge_one(report, args->operand[i], dg);
    if (!rc)
        rc = print_report(report, args, dg);
    json_decref(report);
    return rc;
}

/* ---- the matrix ---- */

static void list(const struct cell *cells, unsigned int n)
{
    char name[CELL_NAME];

    for (unsigned int i = 0; i < n; i++) {
        cell_name(&cells[i], name);
        puts(name);
    }
}

/* As it is typed, with quotes where a shell needs them. */
static void repeat_line(const struct bench *bench, const char *name, char *line,
                        size_t size)
{
    char bare[CELL_NAME];

    snprintf(bare, sizeof(bare), "%s", name);
    bare[strcspn(bare, "#")] = '\0';
    snprintf(line, size,
             "domwright regress --seed %" PRIu64 "%s%s%s%s%s "
             "--only '%s'",
             bench->seed, bench->host ? " --host '" : "",
             bench->host ? bench->host : "", bench->host ? "'" : "",
             bench->own ? " --guest " : "", bench->own ? bench->own : "", bare);
}

static void tell(const char *name, unsigned int i, unsigned int n,
                 const struct result *result)
{
    fprintf(stderr, "%u/%u %s: %s", i + 1, n, name,
            outcome_name(result->outcome));
    if (result->outcome == CELL_PASSED)
        fprintf(stderr, " (%.1f s)\n", result->seconds);
    else
        fprintf(stderr, ": %.*s\n", (int)strcspn(result->what, "\n"),
                result->what);
}

static int run_cells(struct bench *bench, const struct cell *cells,
                     unsigned int n, json_t *report, struct diag *dg)
{
    struct result *result = malloc(sizeof(*result));
    char name[CELL_NAME], repeat[CELL_NAME + 2 * PATH_MAX + 80];
    unsigned int i;
    int rc = result ? 0 : -ENOMEM;

    for (i = 0; !rc && i < n; i++) {
        cell_name(&cells[i], name);
        cell_run(bench, &cells[i], result);
        rc = interrupt_check(dg);
        if (!rc && result->no_room)
            rc = diag_fail(dg, DW_FAILED, -ENOSPC,
                           "there is no room in %s for what is tried: %.*s",
                           bench->folder, (int)strcspn(result->what, "\n"),
                           result->what);
        if (rc)
            break;
        if (!dg->quiet)
            tell(name, i, n, result);
        repeat_line(bench, name, repeat, sizeof(repeat));
        rc = report_add(report, name, result, repeat);
    }
    free(result);
    return rc == -ENOMEM ? diag_fail(dg, DW_FAILED, rc, "out of memory") : rc;
}

/* The programs run elsewhere. */
static int find_file(const char *name, char path[PATH_MAX], const char **found,
                     struct diag *dg)
{
    if (!name)
        return 0;
    if (!realpath(name, path))
        return diag_fail(dg, DW_CONFIG, -errno, "cannot read %s: %s", name,
                         strerror(errno));
    *found = path;
    return 0;
}

/* A matrix that has less cells than parts: the others have them. */
static bool is_of_others(const struct choice *choice)
{
    struct choice all = *choice;
    struct cell *cells = NULL;
    unsigned int n = 0;

    all.shard = all.shards = 1;
    if (choice->shards == 1 || matrix_cells(&all, &cells, &n))
        return false;
    free(cells);
    return n > 0;
}

static int run_matrix(const struct args *args, struct diag *dg)
{
    char own[PATH_MAX], at[PATH_MAX];
    struct bench bench = {.patience = 120, .host_lock = -1};
    struct choice choice;
    struct cell *cells = NULL;
    json_t *report;
    unsigned int n = 0;
    int rc = read_choice(dg, args, &choice);

    bench.seed = choice.seed;
    if (!rc && matrix_cells(&choice, &cells, &n))
        rc = diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    if (!rc && !n && !is_of_others(&choice))
        rc = diag_fail(dg, DW_USAGE, -EINVAL, "no cell is %s; --list has all",
                       choice.only ? choice.only : "left");
    if (rc || args->times['l']) {
        if (!rc)
            list(cells, n);
        free(cells);
        return rc;
    }
    report = report_new(choice.seed);
    interrupt_hold();
    rc = find_file(args->value['g'], own, &bench.own, dg);
    if (!rc)
        rc = find_file(args->value['H'], at, &bench.host, dg);
    if (!rc)
        rc = bench_open(&bench, dg);
    if (!rc && bench.host)
        rc = bench_check_host(&bench, dg);
    if (!rc && bench.own)
        rc = bench_check_guest(&bench, dg);
    if (!rc && !dg->quiet)
        fprintf(stderr, "domwright: %u %s, seed %" PRIu64 "\n", n,
                n == 1 ? "cell" : "cells", choice.seed);
    if (!rc)
        rc = run_cells(&bench, cells, n, report, dg);
    bench_close(&bench);
    if (!rc)
        rc = print_report(report, args, dg);
    json_decref(report);
    free(cells);
    return rc;
}

/* ---- parts of a cell, for programs ---- */

/* Somebody waits for these words. */
static int say(void *arg, const char *what)
{
    puts(what);
    return cmd_printed(arg, NULL);
}

static int find_guest(struct host *host, const char *who, xc_domaininfo_t *info,
                      unsigned int *width)
{
    int rc = host_find(host, who, info);

    if (rc)
        return rc;
    *width = info->domain ? domain_width(host, info) : 0;
    return *width ? 0
                  : diag_fail(host->dg, DW_FAILED, -EINVAL,
                              "domain %s is no PV guest", who);
}

static int play_guest(struct host *host, const struct args *args)
{
    struct play how = {.state = args->value['K'], .tell = say, .arg = host->dg};
    xc_domaininfo_t info;
    unsigned int width;
    int rc = number(host->dg, args, 's', "seed", 0, &how.seed);

    if (!rc)
        rc = number(host->dg, args, 'a', "rate", 0, &how.rate);
    if (!rc)
        rc = read_delay(host->dg, args, &how.delay);
    if (!rc)
        rc = find_guest(host, args->value['p'], &info, &width);
    return rc ? rc : play(host, &info, width, &how);
}

static int compare(const struct state *state, const char *name, struct diag *dg)
{
    FILE *in = fopen(name, "re");
    struct state was = {0};
    uint64_t n;
    int rc;

    if (!in)
        return diag_fail(dg, DW_CONFIG, -errno, "%s: %s", name,
                         strerror(errno));
    rc = state_read(&was, in);
    fclose(in);
    if (rc) {
        state_dispose(&was);
        return diag_fail(dg, DW_CONFIG, rc, "%s: it is no guest's state", name);
    }
    n = state_compare(&was, state, stdout);
    state_dispose(&was);
    return n ? diag_fail(dg, DW_FAILED, -EBADMSG,
                         "%" PRIu64 " pages and vCPUs differ", n)
             : 0;
}

static int show_state(struct host *host, const struct args *args)
{
    struct state state = {0};
    xc_domaininfo_t info;
    unsigned int width;
    int rc = find_guest(host, args->value['t'], &info, &width);

    if (!rc)
        rc = state_take(&state, host->xc, host->dg, &info, width);
    if (!rc && args->value['A'])
        rc = compare(&state, args->value['A'], host->dg);
    else if (!rc && state_write(&state, stdout))
        rc = cmd_printed(host->dg, NULL);
    state_dispose(&state);
    return rc;
}

static int run(struct host *host, const struct args *args)
{
    switch (mode_of(args)) {
    case PLAY:
        return play_guest(host, args);
    case STATE:
        return show_state(host, args);
    case MERGE:
        return merge(args, host->dg);
    default:
        return run_matrix(args, host->dg);
    }
}

static const struct option options[] = {
    {"host", required_argument, NULL, 'H'},
    {"only", required_argument, NULL, 'O'},
    {"quick", no_argument, NULL, 'k'},
    {"repeat", required_argument, NULL, 'r'},
    {"seed", required_argument, NULL, 's'},
    {"report", required_argument, NULL, 'R'},
    {"json", no_argument, NULL, 'j'},
    {"shard", required_argument, NULL, 'S'},
    {"guest", required_argument, NULL, 'g'},
    {"list", no_argument, NULL, 'l'},
    {"merge", no_argument, NULL, 'm'},
    {"play", required_argument, NULL, 'p'},
    {"keep", required_argument, NULL, 'K'},
    {"rate", required_argument, NULL, 'a'},
    {"delay", required_argument, NULL, 'd'},
    {"state", required_argument, NULL, 't'},
    {"against", required_argument, NULL, 'A'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_regress = {
    .name = "regress",
    .args = "[--host FILE] [--only PATTERN] [--quick] [--repeat N] [--seed N]\n"
            "           [--report text|tap|junit|json] [--shard I/N] "
            "[--guest FILE.cfg]\n"
            "           [--list] | --merge REPORT...",
    .summary = "try what becomes of guests that are saved and migrated",
    .help =
        "  --host FILE     on this embedded host, not on new ones\n"
        "  --only PATTERN  those whose name it is, or is a part of\n"
        "  --quick         a few that have each value once\n"
        "  --repeat N      N times\n"
        "  --seed N        their order, and the guests' contents\n"
        "  --report HOW    \"text\", \"tap\", \"junit\" or \"json\" (--json)\n"
        "  --shard I/N     the Ith of N parts\n"
        "  --guest FILE    with this guest\n"
        "  --list          show what would be tried\n"
        "  --merge         make one report of several, of --json\n\n"
        "For scripts, see domwright-regress(7):\n"
        "  --play DOMAIN   be its kernel until it is saved: --seed N, "
        "--rate N,\n"
        "                  --delay SECONDS, --keep FILE with its state then\n"
        "  --state DOMAIN  show its state, or with --against FILE how it "
        "differs\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "",
    .max = -1,
    .wanted = "",
    .check = check,
    .run = run,
};
