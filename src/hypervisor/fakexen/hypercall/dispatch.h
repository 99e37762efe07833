/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dispatch.h - hypercalls by number (xen/xen.h).
 *
 * Each has a function in a file of its own.  Called by the front end
 * (xencall.c) with the lock held.  `arg` are the caller's words, pointers into
 * its memory among them (caller.h).  The result is Xen's: 0 or a positive
 * value, or a negative errno; the front end makes -1 and errno of that.
 */
#ifndef FX_DISPATCH_H
#define FX_DISPATCH_H

#include "domain/caller.h"

typedef long (*fx_hypercall)(const struct fx_caller *caller,
                             const uint64_t arg[5]);

/* The function behind a __HYPERVISOR_* number, for that caller; NULL: -ENOSYS.
 */
fx_hypercall fx_hypercall_for(const struct fx_caller *caller,
                              unsigned int number);

#endif /* FX_DISPATCH_H */
