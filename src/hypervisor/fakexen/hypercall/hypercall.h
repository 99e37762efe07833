/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercall.h - the hypercalls that fakexen answers, one function each.
 *
 * Called by the front end (xencall.c) with the lock held.  `arg` are the
 * caller's words, pointers into its memory among them (caller.h).  The result
 * is Xen's: 0 or a positive value, or a negative errno; the front end makes -1
 * and errno of that.
 */
#ifndef FX_HYPERCALL_H
#define FX_HYPERCALL_H

#include "domain/caller.h"

typedef long (*fx_hypercall)(const struct fx_caller *caller,
                             const uint64_t arg[5]);

long fx_memory_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_multicall(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_mmu_update_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_mmuext_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_xen_version(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_grant_table_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_event_channel_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_sched_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_physdev_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_sysctl(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_vm_assist_op(const struct fx_caller *caller, const uint64_t arg[5]);

/* The function behind a __HYPERVISOR_* number; NULL: -ENOSYS. */
fx_hypercall fx_hypercall_by_number(unsigned int number);

#endif /* FX_HYPERCALL_H */
