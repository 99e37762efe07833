/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/receive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest/migration.h"
#include "guest/undo.h"
#include "guest/userdata.h"
#include "host/find.h"
#include "host/suspend.h"
#include "stream/handshake.h"

/* How long a question waits for what is being decided. */
#define DECIDE_MS 30000
#define LOOK_MS   100

/* ---- a question ---- */

/* Of those who have that UUID, on its way here, or arrived. */
static int look_for(struct host *host, const uint8_t *uuid, bool *arrived,
                    bool *coming)
{
    struct migration note;
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc = host_domains(host, &list, &n), r;

    *arrived = *coming = false;
    if (rc)
        return rc;
    for (i = 0; !rc && i < n; i++) {
        if (list[i].flags & XEN_DOMINF_dying ||
            memcmp(list[i].handle, uuid, UUID_BYTES))
            continue;
        r = migration_read(host, list[i].domain, &note);
        if (r < 0)
            rc = r;
        if (r > 0 && !note.sends)
            *(note.phase == MIGRATION_DONE ? arrived : coming) = true;
        migration_dispose(&note);
    }
    free(list);
    return rc;
}

/* One whose receiver still works on it is here soon, or is not. */
static const char *find_answer(struct host *host, const uint8_t *uuid)
{
    const struct timespec time = {.tv_nsec = LOOK_MS * 1000000L};
    bool arrived, coming;
    int ms;

    for (ms = 0; ms < DECIDE_MS; ms += LOOK_MS) {
        if (migration_mend(host) || look_for(host, uuid, &arrived, &coming))
            break;
        if (arrived)
            return HANDSHAKE_RUNS;
        if (!coming)
            return HANDSHAKE_ABSENT;
        nanosleep(&time, NULL);
    }
    return HANDSHAKE_UNKNOWN;
}

static int answer(struct receive *receive, struct host *host,
                  const uint8_t *uuid)
{
    receive->is_over = true;
    return link_put(&receive->link, find_answer(host, uuid),
                    sizeof(HANDSHAKE_RUNS), "answering", host->dg);
}

/* ---- the stream ---- */

/* Does it end where libxenguest's part would begin? */
static int begin(struct receive *receive, struct diag *dg)
{
    const struct feed *feed = &receive->feed;
    int rc = feed_begin(&receive->feed, "the stream", dg);

    receive->only_asks =
        rc == -ENODATA && feed->saved.libxc_at &&
        feed->saved.libxc_at == feed->source.first + feed->source.held;
    if (!receive->only_asks)
        return rc;
    diag_drop(dg);
    return 0;
}

int receive_open(struct receive *receive, struct host *host)
{
    struct feed *feed = &receive->feed;
    uint8_t uuid[UUID_BYTES];
    const void *at;
    int rc;

    receive->is_over = receive->only_asks = false;
    link_own(&receive->link);
    feed_init(feed, receive->link.in, host->dg);
    rc =
        link_put(&receive->link, HANDSHAKE_BANNER, sizeof(HANDSHAKE_BANNER) - 1,
                 "greeting the sender", host->dg);
    if (!rc)
        rc = source_get(&feed->source, 0, HANDSHAKE_ASK_LEN + UUID_BYTES, &at);
    receive->is_over = rc == -ENODATA && !feed->source.held;
    if (receive->is_over) /* it only wanted to know whether we are there */
        return 0;
    if (rc)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "the sender ended with hardly a word");
    if (memcmp(at, HANDSHAKE_ASK, HANDSHAKE_ASK_LEN))
        return begin(receive, host->dg);
    memcpy(uuid, (const char *)at + HANDSHAKE_ASK_LEN, UUID_BYTES);
    return answer(receive, host, uuid);
}

void receive_close(struct receive *receive)
{
    feed_close(&receive->feed);
}

/* ---- the guest ---- */

int receive_check(const struct guest *g)
{
    struct host *host = g->host;
    xc_domaininfo_t info;
    uint32_t domid;
    int rc = host_find_name(host, XBT_NULL, g->cfg.name, &domid);

    if (!rc)
        rc = host_domain(host, domid, &info);
    if (rc == -ESRCH)
        return 0;
    if (rc)
        return diag_fail(host->dg, DW_FAILED, rc, "looking for the name %s: %s",
                         g->cfg.name, strerror(-rc));
    if (info.flags & XEN_DOMINF_dying ||
        !memcmp(info.handle, g->cfg.uuid, UUID_BYTES))
        return 0;
    return diag_fail(host->dg, DW_FAILED, -EEXIST,
                     "where it is to go a domain is named %s already, domain "
                     "%u",
                     g->cfg.name, domid);
}

/* Its name here, until it is given away: and the note, from the moment that it
 * has an entry. */
static int set_out(struct guest *g, struct migration *note)
{
    char *name;

    if (asprintf(&name, "%s" MIGRATION_INCOMING, g->cfg.name) < 0)
        return -ENOMEM;
    free(g->cfg.name);
    g->cfg.name = name;
    g->cfg.migration = migration_text(note);
    return g->cfg.migration ? 0 : -ENOMEM;
}

/* It was the other one's who may have gone on: not here, but of its UUID. */
static int check_others(const struct guest *g)
{
    struct host *host = g->host;
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc = host_domains(host, &list, &n);

    if (rc)
        return rc;
    for (i = 0; !rc && i < n; i++)
        if (list[i].domain != g->domain.domid &&
            !(list[i].flags & XEN_DOMINF_dying) && !suspend_is_done(&list[i]) &&
            !memcmp(list[i].handle, g->cfg.uuid, UUID_BYTES))
            rc = diag_fail(host->dg, DW_FAILED, -EEXIST,
                           "domain %u has its UUID, and runs", list[i].domain);
    free(list);
    return rc;
}

static int start(struct guest *g, struct migration *note)
{
    int rc = check_others(g);

    if (!rc)
        rc = migration_start(g->host, g->domain.domid, note);
    if (rc)
        return rc;
    free(g->cfg.name);
    g->cfg.name = note->name;
    note->name = NULL;
    free(g->cfg.migration);
    g->cfg.migration = NULL;
    if (userdata_keep(g->host, g->domain.domid, &g->cfg))
        diag_warn("the configuration of %s could not be kept for xl",
                  g->cfg.name);
    return 0;
}

static int undo(struct guest *g)
{
    int rc = guest_undo(g);

    if (rc)
        diag_warn("domain %u could not be removed", g->domain.domid);
    return rc;
}

static int report(struct receive *receive, unsigned char status,
                  struct diag *dg)
{
    char message[sizeof(HANDSHAKE_REPORT) + 1] = HANDSHAKE_REPORT;

    message[sizeof(HANDSHAKE_REPORT)] = (char)status;
    return link_put(&receive->link, message, sizeof(message), "reporting", dg);
}

/* The sender has it back when nothing of it is here any more. */
static int give_back(struct receive *receive, struct guest *g)
{
    struct diag dg;

    diag_init(&dg);
    if (report(receive, 1, &dg) || undo(g))
        return -EIO;
    return link_put(&receive->link, HANDSHAKE_GO, sizeof(HANDSHAKE_GO),
                    "giving it back", &dg);
}

static int wait_for_go(struct receive *receive, struct diag *dg)
{
    int rc = link_put(&receive->link, HANDSHAKE_READY, sizeof(HANDSHAKE_READY),
                      "telling that it is here", dg);

    return rc ? rc
              : link_expect(&receive->link, HANDSHAKE_GO, sizeof(HANDSHAKE_GO),
                            LINK_FOREVER, "waiting for the word to start it",
                            dg);
}

/* Signals do not count from the word on: it is over in a moment. */
static int take_over(struct receive *receive, struct guest *g,
                     struct migration *note)
{
    struct diag *dg = g->host->dg;
    int rc = wait_for_go(receive, dg);

    if (rc) {
        undo(g);
        return rc;
    }
    receive->link.deaf = true;
    rc = start(g, note);
    if (rc) {
        if (give_back(receive, g))
            diag_warn("the sender was not told");
        return rc;
    }
    if (report(receive, 0, dg)) {
        diag_drop(dg);
        diag_warn("%s runs, and the sender was not told", g->cfg.name);
    }
    return 0;
}

int receive_guest(struct receive *receive, struct guest *g,
                  struct restore_from *from, bool paused)
{
    struct diag *dg = g->host->dg;
    struct migration note;
    int rc = migration_init(&note, false, g->cfg.name, "");

    note.paused = paused;
    from->feed = &receive->feed;
    if (!rc)
        rc = set_out(g, &note);
    if (rc)
        rc = diag_fail(dg, DW_FAILED, rc, "%s", strerror(-rc));
    g->from = from;
    if (!rc)
        rc = guest_restore(g, false, dg);
    if (!rc)
        rc = take_over(receive, g, &note);
    g->from = NULL;
    migration_dispose(&note);
    return rc;
}
