/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/remove.h"

#include <errno.h>
#include <string.h>

#include "guest/domain.h"
#include "guest/userdata.h"
#include "host/xenstore.h"

/* Entries go first: a tool that sees the domain afterwards sees it dying. */
int guest_remove(struct host *host, uint32_t domid, const uint8_t *uuid)
{
    /* One that is gone stays so: its ID may be another's by now. */
    struct domain domain = {.domid = domid, .exists = uuid != NULL};
    int rc = store_remove(host->xs, domid);

    if (rc)
        rc = diag_fail(host->dg, DW_FAILED, rc,
                       "removing the xenstore entries of domain %u: %s", domid,
                       strerror(-rc));
    if (!rc && uuid)
        rc = userdata_remove(domid, uuid);
    if (rc)
        rc = diag_fail(host->dg, DW_FAILED, rc,
                       "removing what xl keeps of domain %u: %s", domid,
                       strerror(-rc));
    return domain_destroy(&domain, host) ? -EIO : rc;
}
