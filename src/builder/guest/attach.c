/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/console.h"
#include "host/signals.h"

/* In a child: lets the guest run when xenconsole has said that it is there. */
static int unpause(struct host *host, uint32_t domid, int fd)
{
    struct diag *dg = host->dg;
    char byte;
    int rc;

    if (read(fd, &byte, 1) != 1)
        diag_warn("the console is not attached; domain %u runs without it",
                  domid);
    rc = host_open_xen(host, dg);
    if (!rc && xc_domain_unpause(host->xc, domid))
        rc = diag_fail_xc(dg, "unpausing the domain");
    return rc;
}

/* The console first, then the guest: a child waits for xenconsole, which this
 * process becomes, and unpauses. */
int guest_attach(struct host *host, uint32_t domid)
{
    struct diag *dg = host->dg;
    int ends[2];

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
        close(ends[1]);
        return unpause(host, domid, ends[0]);
    }
}
