/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/track.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/uuid.h"
#include "host/ask.h"
#include "host/watch.h"
#include "host/xenstore.h"

static int tell(struct track *track, enum track_event event,
                const struct tracked *domain, const char *line)
{
    if (domain->followed && !track->stop)
        track->stop = track->tell(track->arg, event, domain, line);
    return track->stop;
}

/* ---- consoles ---- */

struct line_of {
    struct track *track;
    const struct tracked *domain;
};

static bool see(void *arg, const char *line)
{
    struct line_of *of = arg;

    if (regexec(of->track->text, line, 0, NULL, 0))
        return false;
    (void)tell(of->track, TRACK_LINE, of->domain, line);
    return true;
}

/* Domain 0's is nobody's to read here. */
static void read_console(struct track *track, struct tracked *domain)
{
    struct line_of of = {track, domain};

    if (!track->text || !domain->followed || !domain->info.domain)
        return;
    tty_open(&domain->tty, track->host, domain->info.domain);
    tty_read(&domain->tty, see, &of);
}

static void watch_console(struct track *track, const struct tracked *domain,
                          bool on)
{
    char path[64];

    if (!track->text || !domain->followed || !domain->info.domain)
        return;
    tty_path(domain->info.domain, path);
    /* Where it fails, the terminal is found a little later. */
    if (on)
        xs_watch(track->host->xs, path, "tty");
    else
        xs_unwatch(track->host->xs, path, "tty");
}

/* ---- one domain ---- */

static bool is_meant(const struct track *track, const struct tracked *domain)
{
    char uuid[UUID_STRING], id[12];

    uuid_format(domain->info.handle, uuid);
    snprintf(id, sizeof(id), "%u", domain->info.domain);
    for (int i = 0; i < track->n_who; i++)
        if (!strcmp(track->who[i], id) || !strcasecmp(track->who[i], uuid) ||
            (domain->name && !strcmp(track->who[i], domain->name)))
            return true;
    return !track->n_who;
}

/* What it is called now; what it was, where it has no entry any more. */
static void read_name(struct track *track, struct tracked *domain)
{
    char *name = store_read(track->host->xs, domain->info.domain, "name");

    if (!name)
        return;
    free(domain->name);
    domain->name = name;
}

static bool introduce(struct track *track, struct tracked *domain)
{
    if (domain->introduced ||
        (domain->info.domain &&
         !xs_is_domain_introduced(track->host->xs, domain->info.domain)))
        return false;
    domain->introduced = true;
    domain->width = domain_width(track->host, &domain->info);
    read_name(track, domain);
    domain->followed = is_meant(track, domain);
    watch_console(track, domain, true);
    return true;
}

/* A guest that was resumed may shut down again. */
static int look_at_end(struct track *track, struct tracked *domain)
{
    bool now = domain->info.flags & XEN_DOMINF_shutdown, before;

    before = domain->shut_down;
    domain->shut_down = now;
    if (!domain->introduced || !now || before)
        return track->stop;
    read_name(track, domain);
    read_console(track, domain);
    return tell(track, TRACK_SHUTDOWN, domain, NULL);
}

static int end(struct track *track, struct tracked *domain)
{
    int rc = 0;

    if (domain->introduced) {
        read_console(track, domain);
        rc = tell(track, TRACK_END, domain, NULL);
        watch_console(track, domain, false);
    }
    tty_close(&domain->tty);
    free(domain->name);
    return rc;
}

/* ---- all ---- */

/* A domain may be given another UUID, and an ID another domain. */
static bool is_same(const xc_domaininfo_t *a, const xc_domaininfo_t *b)
{
    return a->domain == b->domain &&
           (!memcmp(a->handle, b->handle, sizeof(a->handle)) ||
            a->shared_info_frame == b->shared_info_frame);
}

static struct tracked *find(struct track *track, const xc_domaininfo_t *info)
{
    for (unsigned int i = 0; i < track->n; i++)
        if (is_same(&track->domain[i].info, info))
            return &track->domain[i];
    return NULL;
}

/* Those that are still there; one that is dying tells how it came to that. */
static int see_known(struct track *track, const xc_domaininfo_t *list,
                     unsigned int n)
{
    struct tracked *domain;
    int rc = 0;

    for (unsigned int i = 0; !rc && i < n; i++) {
        domain = find(track, &list[i]);
        if (!domain)
            continue;
        domain->info = list[i];
        domain->seen = !(list[i].flags & XEN_DOMINF_dying);
        if (domain->introduced)
            rc = look_at_end(track, domain);
    }
    return rc;
}

static int drop_ended(struct track *track)
{
    unsigned int kept = 0;
    int rc = track->stop;

    for (unsigned int i = 0; i < track->n; i++) {
        struct tracked *domain = &track->domain[i];

        if (!domain->seen)
            rc = end(track, domain);
        else
            track->domain[kept++] = *domain;
    }
    track->n = kept;
    return rc;
}

static int add_new(struct track *track, const xc_domaininfo_t *list,
                   unsigned int n)
{
    struct tracked *more =
        realloc(track->domain, (track->n + (size_t)n + 1) * sizeof(*more));

    if (!more)
        return diag_fail(track->host->dg, DW_FAILED, -ENOMEM, "out of memory");
    track->domain = more;
    for (unsigned int i = 0; i < n; i++) {
        struct tracked *domain = &more[track->n];

        if (list[i].flags & XEN_DOMINF_dying || find(track, &list[i]))
            continue;
        *domain = (struct tracked){.info = list[i]};
        tty_init(&domain->tty);
        track->n++;
    }
    return 0;
}

static int look(struct track *track, bool first)
{
    xc_domaininfo_t *list;
    unsigned int n;
    int rc = host_domains(track->host, &list, &n);

    for (unsigned int i = 0; i < track->n; i++)
        track->domain[i].seen = false;
    if (!rc)
        rc = see_known(track, list, n);
    if (!rc)
        rc = drop_ended(track);
    if (!rc)
        rc = add_new(track, list, n);
    free(list);
    for (unsigned int i = 0; !rc && i < track->n; i++) {
        struct tracked *domain = &track->domain[i];

        if (introduce(track, domain)) {
            if (first)
                domain->shut_down = domain->info.flags & XEN_DOMINF_shutdown;
            else
                rc = tell(track, TRACK_BIRTH, domain, NULL);
        }
        if (!rc)
            rc = look_at_end(track, domain);
    }
    return rc;
}

int track_begin(struct track *track)
{
    return look(track, true);
}

int track_existing(struct track *track)
{
    int rc = 0;

    for (unsigned int i = 0; !rc && i < track->n; i++)
        if (track->domain[i].introduced)
            rc = tell(track, TRACK_EXISTING, &track->domain[i], NULL);
    return rc;
}

int track_look(struct track *track)
{
    int rc = look(track, false);

    for (unsigned int i = 0; !rc && i < track->n; i++) {
        read_console(track, &track->domain[i]);
        rc = track->stop;
    }
    return rc;
}

int64_t track_poll(const struct track *track, struct pollfd *fd)
{
    int64_t until = WATCH_FOREVER;

    for (unsigned int i = 0; i < track->n; i++) {
        const struct tty *tty = &track->domain[i].tty;

        fd[i] = (struct pollfd){.fd = tty->fd, .events = POLLIN};
        until = watch_earlier(until, tty_patience(tty));
    }
    return until;
}

void track_end(struct track *track)
{
    for (unsigned int i = 0; i < track->n; i++) {
        tty_close(&track->domain[i].tty);
        free(track->domain[i].name);
    }
    free(track->domain);
    track->domain = NULL;
    track->n = 0;
}
