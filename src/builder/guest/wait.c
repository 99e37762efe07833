/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/wait.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/tty.h"
#include "host/watch.h"
#include "report/domain.h"

/* What a guest wrote last comes by xenconsoled, Xen tells of its end at once.
 */
#define LAST_WORDS_MS 1000

/* Nobody tells of a pause. */
#define LOOK_MS 100

static const char *const names[WAIT_STATES] = {
    [WAIT_SHUTDOWN] = "shutdown", [WAIT_RUNNING] = "running",
    [WAIT_PAUSED] = "paused",     [WAIT_CRASHED] = "crashed",
    [WAIT_GONE] = "gone",
};

const char *wait_state_name(enum wait_state state)
{
    return names[state];
}

struct waiting {
    struct host *host;
    const char *who;
    const struct wait_for *want;
    xc_domaininfo_t info; /* as it was when it was last seen */
    bool gone;
    bool found;    /* the text */
    int64_t ended; /* when that was seen; WATCH_FOREVER: it lives */
    struct tty tty;
    char last[200]; /* the console's last line, or a part of it */
};

static bool see(void *arg, const char *line)
{
    struct waiting *w = arg;

    snprintf(w->last, sizeof(w->last), "%s", line);
    w->found |= !regexec(&w->want->regex, line, 0, NULL, 0);
    return w->found;
}

/* A crashed guest may have been given another UUID, to stay beside the next. */
static bool is_same(const xc_domaininfo_t *a, const xc_domaininfo_t *b)
{
    return !memcmp(a->handle, b->handle, sizeof(a->handle)) ||
           a->shared_info_frame == b->shared_info_frame;
}

static unsigned int reason(const struct waiting *w)
{
    return w->info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

/* Whoever asked it to suspend destroys it, or resumes it. */
static bool has_shut_down(const struct waiting *w)
{
    return w->info.flags & XEN_DOMINF_shutdown && reason(w) != SHUTDOWN_suspend;
}

static int look(struct waiting *w)
{
    xc_domaininfo_t now;
    int rc = host_domain(w->host, w->info.domain, &now);

    if (rc && rc != -ESRCH)
        return rc;
    w->gone = rc || !is_same(&w->info, &now);
    if (!w->gone) {
        w->info = now;
        w->gone = now.flags & XEN_DOMINF_dying;
    }
    if ((w->gone || has_shut_down(w)) && w->ended == WATCH_FOREVER)
        w->ended = watch_now();
    return 0;
}

static bool is_there(const struct waiting *w)
{
    bool lives = w->ended == WATCH_FOREVER;
    uint32_t flags = w->info.flags;

    if (w->want->text)
        return w->found;
    switch (w->want->state) {
    case WAIT_RUNNING:
        return lives && !(flags & (XEN_DOMINF_paused | XEN_DOMINF_shutdown)) &&
               w->info.nr_online_vcpus;
    case WAIT_PAUSED:
        return lives && flags & XEN_DOMINF_paused;
    case WAIT_CRASHED:
        return has_shut_down(w) && reason(w) == SHUTDOWN_crash;
    case WAIT_GONE:
        return w->gone;
    default:
        return !lives;
    }
}

/* Will it never be? */
static bool is_too_late(const struct waiting *w)
{
    if (w->ended == WATCH_FOREVER)
        return false;
    return w->want->text ? w->gone ? w->tty.fd < 0 ||
                                         watch_now() >= w->ended + LAST_WORDS_MS
                                   : watch_now() >= w->ended + LAST_WORDS_MS
                         : w->want->state != WAIT_GONE;
}

/* ---- failures ---- */

static void say_wanted(const struct waiting *w, char what[300])
{
    if (w->want->text)
        snprintf(what, 300, "\"%s\" was on its console", w->want->text);
    else
        snprintf(what, 300, "it was %s", names[w->want->state]);
}

static const char *last_words(const struct waiting *w, char words[300])
{
    if (!w->want->text)
        *words = '\0';
    else if (*w->last)
        snprintf(words, 300, "; the last line there: %s", w->last);
    else
        snprintf(words, 300,
                 w->tty.had ? "; nothing was there"
                            : "; it has had no console");
    return words;
}

static int fail(const struct waiting *w)
{
    char what[300], words[300], end[64] = "is gone";

    say_wanted(w, what);
    if (!w->gone)
        snprintf(end, sizeof(end), "has shut down (%s)",
                 domain_shutdown_reason(&w->info));
    return diag_fail(w->host->dg, DW_FAILED, -ESRCH, "%s %s before %s%s",
                     w->who, end, what, last_words(w, words));
}

static int time_is_over(const struct waiting *w)
{
    char what[300], words[300];

    say_wanted(w, what);
    return diag_fail(w->host->dg, DW_FAILED, -ETIMEDOUT,
                     "%s: %g s were over before %s%s", w->who,
                     (double)w->want->ms / 1000, what, last_words(w, words));
}

/* ---- the wait ---- */

static int sleep_on(struct waiting *w, struct watch *watch)
{
    struct pollfd fd[2] = {[1] = {.fd = w->tty.fd, .events = POLLIN}};
    int64_t until = tty_patience(&w->tty);

    if (!w->want->text &&
        (w->want->state == WAIT_RUNNING || w->want->state == WAIT_PAUSED))
        until = watch_now() + LOOK_MS;
    else if (w->ended != WATCH_FOREVER)
        until = watch_earlier(until, w->ended + LAST_WORDS_MS);
    return watch_sleep(watch, fd, 2, until);
}

static int watch_console(struct waiting *w)
{
    char path[64];

    tty_path(w->info.domain, path);
    if (xs_watch(w->host->xs, path, "tty"))
        return 0;
    return diag_fail(w->host->dg, DW_FAILED, -errno,
                     "watching for the console of %s in xenstore: %s", w->who,
                     strerror(errno));
}

static int until_there(struct waiting *w, struct watch *watch)
{
    int rc;

    for (;;) {
        rc = look(w);
        if (rc)
            return rc;
        if (w->want->text) {
            tty_open(&w->tty, w->host, w->info.domain);
            tty_read(&w->tty, see, w);
        }
        if (is_there(w))
            return 0;
        if (is_too_late(w))
            return fail(w);
        rc = sleep_on(w, watch);
        if (rc)
            return rc == -ETIME ? time_is_over(w) : rc;
    }
}

int guest_wait(struct host *host, const char *who,
               const xc_domaininfo_t *domain, const struct wait_for *want)
{
    struct waiting w = {.host = host,
                        .who = who,
                        .want = want,
                        .info = *domain,
                        .ended = WATCH_FOREVER};
    struct watch watch;
    int rc = watch_begin(&watch, host, want->ms);

    tty_init(&w.tty);
    if (!rc && want->text)
        rc = watch_console(&w);
    if (!rc)
        rc = until_there(&w, &watch);
    tty_close(&w.tty);
    return rc;
}
