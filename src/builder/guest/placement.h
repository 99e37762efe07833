/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * placement.h - automatic placement on hosts with several NUMA nodes, as libxl
 * has it, xl-numa-placement(7).
 */
#ifndef DW_PLACEMENT_H
#define DW_PLACEMENT_H

#include "config/guest_config.h"
#include "host/host.h"

/*
 * Chooses nodes for a domain of CPU pool `pool`, that has its vCPUs and no
 * memory yet: its memory
 * is to come from them, and its vCPUs prefer their CPUs.  Nothing where the
 * host has one node or more than NUMA_CHOICE_NODES, the configuration has a
 * list of CPUs for each vCPU or says which they prefer, or no nodes will do.
 */
int __attribute__((warn_unused_result))
placement_apply(struct host *host, uint32_t domid, const struct config *cfg,
                const xc_physinfo_t *phys, uint32_t pool);

#endif /* DW_PLACEMENT_H */
