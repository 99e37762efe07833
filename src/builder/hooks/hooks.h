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

#include "hooks/plan.h"
#include "hooks/progress.h"
#include "hooks/ramdisk.h"
#include "pv/pin_plan.h"

struct xc_dom_image; /* xenguest.h */

/*
 * Registers both sets of hooks, once a process; later calls only set `order`
 * and `progress`, which is kept and may be NULL.
 */
void dw_hooks_register(enum pin_order order,
                       const struct dw_progress *progress);

/*
 * Plans the domain, before there is one, and has its ramdisk arrive whole
 * (ramdisk.h): *state is what became of that.  `ramdisk` is its name for
 * messages, kept, or NULL.  To be called after xc_dom_parse_image() and
 * xc_dom_mem_init(), which found our hooks; where nobody has, the first step of
 * the build does it.  0 and *plan, which lasts until xc_dom_release(), or an
 * error of dw_plan()'s.
 */
int __attribute__((warn_unused_result))
dw_hooks_plan(struct xc_dom_image *dom, const char *ramdisk,
              enum ramdisk_state *state, const struct dw_plan **plan);

/*
 * From then on a build that is refused says why where
 * dw_hooks_tell_refusal() is called for it, before xc_dom_release(): a
 * toolstack that tells what it makes of errno has done so by then.
 */
void dw_hooks_keep_refusals(void);
void dw_hooks_tell_refusal(struct xc_dom_image *dom);

/* Whether ours are the hooks that build it: after xc_dom_mem_init(). */
bool dw_hooks_build(const struct xc_dom_image *dom);

/*
 * Whether Xen took the guest's VM assists before it had a vCPU.  `dom` is one
 * that our hooks have built, and not yet released.
 */
bool dw_hooks_assists_declared(const struct xc_dom_image *dom);

#endif /* DW_HOOKS_H */
