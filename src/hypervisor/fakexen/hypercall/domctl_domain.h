/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_domain.h - XEN_DOMCTL_*: a domain as a whole: its life, its kind, its
 * name, what its CPUs can.
 */
#ifndef FX_DOMCTL_DOMAIN_H
#define FX_DOMCTL_DOMAIN_H

#include "hypercall/domctl.h"

/* What answers the command; NULL: it is not one of these. */
fx_domctl_function fx_domctl_domain(uint32_t command);

#endif /* FX_DOMCTL_DOMAIN_H */
