/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_vcpu.h - XEN_DOMCTL_*: the vCPUs of a domain.
 */
#ifndef FX_DOMCTL_VCPU_H
#define FX_DOMCTL_VCPU_H

#include "hypercall/domctl.h"

/* What answers the command; NULL: it is not one of these. */
fx_domctl_function fx_domctl_vcpu(uint32_t command);

#endif /* FX_DOMCTL_VCPU_H */
