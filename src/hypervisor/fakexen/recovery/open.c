/* SPDX-License-Identifier: GPL-2.0-only */
#include "recovery/open.h"

#include <errno.h>
#include <stdio.h>

#include "domain/domain.h"
#include "domain/event.h"
#include "machine/lock.h"
#include "memory/mapping.h"
#include "recovery/audit.h"
#include "recovery/check.h"
#include "run/start.h"

static void notify(struct fx_host *host, uint32_t port)
{
    (void)fx_event_send(host, &host->super->domain[FX_CONTROL_DOMID], port);
}

static const struct fx_hooks hooks = {
    .check = fx_check_domains,
    .repair = fx_audit_repair,
    .leave = fx_reap_domains,
    .notify = notify,
};

/* With the lock held: what the frames say, which fx_lock() has seen to. */
static int check_opened(struct fx_host *host, const struct fx_options *options,
                        char *why, size_t len)
{
    char reason[256];
    int rc;

    if (host->unrepaired) {
        snprintf(why, len, "%s: no memory to put it in order",
                 fx_host_name(options));
        return -ENOMEM;
    }
    rc = fx_check_states(host, reason, sizeof(reason));
    if (rc)
        snprintf(why, len, "%s: %s", fx_host_name(options), reason);
    return rc;
}

int fx_host_open(const struct fx_options *options, struct fx_host **host,
                 char *why, size_t len)
{
    struct fx_host *h;
    int rc = fx_machine_open(options, &hooks, &h, why, len);

    *host = NULL;
    if (rc)
        return rc;
    fx_lock(h);
    rc = check_opened(h, options, why, len);
    if (!rc) {
        fx_mapping_reap(h);
        fx_bury_runners(h);
    }
    fx_unlock(h);
    if (rc) {
        fx_host_close(h);
        return rc;
    }
    *host = h;
    return 0;
}

int fx_host_view(const struct fx_options *options, struct fx_host **host,
                 char *why, size_t len)
{
    struct fx_host *h;
    int rc = fx_machine_view(options, &hooks, &h, why, len);

    *host = NULL;
    if (rc)
        return rc;
    rc = check_opened(h, options, why, len);
    if (!rc) {
        fx_mapping_reap(h);
        fx_reap_domains(h);
    }
    if (rc && !fx_view_is_good(h))
        rc = -EBUSY;
    if (rc) {
        fx_host_close(h);
        return rc;
    }
    *host = h;
    return 0;
}
