/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * audit.h - whether the accounting is what it should be.
 *
 * Recomputes references, types and free frames from what they stand for: the
 * contents of page tables, pins, vCPUs' roots and descriptor tables, foreign
 * mappings and allocations.
 */
#ifndef FX_AUDIT_H
#define FX_AUDIT_H

#include "machine/host.h"

/* No memory for it. */
#define FX_NO_AUDIT UINT64_MAX

/* How many differences there are, or FX_NO_AUDIT; their lines to `report`. */
uint64_t __attribute__((warn_unused_result))
fx_audit(struct fx_host *host, void (*report)(void *arg, const char *line),
         void *arg);

/*
 * After the death of somebody who held the lock: makes the accounting what the
 * audit computes.  fx_lock() calls it.  -ENOMEM: nothing was changed, and it is
 * to be tried again.
 */
int __attribute__((warn_unused_result)) fx_audit_repair(struct fx_host *host);

#endif /* FX_AUDIT_H */
