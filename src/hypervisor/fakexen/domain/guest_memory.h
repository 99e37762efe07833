/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_memory.h - a running guest's memory, as its kernel names it: through
 * the tables of one of its vCPUs.
 *
 * Call everything with the lock held.
 */
#ifndef FX_GUEST_MEMORY_H
#define FX_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/caller.h"

/* The vCPU as a caller: it is in its kernel. */
struct fx_caller fx_guest_caller(struct fx_host *host, struct fx_domain *domain,
                                 uint32_t vcpu);

/*
 * The frame of the L1 in which the kernel's tables have the entry for an
 * address; FX_NO_MFN where some table on the way is missing, or the address is
 * Xen's.
 */
uint64_t fx_guest_l1(const struct fx_caller *caller, uint64_t address);

#endif /* FX_GUEST_MEMORY_H */
