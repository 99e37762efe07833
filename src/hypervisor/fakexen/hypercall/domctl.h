/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl.h - __HYPERVISOR_domctl (xen/domctl.h): what toolstacks do to domains.
 *
 * Each subject has a file with the functions that answer its commands.
 */
#ifndef FX_DOMCTL_H
#define FX_DOMCTL_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/domctl.h>

#include "domain/caller.h"

/* One call. */
struct fx_domctl {
    const struct fx_caller *caller;
    struct fx_host *host;
    struct fx_domain *domain; /* NULL for createdomain and getdomaininfo */
    struct xen_domctl *op;
    bool copy_back; /* to the caller, also after an error */
};

typedef long (*fx_domctl_function)(struct fx_domctl *call);

/* Xen pauses the domain for some commands, which none can do to itself. */
static inline bool fx_domctl_on_caller(const struct fx_domctl *call)
{
    return call->domain == call->caller->domain;
}

long fx_domctl(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_DOMCTL_H */
