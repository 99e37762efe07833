/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/migration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/remove.h"
#include "host/control.h"
#include "host/suspend.h"

/* ---- who sees to it ---- */

/* When a process began, in ticks since the machine did; 0: there is none.  Its
 * name, which comes before, may have anything in it (proc(5)). */
static uint64_t age_of(pid_t pid)
{
    char path[40], text[1024], *at;
    uint64_t age = 0;
    FILE *file;
    size_t n;
    int i;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    at = strrchr(text, ')');
    /* Behind the name come fields 3 and on. */
    for (i = 2; at && i < 22; i++)
        at = strchr(at + 1, ' ');
    if (at)
        age = strtoull(at + 1, NULL, 10);
    return age;
}

bool migration_is_alive(const struct migration *m)
{
    return m->age && age_of(m->pid) == m->age;
}

int migration_init(struct migration *m, bool sends, const char *name,
                   const char *target)
{
    *m = (struct migration){
        .sends = sends,
        .pid = getpid(),
        .age = age_of(getpid()),
        .name = strdup(name),
        .target = strdup(target),
    };
    return m->name && m->target ? 0 : -ENOMEM;
}

int migration_init_save(struct migration *m, const char *name)
{
    int rc = migration_init(m, true, name, "");

    m->saves = true;
    return rc;
}

void migration_dispose(struct migration *m)
{
    free(m->name);
    free(m->target);
    *m = (struct migration){.sends = false};
}

/* ---- the node ---- */

static void path_of(char path[64], uint32_t domid, bool saves)
{
    snprintf(path, 64, "/libxl/%u/domwright-%s", domid,
             saves ? "save" : "migration");
}

static const char *const phases[] = {
    [MIGRATION_OPEN] = "open",
    [MIGRATION_ASKED] = "asked",
    [MIGRATION_GIVEN] = "given",
    [MIGRATION_DONE] = "done",
};

char *migration_text(const struct migration *m)
{
    char *text;

    return asprintf(&text, "%s %s %s %d %" PRIu64 "\n%s\n%s",
                    m->sends ? "send" : "receive", phases[m->phase],
                    m->paused ? "paused" : "runs", m->pid, m->age, m->name,
                    m->target) < 0
               ? NULL
               : text;
}

static int put(struct host *host, xs_transaction_t t, uint32_t domid,
               const struct migration *m)
{
    char path[64], *text = migration_text(m);
    bool done;

    path_of(path, domid, m->saves);
    errno = ENOMEM;
    done =
        text && xs_write(host->xs, t, path, text, (unsigned int)strlen(text));
    free(text);
    return done ? 0
                : diag_fail(host->dg, DW_FAILED, -errno,
                            "noting the migration of domain %u in xenstore: %s",
                            domid, strerror(errno));
}

int migration_write(struct host *host, uint32_t domid,
                    const struct migration *m)
{
    return put(host, XBT_NULL, domid, m);
}

static bool parse(struct migration *m, char *text)
{
    char side[16], phase[16], then[16], *name, *target;

    name = strchr(text, '\n');
    target = name ? strchr(name + 1, '\n') : NULL;
    if (!target)
        return false;
    *name++ = *target++ = '\0';
    if (sscanf(text, "%15s %15s %15s %d %" SCNu64, side, phase, then, &m->pid,
               &m->age) != 5)
        return false;
    m->sends = !strcmp(side, "send");
    /* What is not understood is left alone, as one that is given away is. */
    m->phase = !strcmp(phase, "open")    ? MIGRATION_OPEN
               : !strcmp(phase, "asked") ? MIGRATION_ASKED
               : !strcmp(phase, "done")  ? MIGRATION_DONE
                                         : MIGRATION_GIVEN;
    m->paused = !strcmp(then, "paused");
    m->name = strdup(name);
    m->target = strdup(target);
    return m->name && m->target;
}

static int get(struct host *host, xs_transaction_t t, uint32_t domid,
               bool saves, struct migration *m)
{
    char path[64], *text;
    unsigned int n;
    bool read;

    *m = (struct migration){.saves = saves};
    path_of(path, domid, saves);
    text = xs_read(host->xs, t, path, &n);
    if (!text)
        return errno == ENOENT ? 0 : -errno;
    read = parse(m, text);
    free(text);
    if (!read)
        migration_dispose(m);
    return read;
}

int migration_read(struct host *host, uint32_t domid, struct migration *m)
{
    return get(host, XBT_NULL, domid, false, m);
}

static void clear(struct host *host, uint32_t domid, bool saves)
{
    char path[64];

    path_of(path, domid, saves);
    /* What stays says no more than that it is seen to. */
    if (!xs_rm(host->xs, XBT_NULL, path) && errno != ENOENT)
        diag_warn("domain %u is still noted as %s: %s", domid,
                  saves ? "being saved" : "migrating", strerror(errno));
}

void migration_clear(struct host *host, uint32_t domid)
{
    clear(host, domid, false);
}

void migration_clear_save(struct host *host, uint32_t domid)
{
    clear(host, domid, true);
}

static int check_none(struct host *host, xs_transaction_t t, uint32_t domid,
                      bool saves, const char *who)
{
    struct migration m;
    int rc = get(host, t, domid, saves, &m);

    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc, "reading xenstore: %s",
                         strerror(-rc));
    rc = rc && m.phase != MIGRATION_DONE && migration_is_alive(&m) ? -EBUSY : 0;
    if (rc)
        rc = diag_fail(host->dg, DW_FAILED, rc,
                       "domain %s is %s: process %d sees to it", who,
                       saves ? "being saved"
                             : "on its way to another host, or from one",
                       (int)m.pid);
    migration_dispose(&m);
    return rc;
}

static int check_nobody(struct host *host, xs_transaction_t t, uint32_t domid,
                        const char *who)
{
    int rc = check_none(host, t, domid, false, who);

    return rc ? rc : check_none(host, t, domid, true, who);
}

int migration_check_none(struct host *host, uint32_t domid, const char *who)
{
    return check_nobody(host, XBT_NULL, domid, who);
}

int migration_claim(struct host *host, uint32_t domid,
                    const struct migration *m, const char *who)
{
    xs_transaction_t t;
    bool done;
    int rc;

    do {
        t = xs_transaction_start(host->xs);
        rc = check_nobody(host, t, domid, who);
        if (!rc)
            rc = put(host, t, domid, m);
        done = xs_transaction_end(host->xs, t, rc != 0);
    } while (!rc && !done && errno == EAGAIN);
    return rc || done ? rc
                      : diag_fail(host->dg, DW_FAILED, -errno,
                                  "writing xenstore: %s", strerror(errno));
}

/* ---- what becomes of it ---- */

int migration_start(struct host *host, uint32_t domid, struct migration *m)
{
    xc_domaininfo_t info;
    int rc;

    m->phase = MIGRATION_GIVEN;
    rc = migration_write(host, domid, m);
    if (!rc)
        rc = control_rename(host, domid, m->name);
    if (!rc)
        rc = host_domain(host, domid, &info);
    if (!rc && !m->paused && info.flags & XEN_DOMINF_paused &&
        xc_domain_unpause(host->xc, domid))
        rc = diag_fail_xc(host->dg, "unpausing domain %u", domid);
    if (rc)
        return rc;
    m->phase = MIGRATION_DONE;
    if (migration_write(host, domid, m)) {
        diag_drop(host->dg); /* it runs all the same */
        diag_warn("domain %u is not noted as received", domid);
    }
    return 0;
}

int migration_take_back(struct host *host, uint32_t domid,
                        const struct migration *m)
{
    int rc = control_rename(host, domid, m->name), rc2;

    rc2 = suspend_call_off(host, domid, m->phase != MIGRATION_OPEN);
    if (!rc2)
        migration_clear(host, domid);
    return rc2 ? rc2 : rc;
}

static int mend(struct host *host, const xc_domaininfo_t *info,
                struct migration *m)
{
    if (m->phase == MIGRATION_DONE)
        return 0;
    if (m->sends && m->phase == MIGRATION_GIVEN) {
        diag_warn("domain %u was given to \"%s\", and whether it runs there is "
                  "not known: \"domwright migrate --settle %u\" asks",
                  info->domain, m->target, info->domain);
        return 0;
    }
    if (m->sends)
        return migration_take_back(host, info->domain, m);
    if (m->phase != MIGRATION_GIVEN)
        return guest_remove(host, info->domain, info->handle);
    return migration_start(host, info->domain, m);
}

/* Nothing is in the file, or all of it: whoever wants that guest has it there.
 */
static int mend_saved(struct host *host, const xc_domaininfo_t *info,
                      const struct migration *m)
{
    int rc = m->phase == MIGRATION_OPEN
                 ? 0
                 : suspend_call_off(host, info->domain, true);

    if (!rc)
        migration_clear_save(host, info->domain);
    return rc;
}

static int mend_one(struct host *host, const xc_domaininfo_t *info, bool saves)
{
    struct migration m;
    int rc = get(host, XBT_NULL, info->domain, saves, &m);

    if (rc > 0 && migration_is_alive(&m))
        rc = 0;
    else if (rc > 0)
        rc = saves ? mend_saved(host, info, &m) : mend(host, info, &m);
    migration_dispose(&m);
    return rc;
}

int migration_mend(struct host *host)
{
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc = host_domains(host, &list, &n);

    if (rc)
        return rc;
    for (i = 0; !rc && i < n; i++)
        if (list[i].domain && !(list[i].flags & XEN_DOMINF_dying)) {
            rc = mend_one(host, &list[i], false);
            if (!rc)
                rc = mend_one(host, &list[i], true);
        }
    free(list);
    return rc;
}
