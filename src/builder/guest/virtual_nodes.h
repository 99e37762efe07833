/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virtual_nodes.h - virtual NUMA nodes, from the configuration to libxenguest
 * and to the hypervisor.
 *
 * libxl has them for HVM guests only, "because there is an issue with the CPUID
 * instruction" (xl.cfg(5)): a PV guest's CPUs number themselves as the host's
 * do. XENMEM_get_vnumainfo, by which a PV guest asks, does without CPUID.
 */
#ifndef DW_VIRTUAL_NODES_H
#define DW_VIRTUAL_NODES_H

#include <xenctrl.h>
#include <xenguest.h>

#include "config/guest_config.h"
#include "host/host.h"

/*
 * Tells dom where the nodes lie in its memory, one behind the other, for
 * dw_plan() and who populates it.  Nothing where the configuration has none.
 * -ENOMEM, and dom's memory pool owns what it got.
 */
int __attribute__((warn_unused_result))
virtual_nodes_plan(struct xc_dom_image *dom, const struct config *cfg);

/* Tells Xen, for a domain that has its vCPUs and no memory yet. */
int __attribute__((warn_unused_result))
virtual_nodes_set(struct host *host, uint32_t domid, const struct config *cfg,
                  const xc_physinfo_t *phys);

#endif /* DW_VIRTUAL_NODES_H */
