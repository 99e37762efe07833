/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_memory.h - XEN_DOMCTL_*: the memory of a domain: how much, where, and
 * what its frames are.
 */
#ifndef FX_DOMCTL_MEMORY_H
#define FX_DOMCTL_MEMORY_H

#include "hypercall/domctl.h"

/* What answers the command; NULL: it is not one of these. */
fx_domctl_function fx_domctl_memory(uint32_t command);

#endif /* FX_DOMCTL_MEMORY_H */
