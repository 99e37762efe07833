/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wait, and what create has of it. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/waiting.h"
#include "host/find.h"
#include "host/watch.h"

/* 31 years, which is as good as for ever. */
#define MAX_SECONDS 1000000000

/* Digits, and up to three behind a point, whatever the locale. */
static bool read_ms(const char *text, int64_t *ms)
{
    int64_t value = 0, scale = 1000;
    const char *p = text;

    for (; isdigit((unsigned char)*p) && value <= MAX_SECONDS; p++)
        value = value * 10 + (*p - '0');
    if (p == text || value > MAX_SECONDS)
        return false;
    value *= 1000;
    if (*p == '.')
        for (p++; isdigit((unsigned char)*p) && scale > 1; p++) {
            scale /= 10;
            value += (*p - '0') * scale;
        }
    *ms = value;
    return !*p && p[-1] != '.';
}

int waiting_ms(struct diag *dg, const struct args *args, char letter,
               const char *name, int64_t *ms)
{
    const char *value = args->value[(int)letter];

    *ms = WATCH_FOREVER;
    return !value || read_ms(value, ms)
               ? 0
               : args_usage(dg, args->name,
                            "--%s: \"%s\" is no number of seconds", name,
                            value);
}

int waiting_text(struct diag *dg, const struct args *args, regex_t *regex)
{
    const char *text = args->value['t'];
    char why[128];
    int r;

    if (!text)
        return 0;
    if (!*text)
        return args_usage(dg, args->name, "--text: it is empty");
    r = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
    if (!r)
        return 1;
    regerror(r, regex, why, sizeof(why));
    return args_usage(dg, args->name, "--text: \"%s\": %s", text, why);
}

static int read_state(struct diag *dg, const struct args *args,
                      enum wait_state *state)
{
    const char *name = args->value['s'];

    if (!name)
        return 0;
    for (*state = 0; *state < WAIT_STATES; (*state)++)
        if (!strcmp(name, wait_state_name(*state)))
            return 0;
    return args_usage(dg, args->name,
                      "--state: there is no state \"%s\"; there are running, "
                      "paused, shutdown, crashed and gone",
                      name);
}

int waiting_read(struct diag *dg, const struct args *args, char letter,
                 const char *name, struct wait_for *want)
{
    int rc;

    *want = (struct wait_for){.state = WAIT_SHUTDOWN};
    if (args->value['t'] && args->value['s'])
        return args_usage(dg, args->name, "--text and --state are two things");
    rc = waiting_ms(dg, args, letter, name, &want->ms);
    if (!rc)
        rc = read_state(dg, args, &want->state);
    if (!rc)
        rc = waiting_text(dg, args, &want->regex);
    if (rc <= 0)
        return rc;
    want->text = args->value['t'];
    return 0;
}

void waiting_drop(struct wait_for *want)
{
    if (want->text)
        regfree(&want->regex);
    want->text = NULL;
}

static int check(struct diag *dg, struct args *args)
{
    struct wait_for want;
    int rc = waiting_read(dg, args, 'T', "timeout", &want);

    waiting_drop(&want);
    return rc;
}

/* Who is gone is what it was waited for. */
static int find(struct host *host, const char *who, const struct wait_for *want,
                xc_domaininfo_t *info)
{
    int rc = host_find(host, who, info);

    if (rc == -ESRCH && !want->text && want->state == WAIT_GONE) {
        diag_drop(host->dg);
        return 1;
    }
    return rc;
}

static int run(struct host *host, const struct args *args)
{
    const char *who = args->operand[0];
    struct wait_for want;
    xc_domaininfo_t info;
    int rc = waiting_read(host->dg, args, 'T', "timeout", &want);

    if (!rc)
        rc = find(host, who, &want, &info);
    if (!rc && !info.domain)
        rc = diag_fail(host->dg, DW_FAILED, -EPERM,
                       "domain 0 is not waited for");
    if (!rc)
        rc = guest_wait(host, who, &info, &want);
    waiting_drop(&want);
    return rc > 0 ? 0 : rc;
}

static const struct option options[] = {
    WAITING_OPTIONS,
    {"timeout", required_argument, NULL, 'T'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_wait = {
    .name = "wait",
    .args = "[--text=ERE | --state=STATE] [--timeout=SECONDS] DOMAIN",
    .summary = "wait until a guest has come to something",
    .help = WAITING_HELP
    "  --timeout=SECONDS    for so long at most\n\n"
    "It ends with 1 where the time is over, or the guest has ended before.\n",
    .need = NEED_STORE,
    .options = options,
    .min = 1,
    .max = 1,
    .wanted = "one domain is wanted",
    .check = check,
    .run = run,
};
