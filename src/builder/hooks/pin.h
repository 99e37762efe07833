/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pin.h - carries out a pin plan, in one hypercall.
 */
#ifndef DW_PIN_H
#define DW_PIN_H

#include "hooks/progress.h"
#include "pv/pin_plan.h"

struct xc_dom_image; /* xenguest.h */

/*
 * Pins the tables of `layout`, whose PFNs dom->pv_p2m resolves.  The caller
 * has no mapping of any of them left: a writable one makes Xen refuse.
 * 0, what `progress` ended it with, or a negative errno and a line that names
 * the level and the frames.
 */
int __attribute__((warn_unused_result))
pin_tables(struct xc_dom_image *dom, const struct pv_layout *layout,
           enum pin_order order, const struct dw_progress *progress);

#endif /* DW_PIN_H */
