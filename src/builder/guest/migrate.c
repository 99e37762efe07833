/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/migrate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/migration.h"
#include "guest/remove.h"
#include "host/control.h"
#include "host/link.h"
#include "host/suspend.h"
#include "host/xenstore.h"
#include "stream/handshake.h"

/* Somebody may have to type a password first. */
#define BANNER_MS 120000

/* How long the other side may take when it has all of it: one that kept the
 * stream restores the guest now, 16 MiB a second at least. */
#define READY_MS       60000
#define READY_PAGES_MS 4

/* How long the other side may take to start what it has. */
#define REPORT_MS 60000

/* What a shell, and ssh for it, ends with that does not find a command. */
#define NOT_FOUND 127

/* How often it is asked what became of it. */
#define ASK_TIMES 3

struct send {
    struct host *host;
    const xc_domaininfo_t *info;
    const struct migrate_to *to;
    struct migrate_facts *facts;
    struct link link;
    struct migration note;
};

int migrate_live_way(struct host *host, enum save_way *way)
{
    xc_physinfo_t phys;

    if (xc_physinfo(host->xc, &phys))
        return diag_fail_xc(host->dg, "asking Xen about the host");
    /* A PV guest's writes are logged by shadow page tables (xen/SUPPORT.md). */
    *way = phys.capabilities & XEN_SYSCTL_PHYSCAP_shadow ? SAVE_LOG_DIRTY
                                                         : SAVE_HASHED;
    return 0;
}

/* ---- the other side ---- */

static int connect_to(struct link *link, const char *command, bool deaf,
                      struct diag *dg)
{
    int rc = link_start(link, command, dg);

    link->deaf = deaf;
    return rc ? rc
              : link_expect(link, HANDSHAKE_BANNER,
                            sizeof(HANDSHAKE_BANNER) - 1, BANNER_MS,
                            "waiting for \"domwright migrate-receive\" there",
                            dg);
}

/* How the command ended says more than that the link did: `rc` again. */
static int tell_end(int rc, int status, const struct migrate_to *to,
                    const char *what, struct diag *dg)
{
    char how[80];

    if (rc != -EPIPE || status <= 0)
        return rc;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
        what = "is domwright installed there?";
    if (WIFEXITED(status))
        snprintf(how, sizeof(how), "status %d", WEXITSTATUS(status));
    else
        snprintf(how, sizeof(how), "%s", strsignal(WTERMSIG(status)));
    diag_drop(dg);
    return diag_fail(dg, DW_FAILED, rc, "%s ended (%s), %s", to->name, how,
                     what);
}

static const char not_ready[] = "and is no \"domwright migrate-receive\"";
static const char not_taken[] = "and has not taken the guest";
static const char would_not[] = "and would not take the guest";

/* One of ours looks at what a stream begins with, says what it has against it,
 * and ends with what there is. */
int migrate_probe(struct host *host, const xc_domaininfo_t *info,
                  unsigned int width, const struct migrate_to *to)
{
    struct link link;
    int rc = connect_to(&link, to->command, false, host->dg), status;
    const bool was_ready = !rc;

    if (!rc && to->ours)
        rc = guest_save_header(host, info, width, link.out, to->name);
    status = link_close(&link);
    if (!rc && to->ours && status)
        rc = diag_fail(host->dg, DW_FAILED, -EPIPE, "%s did not end", to->name);
    return tell_end(rc, status, to, was_ready ? would_not : not_ready,
                    host->dg);
}

enum whereabouts { THERE, ABSENT, NOBODY_KNOWS };

/* One question: what it answers is final, stream/handshake.h. */
static enum whereabouts ask_once(const char *command, const uint8_t *uuid)
{
    char question[HANDSHAKE_ASK_LEN + UUID_BYTES] = HANDSHAKE_ASK;
    char answer[sizeof(HANDSHAKE_RUNS)] = "";
    struct diag dg;
    struct link link;
    int rc;

    diag_init(&dg);
    memcpy(question + HANDSHAKE_ASK_LEN, uuid, UUID_BYTES);
    rc = connect_to(&link, command, true, &dg);
    if (!rc)
        rc = link_put(&link, question, sizeof(question), "asking", &dg);
    if (!rc)
        rc = link_get(&link, answer, sizeof(answer), REPORT_MS, "asking", &dg);
    link_close(&link);
    if (rc)
        return NOBODY_KNOWS;
    return !memcmp(answer, HANDSHAKE_RUNS, sizeof(answer))     ? THERE
           : !memcmp(answer, HANDSHAKE_ABSENT, sizeof(answer)) ? ABSENT
                                                               : NOBODY_KNOWS;
}

static enum whereabouts ask(const char *command, const uint8_t *uuid)
{
    enum whereabouts where = NOBODY_KNOWS;
    unsigned int i;

    for (i = 0; where == NOBODY_KNOWS && i < ASK_TIMES; i++)
        where = ask_once(command, uuid);
    return where;
}

/* ---- before GO ---- */

static int note_name(struct send *send, char **name)
{
    *name = store_read(send->host->xs, send->info->domain, "name");
    return *name ? 0
                 : diag_fail(send->host->dg, DW_FAILED, -ENOENT,
                             "domain %u has no name", send->info->domain);
}

/* So that whoever comes next knows whose it is, where we do not get to the end.
 */
static int note(struct send *send)
{
    char *name;
    int rc = note_name(send, &name);

    if (!rc)
        rc = migration_init(&send->note, true, name, send->to->command);
    free(name);
    if (rc)
        return diag_fail(send->host->dg, DW_FAILED, rc, "%s", strerror(-rc));
    return migration_claim(send->host, send->info->domain, &send->note,
                           send->note.name);
}

/* One that has refused the guest does not make it stand still. */
static int check_link(void *arg)
{
    struct send *send = arg;

    return link_check(&send->link, "sending it", send->host->dg);
}

/* From then on the guest may come to stand still at any moment. */
static int note_asked(void *arg)
{
    struct send *send = arg;
    int rc = check_link(send);

    if (rc)
        return rc;
    send->note.phase = MIGRATION_ASKED;
    return migration_write(send->host, send->info->domain, &send->note);
}

/* Somebody may have let it go on meanwhile: then it is not to run there. */
static int check_suspended(struct send *send)
{
    xc_domaininfo_t info;
    int rc = host_domain(send->host, send->info->domain, &info);

    if (!rc && suspend_is_done(&info) &&
        !memcmp(info.handle, send->info->handle, sizeof(info.handle)))
        return 0;
    return diag_fail(send->host->dg, DW_FAILED, rc ? rc : -EBUSY,
                     "domain %u did not stay suspended: somebody else was at "
                     "it",
                     send->info->domain);
}

static int rename_away(struct send *send)
{
    char *name;
    int rc;

    if (asprintf(&name, "%s" MIGRATION_AWAY, send->note.name) < 0)
        return diag_fail(send->host->dg, DW_FAILED, -ENOMEM, "out of memory");
    rc = control_rename(send->host, send->info->domain, name);
    free(name);
    return rc;
}

/* From the node on it is not ours, whatever becomes of the word itself. */
static int give(struct send *send)
{
    struct host *host = send->host;
    const uint64_t more = send->info->tot_pages / READY_PAGES_MS;
    const int ms = more < INT_MAX - READY_MS ? READY_MS + (int)more : INT_MAX;
    int rc = link_expect(&send->link, HANDSHAKE_READY, sizeof(HANDSHAKE_READY),
                         ms, "waiting until it is there", host->dg);

    if (!rc)
        rc = rename_away(send);
    if (!rc)
        rc = check_suspended(send);
    if (rc)
        return rc;
    send->note.phase = MIGRATION_GIVEN;
    return migration_write(host, send->info->domain, &send->note);
}

/* ---- after it ---- */

/* It was not started there, and the copy is gone. */
static int refused(struct send *send)
{
    return diag_fail(send->host->dg, DW_FAILED, -EREMOTEIO,
                     "%s could not start it", send->to->name);
}

static int hear(struct send *send, enum whereabouts *where, struct diag *dg)
{
    unsigned char status;
    int rc = link_put(&send->link, HANDSHAKE_GO, sizeof(HANDSHAKE_GO),
                      "giving it away", dg);

    *where = NOBODY_KNOWS;
    if (!rc)
        rc = link_expect(&send->link, HANDSHAKE_REPORT,
                         sizeof(HANDSHAKE_REPORT), REPORT_MS, "the report", dg);
    if (!rc)
        rc = link_get(&send->link, &status, 1, REPORT_MS, "the report", dg);
    if (!rc && !status)
        *where = THERE;
    if (!rc && status) {
        rc = link_expect(&send->link, HANDSHAKE_GO, sizeof(HANDSHAKE_GO),
                         REPORT_MS, "the guest's way back", dg);
        if (!rc)
            *where = ABSENT;
    }
    return rc;
}

static int unknown(struct host *host, uint32_t domid,
                   const struct migration *note)
{
    return diag_fail(host->dg, DW_FAILED, -EREMOTEIO,
                     "whether %s runs there is not known: here it stays "
                     "suspended, as domain %u, %s" MIGRATION_AWAY
                     "; \"domwright migrate --settle %u\" asks again",
                     note->name, domid, note->name, domid);
}

static int take_back(struct host *host, uint32_t domid,
                     const struct migration *note)
{
    int rc = migration_take_back(host, domid, note);

    if (rc)
        diag_warn("domain %u stays suspended", domid);
    return rc;
}

/* Signals do not count from here on: it is over in a moment, or not at all. */
static int finish(struct send *send)
{
    const uint32_t domid = send->info->domain;
    struct host *host = send->host;
    enum whereabouts where;
    struct diag dg;
    int rc;

    diag_init(&dg);
    send->link.deaf = true;
    rc = hear(send, &where, &dg);
    if (rc) {
        link_close(&send->link);
        where = ask(send->to->command, send->info->handle);
    }
    send->facts->downtime = live_now() - send->facts->live.since;
    if (where == THERE)
        return guest_remove(host, domid, send->info->handle);
    rc = where == ABSENT ? refused(send) : unknown(host, domid, &send->note);
    if (where == ABSENT && take_back(host, domid, &send->note))
        diag_warn("domain %u stays suspended", domid);
    return rc;
}

/* ---- all of it ---- */

static int send_off(struct send *send, unsigned int width,
                    const struct save_progress *progress)
{
    const struct save_terms terms = {
        .way = send->to->way,
        .to = send->to->name,
        .max_downtime = send->to->max_downtime,
        .suspends = note_asked,
        .check = check_link,
        .arg = send,
    };
    struct host *host = send->host;
    int rc = note(send), rc2;

    if (!rc)
        rc = guest_save_by(host, send->info, width, send->link.out, progress,
                           &terms, &send->facts->live);
    if (!rc) {
        rc = give(send);
        if (!rc)
            return finish(send);
        rc2 = take_back(host, send->info->domain, &send->note);
        return rc2 && !rc ? rc2 : rc;
    }
    migration_clear(host, send->info->domain);
    return rc;
}

int migrate_send(struct host *host, const xc_domaininfo_t *info,
                 unsigned int width, const struct migrate_to *to,
                 const struct save_progress *progress,
                 struct migrate_facts *facts)
{
    struct send send = {.host = host, .info = info, .to = to, .facts = facts};
    int rc = connect_to(&send.link, to->command, false, host->dg), status;
    const bool was_ready = !rc;

    if (!rc)
        rc = send_off(&send, width, progress);
    status = link_close(&send.link);
    migration_dispose(&send.note);
    return tell_end(rc, status, to, was_ready ? not_taken : not_ready,
                    host->dg);
}

int migrate_settle(struct host *host, const xc_domaininfo_t *info)
{
    struct migration note;
    enum whereabouts where = NOBODY_KNOWS;
    int rc = migration_read(host, info->domain, &note);

    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc, "reading xenstore: %s",
                         strerror(-rc));
    if (!rc || !note.sends || note.phase != MIGRATION_GIVEN ||
        migration_is_alive(&note)) {
        migration_dispose(&note);
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain %u was not given away, or is just being",
                         info->domain);
    }
    if (*note.target)
        where = ask(note.target, info->handle);
    rc = where == THERE    ? guest_remove(host, info->domain, info->handle)
         : where == ABSENT ? take_back(host, info->domain, &note)
                           : unknown(host, info->domain, &note);
    migration_dispose(&note);
    return rc ? rc : where == THERE;
}
