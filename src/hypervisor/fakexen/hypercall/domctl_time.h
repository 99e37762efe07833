/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_time.h - XEN_DOMCTL_*: the time that a domain sees, and how much of
 * the CPUs it gets.
 */
#ifndef FX_DOMCTL_TIME_H
#define FX_DOMCTL_TIME_H

#include "hypercall/domctl.h"

/* What answers the command; NULL: it is not one of these. */
fx_domctl_function fx_domctl_time(uint32_t command);

#endif /* FX_DOMCTL_TIME_H */
