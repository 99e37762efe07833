/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/console.h"
#include "host/signals.h"

/*
 * The console first, then the guest: a child waits for xenconsole, which this
 * process becomes, and unpauses.
 */
int guest_attach(struct host *host, uint32_t domid)
{
    struct diag *dg = host->dg;
    int ends[2], rc;
    char byte;

    host_close(host);
    if (pipe(ends))
        return diag_fail(dg, DW_FAILED, -errno, "pipe: %s", strerror(errno));
    switch (fork()) {
    case -1:
        return diag_fail(dg, DW_FAILED, -errno, "fork: %s", strerror(errno));
    default:
        close(ends[0]);
        interrupt_release();
        return console_exec(dg, domid, ends[1]);
    case 0:
        break;
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) < 0)
        diag_warn("no word from xenconsole");
    rc = host_open_xen(host, dg);
    if (!rc && xc_domain_unpause(host->xc, domid))
        rc = diag_fail_xc(dg, "unpausing the domain");
    return rc;
}
