/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/undo.h"

#include "guest/userdata.h"
#include "host/xenstore.h"

int guest_undo(struct guest *g)
{
    int rc = 0, rc2;

    /* Before that, entries that look like its own are another domain's. */
    if (g->entered)
        rc = store_remove(g->host, g->domain.domid);
    g->entered = false;
    if (g->domain.exists) {
        rc2 = userdata_remove(g->domain.domid, g->cfg.uuid);
        rc = rc ? rc : rc2;
    }
    rc2 = domain_destroy(&g->domain, g->host);
    return rc2 ? rc2 : rc;
}
