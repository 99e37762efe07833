/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.h - the builder as libxenguest sees it: two struct xc_dom_arch.
 *
 * Order of calls: dw_hooks_register() before the first xc_dom_mem_init(); from
 * then on libxenguest's own sequence (xenguest.h) runs our builder for
 * "xen-3.0-x86_32p" and "xen-3.0-x86_64".
 */
#ifndef DW_HOOKS_H
#define DW_HOOKS_H

#include <stdbool.h>

#include "hooks/progress.h"
#include "pv/pin_plan.h"

struct xc_dom_image; /* xenguest.h */

/*
 * Registers both sets of hooks, once a process; later calls only set `order`
 * and `progress`, which is kept and may be NULL.
 */
void dw_hooks_register(enum pin_order order,
                       const struct dw_progress *progress);

/*
 * Whether Xen took the guest's VM assists before it had a vCPU.  `dom` is one
 * that our hooks have built, and not yet released.
 */
bool dw_hooks_assists_declared(const struct xc_dom_image *dom);

#endif /* DW_HOOKS_H */
