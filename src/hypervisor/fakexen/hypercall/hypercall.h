/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercall.h - the hypercalls that fakexen answers, one function each.
 *
 * Called by the front end (xencall.c) with the lock held.  `arg` are the
 * caller's words, pointers among them; they are read and written through
 * caller.h only, which turns a bad one into -EFAULT.  The result is Xen's: 0 or
 * a positive value, or a negative errno; the front end makes -1 and errno of
 * that.  The caller is always domain 0.
 */
#ifndef FX_HYPERCALL_H
#define FX_HYPERCALL_H

#include "machine/host.h"

typedef long (*fx_hypercall)(struct fx_host *host, const uint64_t arg[5]);

long fx_memory_op(struct fx_host *host, const uint64_t arg[5]);
long fx_multicall(struct fx_host *host, const uint64_t arg[5]);
long fx_mmu_update_op(struct fx_host *host, const uint64_t arg[5]);
long fx_mmuext_op(struct fx_host *host, const uint64_t arg[5]);
long fx_xen_version(struct fx_host *host, const uint64_t arg[5]);
long fx_grant_table_op(struct fx_host *host, const uint64_t arg[5]);
long fx_event_channel_op(struct fx_host *host, const uint64_t arg[5]);
long fx_sched_op(struct fx_host *host, const uint64_t arg[5]);
long fx_physdev_op(struct fx_host *host, const uint64_t arg[5]);
long fx_sysctl(struct fx_host *host, const uint64_t arg[5]);
long fx_vm_assist_op(struct fx_host *host, const uint64_t arg[5]);
long fx_domctl(struct fx_host *host, const uint64_t arg[5]);

/* The function behind a __HYPERVISOR_* number; NULL: -ENOSYS. */
fx_hypercall fx_hypercall_by_number(unsigned int number);

#endif /* FX_HYPERCALL_H */
