/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/numa_choice.h"

#include <stdbool.h>

/* A set of nodes, and what they have in all. */
struct candidate {
    uint32_t nodes;
    uint64_t free_kib, cpus, vcpus;
};

/*
 * Bit n - 1 - i of `set` stands for node i: the larger number is then the set
 * that comes first.
 */
static struct candidate add_up(const struct numa_node *nodes, unsigned int n,
                               uint32_t set)
{
    struct candidate c = {0};
    unsigned int i;

    for (i = 0; i < n; i++) {
        if (!(set >> (n - 1 - i) & 1))
            continue;
        c.nodes |= UINT32_C(1) << i;
        c.free_kib += nodes[i].free_kib;
        c.cpus += nodes[i].cpus;
        c.vcpus += nodes[i].vcpus;
    }
    return c;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (a->vcpus != b->vcpus)
        return a->vcpus < b->vcpus;
    return a->free_kib > b->free_kib;
}

/* Nodes without a CPU for the guest are none of it. */
static uint32_t unsuitable(const struct numa_node *nodes, unsigned int n)
{
    uint32_t set = 0;
    unsigned int i;

    for (i = 0; i < n; i++)
        if (!nodes[i].cpus)
            set |= UINT32_C(1) << (n - 1 - i);
    return set;
}

/* The best set of so many nodes; 0: none does. */
static uint32_t choose_of(const struct numa_node *nodes, unsigned int n,
                          unsigned int size, uint64_t kib, unsigned int vcpus)
{
    uint32_t set, without = unsuitable(nodes, n);
    struct candidate c, best = {0};

    for (set = UINT32_MAX >> (32 - n); set; set--) {
        if ((unsigned int)__builtin_popcount(set) != size || (set & without))
            continue;
        c = add_up(nodes, n, set);
        if (c.free_kib >= kib && c.cpus >= vcpus &&
            (!best.nodes || is_better(&c, &best)))
            best = c;
    }
    return best.nodes;
}

/*
 * Fewer nodes could not have as many CPUs, where all nodes have the same number
 * of them.
 */
static unsigned int fewest(const struct numa_node *nodes, unsigned int n,
                           unsigned int vcpus)
{
    unsigned int i, suitable = 0, least = 1, cpus = nodes[0].all_cpus;

    for (i = 0; i < n; i++) {
        suitable += nodes[i].cpus != 0;
        if (nodes[i].all_cpus != cpus)
            cpus = 0;
    }
    if (cpus)
        least = (vcpus + cpus - 1) / cpus;
    return least < suitable ? least : suitable;
}

uint32_t numa_choose(const struct numa_node *nodes, unsigned int n,
                     uint64_t kib, unsigned int vcpus)
{
    unsigned int size;
    uint32_t set;

    if (n < 2 || n > NUMA_CHOICE_NODES)
        return 0;
    for (size = fewest(nodes, n, vcpus); size <= n; size++) {
        set = choose_of(nodes, n, size, kib, vcpus);
        if (set)
            return set;
    }
    return 0;
}
