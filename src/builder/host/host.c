/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void open_xc(struct host *host, struct diag *dg, unsigned int flags)
{
    memset(host, 0, sizeof(*host));
    host->dg = dg;
    xenlog_init(&host->log, dg);
    host->xc = xc_interface_open(&host->log.logger, &host->log.logger,
                                 flags | XC_OPENFLAG_NON_REENTRANT);
}

int host_open_none(struct host *host, struct diag *dg)
{
    open_xc(host, dg, XC_OPENFLAG_DUMMY);
    return host->xc ? 0 : diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
}

int host_open_xen(struct host *host, struct diag *dg)
{
    open_xc(host, dg, 0);
    if (!host->xc)
        return diag_fail(dg, DW_NO_XEN, -ENXIO,
                         "no Xen hypervisor to talk to: %s", strerror(errno));
    return 0;
}

int host_open(struct host *host, struct diag *dg)
{
    int rc = host_open_xen(host, dg);

    if (rc)
        return rc;
    host->xs = xs_open(0);
    if (!host->xs)
        return diag_fail(dg, DW_NO_XEN, -ENXIO, "no xenstore to talk to: %s",
                         strerror(errno));
    return 0;
}

void host_close(struct host *host)
{
    if (host->xs)
        xs_close(host->xs);
    if (host->xc)
        xc_interface_close(host->xc);
    host->xs = NULL;
    host->xc = NULL;
}

int host_domain(struct host *host, uint32_t domid, xc_domaininfo_t *info)
{
    /* Xen answers with the next domain where there is none of this ID. */
    int r = xc_domain_getinfolist(host->xc, domid, 1, info);

    if (r < 0)
        return diag_fail_xc(host->dg, "asking for domain %u", domid);
    return r == 1 && info->domain == domid ? 0 : -ESRCH;
}

int host_domains(struct host *host, xc_domaininfo_t **list, unsigned int *n)
{
    const unsigned int chunk = 256;
    xc_domaininfo_t *more;
    uint32_t next = 0;
    int r;

    *list = NULL;
    *n = 0;
    do {
        more = realloc(*list, (*n + chunk) * sizeof(**list));
        if (!more)
            return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
        *list = more;
        r = xc_domain_getinfolist(host->xc, next, chunk, *list + *n);
        if (r < 0)
            return diag_fail_xc(host->dg, "listing the domains");
        *n += (unsigned int)r;
        if (r)
            next = (*list)[*n - 1].domain + 1u;
    } while (r == (int)chunk);
    return 0;
}
