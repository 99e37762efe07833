/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of JSON for each thing that happens to domains, until it is stopped.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xen/io/xs_wire.h>

#include "command/waiting.h"
#include "guest/track.h"
#include "host/signals.h"
#include "host/watch.h"
#include "report/event.h"

/* What `tell` returns where all is told that there is to tell. */
#define ENOUGH 1

struct events {
    struct host *host;
    int stopped;        /* a descriptor: readable when a signal has come */
    unsigned long left; /* events yet to be told; 0: any number */
};

/* ---- output ---- */

static int failed(struct events *e, int err)
{
    return diag_fail(e->host->dg, DW_FAILED, -err,
                     "writing the output failed: %s", strerror(err));
}

/* As for whoever writes to it: nothing is said unless the signal is ignored. */
static int reader_is_gone(struct events *e)
{
    raise(SIGPIPE);
    return failed(e, EPIPE);
}

/* Where nobody reads, a signal ends the wait for that, too: what may be written
 * to a pipe then, up to PIPE_BUF bytes, does not block. */
static int write_some(struct events *e, const char **text, size_t *len)
{
    struct pollfd fd[2] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                           {.fd = e->stopped, .events = POLLIN}};
    ssize_t n;

    if (poll(fd, 2, -1) < 0)
        return errno == EINTR ? 0 : failed(e, errno);
    if (!fd[0].revents)
        return ENOUGH;
    n = write(STDOUT_FILENO, *text, *len < PIPE_BUF ? *len : PIPE_BUF);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : failed(e, errno);
    *text += n;
    *len -= (size_t)n;
    return 0;
}

/* Drops the reference. */
static int print(struct events *e, json_t *event)
{
    char *line = cmd_json_line(event);
    const char *rest = line;
    size_t len = line ? strlen(line) : 0;
    int rc =
        line ? 0 : diag_fail(e->host->dg, DW_FAILED, -ENOMEM, "out of memory");

    while (!rc && len)
        rc = write_some(e, &rest, &len);
    free(line);
    return rc;
}

static json_t *begin(const char *event)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return event_json(event, &now);
}

static const char *event_name(enum track_event event,
                              const xc_domaininfo_t *info)
{
    static const char *const names[] = {
        [TRACK_EXISTING] = "existing", [TRACK_BIRTH] = "birth",
        [TRACK_SHUTDOWN] = "shutdown", [TRACK_END] = "end",
        [TRACK_LINE] = "console",
    };
    unsigned int reason =
        info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

    return event == TRACK_SHUTDOWN && reason == SHUTDOWN_crash ? "crash"
                                                               : names[event];
}

static int tell(void *arg, enum track_event event, const struct tracked *domain,
                const char *line)
{
    struct events *e = arg;
    json_t *json = begin(event_name(event, &domain->info));
    int rc;

    event_add_domain(json, &domain->info, domain->width, domain->name);
    if (event == TRACK_EXISTING)
        event_add_state(json, &domain->info);
    if (event == TRACK_SHUTDOWN)
        event_add_reason(json, &domain->info);
    if (line)
        event_add_text(json, line);
    rc = print(e, json);
    if (!rc && event != TRACK_EXISTING && e->left)
        rc = --e->left ? 0 : ENOUGH;
    return rc;
}

/* ---- the watch ---- */

/* xenstore's descriptor is the first. */
enum { STOPPED = 1, OUTPUT, CONSOLES };

/* ENOUGH: it is stopped, or the time is over. */
static int sleep_on(struct events *e, struct track *track, struct watch *watch)
{
    struct pollfd *fd = calloc(CONSOLES + (size_t)track->n, sizeof(*fd));
    int64_t until;
    int rc;

    if (!fd)
        return diag_fail(e->host->dg, DW_FAILED, -ENOMEM, "out of memory");
    until = track_poll(track, fd + CONSOLES);
    fd[STOPPED] = (struct pollfd){.fd = e->stopped, .events = POLLIN};
    fd[OUTPUT] = (struct pollfd){.fd = STDOUT_FILENO};
    rc = watch_sleep(watch, fd, CONSOLES + track->n, until);
    if (!rc && fd[STOPPED].revents)
        rc = ENOUGH;
    if (!rc && fd[OUTPUT].revents & (POLLERR | POLLHUP))
        rc = reader_is_gone(e);
    free(fd);
    return rc;
}

static int follow(struct events *e, struct track *track, int64_t ms,
                  bool existing)
{
    struct watch watch;
    int rc = watch_begin(&watch, e->host, ms);

    if (!rc)
        rc = track_begin(track);
    if (!rc)
        rc = print(e, begin("ready"));
    if (!rc && existing)
        rc = track_existing(track);
    while (!rc) {
        rc = track_look(track);
        if (!rc)
            rc = sleep_on(e, track, &watch);
    }
    return rc;
}

static int read_count(struct diag *dg, const struct args *args,
                      unsigned long *count)
{
    const char *value = args->value['n'];
    size_t digits = value ? strspn(value, "0123456789") : 0;

    *count = 0;
    if (!value)
        return 0;
    if (digits && digits < 10 && !value[digits])
        *count = strtoul(value, NULL, 10);
    return *count ? 0
                  : args_usage(dg, args->name,
                               "--count: \"%s\" is no number of events", value);
}

static int run(struct host *host, const struct args *args)
{
    struct events e = {.host = host};
    struct track track = {.host = host,
                          .who = args->operand,
                          .n_who = args->n,
                          .tell = tell,
                          .arg = &e};
    regex_t regex;
    int64_t ms;
    int rc = waiting_ms(host->dg, args, 'T', "timeout", &ms);
    int text = rc ? rc : waiting_text(host->dg, args, &regex);

    if (text < 0)
        return text;
    if (text)
        track.text = &regex;
    rc = read_count(host->dg, args, &e.left);
    if (!rc) {
        e.stopped = interrupt_fd();
        rc = e.stopped < 0 ? diag_fail(host->dg, DW_FAILED, e.stopped,
                                       "signals: %s", strerror(-e.stopped))
                           : follow(&e, &track, ms, args->times['x']);
    }
    if (rc == -ETIME)
        rc = e.left
                 ? diag_fail(host->dg, DW_FAILED, rc,
                             "the time was over %lu events too early", e.left)
                 : 0;
    track_end(&track);
    if (text)
        regfree(&regex);
    return rc > 0 ? 0 : rc;
}

/*
 * Who asks for what no domain is ever called would wait in vain.  A name of
 * xl's may be nearly anything; one of digits is an ID to every command.
 */
static int check_domain(struct diag *dg, const struct args *args,
                        const char *who)
{
    unsigned long id;
    char text[32];

    if (!*who)
        return args_usage(dg, args->name, "an empty name names no domain");
    if (strlen(who) > XENSTORE_PAYLOAD_MAX)
        return args_usage(dg, args->name,
                          "no domain's name has more than %d bytes",
                          XENSTORE_PAYLOAD_MAX);
    if (who[strspn(who, "0123456789")])
        return 0;
    id = strtoul(who, NULL, 10);
    snprintf(text, sizeof(text), "%lu", id);
    if (id >= DOMID_FIRST_RESERVED || strcmp(text, who))
        return args_usage(dg, args->name, "no domain has the ID %s", who);
    return 0;
}

static int check(struct diag *dg, struct args *args)
{
    unsigned long count;
    regex_t regex;
    int64_t ms;
    int rc = waiting_ms(dg, args, 'T', "timeout", &ms);

    for (int i = 0; !rc && i < args->n; i++)
        rc = check_domain(dg, args, args->operand[i]);
    if (!rc)
        rc = read_count(dg, args, &count);
    if (!rc)
        rc = waiting_text(dg, args, &regex);
    if (rc > 0)
        regfree(&regex);
    return rc > 0 ? 0 : rc;
}

static const struct option options[] = {
    {"text", required_argument, NULL, 't'},
    {"existing", no_argument, NULL, 'x'},
    {"count", required_argument, NULL, 'n'},
    {"timeout", required_argument, NULL, 'T'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_events = {
    .name = "events",
    .args = "[--text=ERE] [--existing] [--count=N] [--timeout=SECONDS]\n"
            "           [--json] [DOMAIN...]",
    .summary = "tell of domains' births, ends and words as it happens",
    .help = "  --text=ERE         of each line of a console that matches this, "
            "too\n"
            "  --existing         of those that are there already, first\n"
            "  --count=N          for so many events\n"
            "  --timeout=SECONDS  for so long\n"
            "  --json             a line of JSON each, which it is anyway\n\n"
            "A DOMAIN need not be there yet.\n",
    .need = NEED_STORE,
    .options = options,
    .max = -1,
    .check = check,
    .run = run,
};
