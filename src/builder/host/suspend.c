/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/find.h"
#include "host/suspend.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xen/sched.h>
#include <xenguest.h>

#include "host/control.h"
#include "host/signals.h"
#include "host/xenstore.h"

/* libxl's patience, for the answer and for the deed (domain_suspend_common). */
#define PATIENCE_S 60

/* How long a guest that has answered may take to get there, where nobody wants
 * it any more. */
#define SETTLE_S 10

/* How long a signal may have to wait, or an event that nobody told of. */
#define LOOK_MS 200

enum state { RUNS, SUSPENDED };

static unsigned int reason_of(const xc_domaininfo_t *info)
{
    return info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

bool suspend_is_done(const xc_domaininfo_t *info)
{
    return info->flags & XEN_DOMINF_shutdown &&
           reason_of(info) == SHUTDOWN_suspend;
}

static int look(struct host *host, uint32_t domid, enum state *state)
{
    xc_domaininfo_t info;
    int rc = host_domain(host, domid, &info);

    if (rc == -ESRCH || (!rc && info.flags & XEN_DOMINF_dying))
        return diag_fail(host->dg, DW_FAILED, -ESRCH,
                         "domain %s is gone before it suspended",
                         host_called(host, domid));
    if (rc)
        return rc;
    *state = suspend_is_done(&info) ? SUSPENDED : RUNS;
    if (info.flags & XEN_DOMINF_shutdown && *state == RUNS)
        return diag_fail(host->dg, DW_FAILED, -ESHUTDOWN,
                         "domain %s has shut down, and cannot suspend",
                         host_called(host, domid));
    return 0;
}

/* An answer is that the guest took the request away. */
static bool has_answered(struct host *host, uint32_t domid)
{
    char *request = store_read(host->xs, domid, "control/shutdown");
    bool answered = !request || strcmp(request, "suspend");

    free(request);
    return answered;
}

static void wait_for_event(struct host *host)
{
    struct pollfd fd = {.fd = xs_fileno(host->xs), .events = POLLIN};
    char **event;

    poll(&fd, 1, LOOK_MS);
    while ((event = xs_check_watch(host->xs)))
        free(event);
}

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Until it is suspended; each stage has its own patience. */
static int wait_until_suspended(struct host *host, uint32_t domid,
                                int (*check)(void *arg), void *arg)
{
    time_t begin = now();
    bool answered = false;
    enum state state;
    int rc;

    for (;;) {
        rc = look(host, domid, &state);
        if (!rc && state == RUNS)
            rc = interrupt_check(host->dg);
        if (!rc && state == RUNS && check)
            rc = check(arg);
        if (rc || state == SUSPENDED)
            return rc;
        if (!answered && has_answered(host, domid)) {
            answered = true;
            begin = now();
        }
        if (now() - begin >= PATIENCE_S)
            return diag_fail(host->dg, DW_FAILED, -ETIMEDOUT,
                             answered ? "domain %s answered, but did not "
                                        "suspend in %u seconds"
                                      : "domain %s did not answer the request "
                                        "to suspend in %u seconds; has its "
                                        "kernel a driver for that?",
                             host_called(host, domid), PATIENCE_S);
        wait_for_event(host);
    }
}

/*
 * It has answered, and is on its way: where it gets to it cannot go on by
 * itself.  Signals do not count, as there is something to clean up.
 */
static int let_go_on(struct host *host, uint32_t domid)
{
    time_t begin = now();
    enum state state = RUNS;
    int rc = 0;

    while (!rc && state == RUNS && now() - begin < SETTLE_S) {
        wait_for_event(host);
        rc = look(host, domid, &state);
    }
    return rc ? rc : state == SUSPENDED ? suspend_end(host, domid) : -ETIMEDOUT;
}

/* So that it does not act on it later, when nobody waits. */
static int take_back(struct host *host, uint32_t domid)
{
    return has_answered(host, domid) ? let_go_on(host, domid)
                                     : control_shutdown(host, domid, "");
}

static int ask(struct host *host, uint32_t domid, int (*check)(void *arg),
               void *arg)
{
    int rc;

    if (!has_answered(host, domid))
        return diag_fail(host->dg, DW_FAILED, -EBUSY,
                         "domain %s is asked to suspend by somebody else",
                         host_called(host, domid));
    rc = control_shutdown(host, domid, "suspend");
    if (!rc)
        rc = wait_until_suspended(host, domid, check, arg);
    if (rc && rc != -ESRCH && rc != -ESHUTDOWN && take_back(host, domid))
        diag_warn("domain %s may still suspend, later",
                  host_called(host, domid));
    return rc;
}

int suspend_guest(struct host *host, uint32_t domid, int (*check)(void *arg),
                  void *arg)
{
    enum state state;
    int rc = look(host, domid, &state);

    if (rc)
        return rc;
    if (state == SUSPENDED)
        return diag_fail(host->dg, DW_FAILED, -EBUSY,
                         "domain %s was suspended by somebody else",
                         host_called(host, domid));
    if (!xs_watch(host->xs, "@releaseDomain", "suspend"))
        return diag_fail(host->dg, DW_FAILED, -errno,
                         "waiting for domain %s to suspend: xenstore: %s",
                         host_called(host, domid), strerror(errno));
    rc = ask(host, domid, check, arg);
    xs_unwatch(host->xs, "@releaseDomain", "suspend");
    return rc;
}

int suspend_end(struct host *host, uint32_t domid)
{
    if (xc_domain_resume(host->xc, domid, 1))
        return diag_fail_xc(host->dg, "resuming domain %s",
                            host_called(host, domid));
    if (!xs_resume_domain(host->xs, domid))
        return diag_fail(host->dg, DW_FAILED, -errno,
                         "telling xenstore that domain %s goes on: %s",
                         host_called(host, domid), strerror(errno));
    return 0;
}

int suspend_call_off(struct host *host, uint32_t domid, bool asked)
{
    enum state state;
    int rc = look(host, domid, &state);

    if (rc || state == SUSPENDED)
        return rc ? rc : suspend_end(host, domid);
    if (has_answered(host, domid) && !asked)
        return 0;
    rc = take_back(host, domid);
    /* It had not been asked yet, or is about to stop for something else. */
    return rc == -ETIMEDOUT ? 0 : rc;
}
