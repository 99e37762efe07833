/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "command/command.h"
#include "guest/remove.h"
#include "host/find.h"
#include "host/xenstore.h"

/* What such a domain has left goes, but no domain does. */
static int is_gone(struct host *host, const char *who, uint32_t domid)
{
    int rc = guest_remove_rest(host, domid);

    if (rc < 0)
        return rc;
    return diag_fail(host->dg, DW_FAILED, -ESRCH, "no domain %s%s", who,
                     rc ? "; what it had left in xenstore is removed" : "");
}

static int destroy_one(struct host *host, const char *who, void *arg)
{
    xc_domaininfo_t info;
    uint32_t domid;
    int rc = host_find_id(host, who, &domid);

    (void)arg;

    if (rc)
        return rc;
    if (domid == 0)
        return diag_fail(host->dg, DW_FAILED, -EPERM,
                         "domain 0 is not to be destroyed");
    rc = host_domain(host, domid, &info);
    if (rc)
        return rc == -ESRCH ? is_gone(host, who, domid) : rc;
    rc = store_has_devices(host->xs, domid);
    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "looking for devices of domain %s in xenstore: %s",
                         who, strerror(-rc));
    if (rc)
        return diag_fail(host->dg, DW_FAILED, -EBUSY,
                         "domain %s has devices; use \"xl destroy %s\"", who,
                         who);
    return guest_remove(host, domid, info.handle);
}

static int run(struct host *host, const struct args *args)
{
    return cmd_each_domain(host, args, destroy_one, NULL);
}

const struct command cmd_destroy = {
    .name = "destroy",
    .args = "DOMAIN... | --all",
    .summary = "remove guests at once, whatever they are doing",
    .need = NEED_STORE,
    .options = cmd_all_option,
    .letters = "a",
    .max = -1,
    .check = cmd_check_all,
    .run = run,
};
