/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/remove.h"

#include <errno.h>
#include <string.h>

#include "guest/domain.h"
#include "guest/userdata.h"
#include "host/xenstore.h"

/* `uuid` may be NULL: nobody knows it. */
static int remove_entries(struct host *host, uint32_t domid,
                          const uint8_t *uuid)
{
    int rc = store_remove(host, domid);

    if (rc)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "removing the xenstore entries of domain %u: %s",
                         domid, strerror(-rc));
    rc = uuid ? userdata_remove(domid, uuid) : 0;
    return rc ? diag_fail(host->dg, DW_FAILED, rc,
                          "removing what xl keeps of domain %u: %s", domid,
                          strerror(-rc))
              : 0;
}

/*
 * A guest that runs when its entries go may crash of that, and its monitor
 * would see no more than a guest that crashed.  They go before the domain does:
 * a tool that sees it afterwards sees it dying.
 */
int guest_remove(struct host *host, uint32_t domid,
                 const uint8_t uuid[UUID_BYTES])
{
    struct domain domain = {.domid = domid, .exists = true};
    int rc;

    diag_step(host->dg);
    if (xc_domain_pause(host->xc, domid) && errno != ESRCH)
        return diag_fail_xc(host->dg, "pausing domain %u, to destroy it",
                            domid);
    rc = remove_entries(host, domid, uuid);
    return domain_destroy(&domain, host) ? -EIO : rc;
}

/* The domain stays untouched: its ID may be another's by now. */
int guest_remove_rest(struct host *host, uint32_t domid)
{
    uint8_t uuid[UUID_BYTES];
    int known = 0, rc = store_has_entry(host->xs, XBT_NULL, domid);

    if (rc > 0)
        known = store_uuid(host->xs, domid, uuid);
    if (rc < 0 || known < 0)
        return diag_fail(host->dg, DW_FAILED, rc < 0 ? rc : known,
                         "looking for domain %u in xenstore: %s", domid,
                         strerror(rc < 0 ? -rc : -known));
    if (!rc)
        return 0;
    rc = remove_entries(host, domid, known ? uuid : NULL);
    return rc ? rc : 1;
}
