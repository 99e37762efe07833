/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log_dirty.h - XEN_DOMCTL_shadow_op: which of a domain's frames were written
 * to.
 */
#ifndef FX_LOG_DIRTY_H
#define FX_LOG_DIRTY_H

#include <stdint.h>

#include <xen/domctl.h>

#include "domain/caller.h"

long fx_shadow_op(const struct fx_caller *caller, struct fx_domain *domain,
                  struct xen_domctl_shadow_op *op);
void fx_shadow_free(struct fx_host *host, struct fx_domain *domain);

#endif /* FX_LOG_DIRTY_H */
