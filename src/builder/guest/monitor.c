/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/monitor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xen/sched.h>

#include "guest/create.h"
#include "guest/remove.h"
#include "guest/userdata.h"
#include "host/daemon.h"
#include "host/embedded.h"
#include "host/signals.h"
#include "host/store_preserve.h"
#include "host/xenstore.h"
#include "host/xl.h"
#include "text.h"

/* Where xl logs, and libxl's XEN_DUMP_DIR. */
#define LOG_DIR  "/var/log/xen"
#define DUMP_DIR "/var/lib/xen/dump"

struct monitor {
    struct host *host;
    struct config *cfg;
    uint32_t domid;
    struct timespec started; /* when this domain was */
    struct embedded_mark mark;
};

enum end { GONE, SHUT_DOWN, NO_HOST };

/* ---- what happens, with the time ---- */

static void __attribute__((format(printf, 2, 3)))
say(const struct monitor *m, const char *fmt, ...)
{
    char text[512], name[4 * CONFIG_MAX_NAME + 1], shown[1024], when[32] = "";
    time_t now = time(NULL);
    struct tm tm;
    va_list al;

    va_start(al, fmt);
    vsnprintf(text, sizeof(text), fmt, al);
    va_end(al);
    if (gmtime_r(&now, &tm))
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
    text_escape(name, sizeof(name), m->cfg->name);
    text_escape(shown, sizeof(shown), text);
    fprintf(stderr, "domwright: %s: %s (domain %u): %s\n", when, name, m->domid,
            shown);
}

/* ---- the wait ---- */

/* The domain's end, or -EAGAIN: it lives. */
static int look(struct monitor *m, enum end *end, unsigned int *reason)
{
    xc_domaininfo_t info;
    int rc;

    if (embedded_is_gone(&m->mark)) {
        *end = NO_HOST;
        return 0;
    }
    rc = host_domain(m->host, m->domid, &info);
    if (rc && rc != -ESRCH)
        return rc;
    *end = GONE;
    if (rc || (info.flags & XEN_DOMINF_dying) ||
        memcmp(info.handle, m->cfg->uuid, sizeof(info.handle)))
        return 0;
    *end = SHUT_DOWN;
    *reason = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    /* Whoever asked it to suspend destroys it, or resumes it. */
    return info.flags & XEN_DOMINF_shutdown && *reason != SHUTDOWN_suspend
               ? 0
               : -EAGAIN;
}

static void drain(struct xs_handle *xs)
{
    char **event;

    while ((event = xs_check_watch(xs)))
        free(event);
}

/*
 * xenstored tells of a domain's end; should it fail to, it is seen later.  Of
 * the end of an embedded host's file nobody tells.
 */
static int wait_for_end(struct monitor *m, enum end *end, unsigned int *reason)
{
    const int patience = embedded_here() ? 1000 : 10000; /* ms */
    struct pollfd pfd = {.fd = xs_fileno(m->host->xs), .events = POLLIN};
    int rc;

    while ((rc = look(m, end, reason)) == -EAGAIN) {
        if (poll(&pfd, 1, patience) > 0) {
            if (pfd.revents & POLLIN)
                drain(m->host->xs);
            else
                pfd.fd = -1; /* xenstored is gone */
        }
    }
    return rc;
}

/* Until the domain's memory is free again, which may last; but not for ever. */
static void wait_until_gone(struct monitor *m)
{
    const struct timespec tenth = {.tv_nsec = 100000000};
    xc_domaininfo_t info;
    int i;

    for (i = 0; i < 100 && !host_domain(m->host, m->domid, &info) &&
                !memcmp(info.handle, m->cfg->uuid, sizeof(info.handle));
         i++)
        nanosleep(&tenth, NULL);
}

/* A guest that ends as soon as it starts does not keep the host busy. */
static void wait_a_second_from_start(struct monitor *m)
{
    struct timespec until = m->started;

    until.tv_sec++;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
           EINTR)
        ;
}

/* ---- what is done ---- */

static enum action action_for(const struct config *cfg, unsigned int reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        return cfg->on_poweroff;
    case SHUTDOWN_reboot:
        return cfg->on_reboot;
    case SHUTDOWN_crash:
        return cfg->on_crash;
    case SHUTDOWN_watchdog:
        return cfg->on_watchdog;
    case SHUTDOWN_soft_reset:
        return cfg->on_soft_reset;
    default:
        return ACTION_DESTROY;
    }
}

static const char *reason_name(unsigned int reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "powered off",
        [SHUTDOWN_reboot] = "rebooted",
        [SHUTDOWN_suspend] = "suspended",
        [SHUTDOWN_crash] = "crashed",
        [SHUTDOWN_watchdog] = "watchdog",
        [SHUTDOWN_soft_reset] = "soft reset",
    };

    return reason < sizeof(names) / sizeof(names[0]) ? names[reason]
                                                     : "ended oddly";
}

/*
 * What somebody named it meanwhile is what it is called from now on; but not
 * "../x", say, which other toolstacks take: it names a file here.
 */
static void take_name(struct monitor *m)
{
    char *name = store_read(m->host->xs, m->domid, "name");
    const char *wrong = name ? config_bad_name(name) : NULL;

    if (wrong)
        say(m, "its new name, %s, is not taken: it %s", name, wrong);
    if (!name || wrong) {
        free(name);
    } else {
        free(m->cfg->name);
        m->cfg->name = name;
    }
}

static void dump_core(struct monitor *m)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", DUMP_DIR, m->cfg->name);
    mkdir(DUMP_DIR, 0700);
    if (!xc_domain_dumpcore(m->host->xc, m->domid, path)) {
        say(m, "its memory is in %s", path);
        return;
    }
    say(m, "its memory could not be written to %s: %s", path, strerror(errno));
    unlink(path); /* a part is of no use, and may be all that the disk had */
}

/* xl gave it devices meanwhile, and knows how to take them away. */
static int destroy_by_xl(struct monitor *m)
{
    char id[12];
    char *args[] = {(char *)"xl", (char *)"destroy", id, NULL};
    int rc, status = 0;
    pid_t child;

    snprintf(id, sizeof(id), "%u", m->domid);
    say(m, "xl gave it devices; \"xl destroy %s\"", id);
    rc = xl_start(&child, args);
    if (rc)
        return diag_fail(m->host->dg, DW_FAILED, rc, "cannot run xl: %s",
                         strerror(-rc));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status ? diag_fail(m->host->dg, DW_FAILED, -EIO,
                              "\"xl destroy %s\" failed", id)
                  : 0;
}

static int destroy(struct monitor *m)
{
    int rc = store_has_devices(m->host->xs, m->domid);

    if (rc < 0)
        return diag_fail(m->host->dg, DW_FAILED, rc,
                         "looking for devices in xenstore: %s", strerror(-rc));
    return rc ? destroy_by_xl(m)
              : guest_remove(m->host, m->domid, m->cfg->uuid);
}

/* Another name and UUID for what stays: the next guest has these again. */
static int preserve(struct monitor *m)
{
    struct config kept = *m->cfg;
    char name[CONFIG_MAX_NAME + 32], suffix[32] = "";
    time_t now = time(NULL);
    struct tm tm;
    int rc, rc2;

    if (gmtime_r(&now, &tm)) /* as xl does */
        strftime(suffix, sizeof(suffix), "-%Y%m%dT%H%MZ", &tm);
    snprintf(name, sizeof(name), "%s%s", m->cfg->name, suffix);
    kept.name = name;
    rc = uuid_random(kept.uuid);
    if (!rc)
        rc = store_preserve(m->host, m->domid, name, kept.uuid);
    if (rc)
        return diag_fail(
            m->host->dg, DW_FAILED, rc, "renaming it to %s: %s", name,
            rc == -ENOENT ? "somebody else is taking it away" : strerror(-rc));
    if (xc_domain_sethandle(m->host->xc, m->domid, kept.uuid))
        return diag_fail_xc(m->host->dg, "giving it another UUID");
    rc = userdata_keep(m->host, m->domid, &kept);
    rc2 = userdata_remove(m->domid, m->cfg->uuid);
    if (rc || rc2)
        diag_warn("what xl keeps of domain %u: %s", m->domid,
                  strerror(rc ? -rc : -rc2));
    say(m, "it stays, as %s", name);
    return 0;
}

static int build_again(struct monitor *m)
{
    struct guest g = {.host = m->host, .cfg = *m->cfg};
    int rc;

    wait_a_second_from_start(m);
    g.cfg.uuid_given = true;
    config_init(m->cfg);
    rc = guest_create(&g, true, m->host->dg);
    *m->cfg = g.cfg;
    config_init(&g.cfg);
    if (!rc) {
        m->domid = g.domain.domid;
        clock_gettime(CLOCK_MONOTONIC, &m->started);
        say(m, "started again");
    }
    guest_close(&g);
    interrupt_release();
    return rc;
}

/* 0: done with; 1: there is another guest to wait for. */
static int act(struct monitor *m, enum action action)
{
    bool again = action == ACTION_RESTART ||
                 action == ACTION_COREDUMP_RESTART ||
                 action == ACTION_RENAME_RESTART;
    int rc;

    take_name(m);
    if (action == ACTION_PRESERVE)
        return 0;
    if (action == ACTION_COREDUMP_DESTROY || action == ACTION_COREDUMP_RESTART)
        dump_core(m);
    if (action == ACTION_RENAME_RESTART) {
        rc = preserve(m);
    } else {
        rc = destroy(m);
        if (!rc && again)
            wait_until_gone(m);
    }
    if (!rc && again)
        rc = build_again(m);
    return rc ? rc : again;
}

static int watch(struct monitor *m)
{
    enum action action;
    unsigned int reason = 0;
    enum end end;
    int rc;

    do {
        rc = wait_for_end(m, &end, &reason);
        if (rc)
            return rc;
        /* What lay elsewhere has nobody else to remove it. */
        if (end == NO_HOST) {
            rc = userdata_remove(m->domid, m->cfg->uuid);
            return diag_fail(m->host->dg, DW_NO_XEN, rc ? rc : -ENXIO,
                             "the embedded host that %s was on is gone",
                             m->cfg->name);
        }
        if (end == GONE) {
            say(m, "somebody else destroyed it");
            return 0;
        }
        action = action_for(m->cfg, reason);
        say(m, "%s: %s", reason_name(reason), action_name(action));
        rc = act(m, action);
    } while (rc > 0);
    return rc;
}

/* ---- the two ways in ---- */

int monitor_run(struct host *host, struct config *cfg, uint32_t domid)
{
    struct monitor m = {.host = host, .cfg = cfg, .domid = domid};
    int rc;

    interrupt_release();
    embedded_mark(&m.mark);
    clock_gettime(CLOCK_MONOTONIC, &m.started);
    if (!host->xs) {
        rc = host_open(host, host->dg);
        if (rc)
            return rc;
    }
    if (!xs_watch(host->xs, "@releaseDomain", "monitor"))
        return diag_fail(host->dg, DW_FAILED, -errno,
                         "watching for the guest's end in xenstore: %s",
                         strerror(errno));
    return watch(&m);
}

int monitor_leave(struct host *host, const struct config *cfg, bool at_once)
{
    char log[PATH_MAX];
    int rc;

    if (!embedded_log(log))
        snprintf(log, sizeof(log), LOG_DIR "/domwright-%s.log", cfg->name);
    host_close(host);
    rc = daemon_start(log, at_once);
    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "the guest runs, but nobody waits for its end: %s",
                         strerror(-rc));
    if (rc)
        diag_forget(host->dg);
    return rc;
}
