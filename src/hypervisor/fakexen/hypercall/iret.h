/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iret.h - __HYPERVISOR_iret (xen/xen.h).
 */
#ifndef FX_IRET_H
#define FX_IRET_H

#include "domain/caller.h"

/* What the guest's eax or rax becomes; a guest whose frame cannot be read, or
 * leads where it must not, is crashed. */
long fx_iret(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_IRET_H */
