/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpulist.h - xl's list of host CPUs: "all", "0-3,5,^1".
 *
 * The items are applied from left to right; "^" takes CPUs away, "all" puts
 * every CPU in, and an empty item is none, nor is a CPU that no Xen can have.
 * Lists by NUMA node ("node:0") are refused.
 */
#ifndef DW_CPULIST_H
#define DW_CPULIST_H

#include <stdbool.h>
#include <stdint.h>

/* Xen's largest NR_CPUS. */
#define CPULIST_MAX 4096

struct cpulist {
    uint64_t bits[CPULIST_MAX / 64];
};

/*
 * 0; -EINVAL: not a list; -ENODATA: no CPU is left in it; -EOPNOTSUPP: by node;
 * -ERANGE: a number that is none of a CPU.
 */
int __attribute__((warn_unused_result))
cpulist_parse(const char *text, struct cpulist *list);

bool cpulist_has(const struct cpulist *list, unsigned int cpu);

#endif /* DW_CPULIST_H */
