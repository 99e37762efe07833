/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * descriptor.h - a guest's segment descriptors (xen/xen.h).
 */
#ifndef FX_DESCRIPTOR_H
#define FX_DESCRIPTOR_H

#include "domain/caller.h"

long fx_set_gdt_op(const struct fx_caller *caller, const uint64_t arg[5]);
long fx_update_descriptor(const struct fx_caller *caller,
                          const uint64_t arg[5]);

/* SEGBASE_GS_USER_SEL: the base that the selector's descriptor has becomes that
 * of the guest's user mode; one that cannot be loaded counts as none.  0. */
long fx_load_user_gs(const struct fx_caller *caller, uint16_t selector);

#endif /* FX_DESCRIPTOR_H */
