/* SPDX-License-Identifier: GPL-2.0-only */
#include "recovery/open.h"

#include <stdio.h>

#include "domain/domain.h"
#include "machine/lock.h"
#include "memory/mapping.h"
#include "recovery/audit.h"
#include "recovery/check.h"

static const struct fx_hooks hooks = {
    .check = fx_check_domains,
    .repair = fx_audit_repair,
    .leave = fx_reap_domains,
};

int fx_host_open(const struct fx_options *options, struct fx_host **host,
                 char *why, size_t len)
{
    struct fx_host *h;
    char reason[128];
    int rc = fx_machine_open(options, &hooks, &h, why, len);

    *host = NULL;
    if (rc)
        return rc;
    fx_lock(h);
    rc = fx_check_states(h, reason, sizeof(reason));
    if (!rc)
        fx_mapping_reap(h);
    fx_unlock(h);
    if (rc) {
        snprintf(why, len, "%s: %s", options->path ? options->path : "memory",
                 reason);
        fx_host_close(h);
        return rc;
    }
    *host = h;
    return 0;
}
