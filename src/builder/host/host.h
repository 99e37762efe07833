/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host.h - the hypervisor and xenstore of this machine.
 */
#ifndef DW_HOST_H
#define DW_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <xenctrl.h>
#include <xenstore.h>

#include "diag.h"
#include "host/xenlog.h"

struct host {
    struct xenlog log; /* libxc keeps a pointer to it: not to be moved */
    xc_interface *xc;
    struct xs_handle *xs;
    struct diag *dg;
    /* find.h: who is called so */
    uint32_t called_id;
    char called[256];
};

/*
 * Opens both.  -ENXIO and DW_NO_XEN in dg where there is no Xen, or we may not
 * talk to it.  host_close() is to be called either way; it may be called again.
 */
int __attribute__((warn_unused_result))
host_open(struct host *host, struct diag *dg);

/* The hypervisor alone, for what needs no xenstore: host->xs stays NULL. */
int __attribute__((warn_unused_result))
host_open_xen(struct host *host, struct diag *dg);

/*
 * libxc without a hypervisor, for what reads files only.  host->xs stays NULL.
 */
int __attribute__((warn_unused_result))
host_open_none(struct host *host, struct diag *dg);

void host_close(struct host *host);

/* One domain's state.  -ESRCH, and nothing in dg: there is no such domain. */
int __attribute__((warn_unused_result))
host_domain(struct host *host, uint32_t domid, xc_domaininfo_t *info);

/*
 * All domains by ascending ID, in malloc(3)ed memory that the caller frees.
 */
int __attribute__((warn_unused_result))
host_domains(struct host *host, xc_domaininfo_t **list, unsigned int *n);

#endif /* DW_HOST_H */
