/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan.h - the plan of a domain, from what libxenguest knows of it.
 */
#ifndef DW_PLAN_H
#define DW_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "hooks/kernel_notes.h"
#include "pv/layout.h"

struct xc_dom_image; /* xenguest.h */

struct dw_plan {
    const char *ramdisk; /* its name for messages; NULL: none is known */
    struct kernel_notes notes;
    struct pv_range *ranges; /* dom's memory pool owns them */
    unsigned int nr_ranges;
    struct pv_layout layout;
};

/*
 * Plans the domain that `dom` describes; touches no hypervisor.  To be called
 * after xc_dom_parse_image(), with dom->total_pages set (xc_dom_mem_init()
 * does it) and, where there is vNUMA, dom->vmemranges.  The plan lasts until
 * xc_dom_release().
 *
 * 0 and *plan, whose `ramdisk` is the caller's; or a negative errno and a line
 * through dom's logger.  -EINVAL: a kernel or ranges that no PV domain can
 * have, or that Xen or libxenguest would refuse at a later step.  -ENOSPC: it
 * does not fit in the memory.  -E2BIG: more memory than Xen can give it.
 * -ENOMEM.
 */
int __attribute__((warn_unused_result))
dw_plan(struct xc_dom_image *dom, struct dw_plan *plan);

/*
 * Where the host has more frames than a 32-bit guest's view of Xen's M2P, Xen
 * gives such a guest those below the power of two in it (Xen's
 * domain_set_alloc_bitsize()).  Is dom such a guest on such a host?
 */
#define DW_CLAMPED_FRAMES (UINT64_C(1) << 25) /* 128 GiB */
bool dw_plan_clamped(const struct xc_dom_image *dom);

#endif /* DW_PLAN_H */
