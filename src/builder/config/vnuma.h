/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vnuma.h - a guest's virtual NUMA nodes, as vnuma of xl.cfg(5) has them.
 *
 * Order of calls: vnuma_new(), vnuma_set() for each word, vnuma_check();
 * free(3).
 */
#ifndef DW_VNUMA_H
#define DW_VNUMA_H

#include <stddef.h>
#include <stdint.h>

/*
 * Xen keeps the distances between all nodes, four bytes each, in a page
 * (vnuma_alloc() of its common/domctl.c).
 */
#define VNUMA_MAX_NODES 32

/* Xen's MAX_NUMNODES on x86. */
#define VNUMA_MAX_PNODES 64

#define VNUMA_MAX_VCPUS 8192

struct vnuma_node {
    unsigned long mib;
    uint32_t pnode;    /* the host's node that it is on */
    unsigned int seen; /* words that were set */
    unsigned int n_distances, distance[VNUMA_MAX_NODES];
};

struct vnuma {
    unsigned int n_nodes;
    struct vnuma_node node[VNUMA_MAX_NODES];
    unsigned int n_vcpus;
    uint8_t node_of[VNUMA_MAX_VCPUS]; /* a vCPU's node + 1; 0: none */
};

#define VNUMA_WHY 120

/* Nodes without anything, 1 to VNUMA_MAX_NODES; NULL: no memory. */
struct vnuma *vnuma_new(unsigned int nodes);

/*
 * One word of a node: "pnode=0", "size=512", "vcpus=0-3,5",
 * "vdistances=10,20".  0; or -EINVAL and in `why` what is wrong with it.
 */
int __attribute__((warn_unused_result))
vnuma_set(struct vnuma *v, unsigned int node, const char *word,
          char why[VNUMA_WHY]);

/*
 * Do the nodes make a guest?  Fills in distances where a node has none: 10 to
 * itself and 20 to others, as in ACPI's SLIT.  0, or -EINVAL and why.
 */
int __attribute__((warn_unused_result))
vnuma_check(struct vnuma *v, char why[VNUMA_WHY]);

/* The nodes' memory in all. */
unsigned long vnuma_mib(const struct vnuma *v);

#endif /* DW_VNUMA_H */
