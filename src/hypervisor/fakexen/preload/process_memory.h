/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process_memory.h - this process's memory as a program names it, which may not
 * be there.
 *
 * 0 or -EFAULT; no address can make fakexen crash.
 */
#ifndef FX_PROCESS_MEMORY_H
#define FX_PROCESS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "domain/caller.h"

int __attribute__((warn_unused_result))
fx_copy_from(void *to, uint64_t from, size_t size);
int __attribute__((warn_unused_result))
fx_copy_to(uint64_t to, const void *from, size_t size);

/* Who makes this process's hypercalls: it is the control domain's. */
struct fx_caller fx_process_caller(struct fx_host *host);

/* The domain that is meant: DOMID_SELF is this process's. */
struct fx_domain *fx_process_domain(struct fx_host *host, uint32_t domid);

#endif /* FX_PROCESS_MEMORY_H */
