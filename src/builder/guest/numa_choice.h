/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * numa_choice.h - which NUMA nodes a guest is placed on: libxl's rules,
 * xl-numa-placement(7), without a host.
 */
#ifndef DW_NUMA_CHOICE_H
#define DW_NUMA_CHOICE_H

#include <stdint.h>

/*
 * All sets of nodes are looked at, so that there are not to be more; libxl has
 * the same limit.
 */
#define NUMA_CHOICE_NODES 16

struct numa_node {
    uint64_t free_kib;
    unsigned int cpus;     /* that the guest may run on */
    unsigned int all_cpus; /* of the node */
    unsigned int vcpus;    /* of other guests, that may run on the former */
};

/*
 * The nodes for a guest of `kib` KiB and `vcpus` vCPUs, bit n for node n: as
 * few as have the memory and as many CPUs; of several such sets the one with
 * the fewest vCPUs on it, then with the most memory free, then the first.  0:
 * there is none, or nothing to choose from.
 */
uint32_t numa_choose(const struct numa_node *nodes, unsigned int n,
                     uint64_t kib, unsigned int vcpus);

#endif /* DW_NUMA_CHOICE_H */
