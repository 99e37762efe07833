/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "guest/remove.h"
#include "host/host.h"
#include "host/xenstore.h"

static int destroy_one(struct host *host, const char *who, void *arg)
{
    xc_domaininfo_t info;
    uint32_t domid;
    char *name;
    int rc = host_find_id(host, who, &domid);

    (void)arg;

    if (rc)
        return rc;
    if (domid == 0)
        return diag_fail(host->dg, DW_FAILED, -EPERM,
                         "domain 0 is not to be destroyed");
    rc = store_has_devices(host->xs, domid);
    if (rc < 0)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "looking for devices of domain %s in xenstore: %s",
                         who, strerror(-rc));
    if (rc)
        return diag_fail(host->dg, DW_FAILED, -EBUSY,
                         "domain %s has devices; use \"xl destroy %s\"", who,
                         who);
    rc = host_domain(host, domid, &info);
    if (!rc)
        return guest_remove(host, domid, info.handle);
    name = store_read(host->xs, domid, "name");
    if (rc == -ESRCH && name) /* it has left entries */
        rc = guest_remove(host, domid, NULL);
    else if (rc == -ESRCH)
        rc = diag_fail(host->dg, DW_FAILED, rc, "no domain %s", who);
    free(name);
    return rc;
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
