/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exchange.h - XENMEM_exchange: frames for others.
 */
#ifndef FX_EXCHANGE_H
#define FX_EXCHANGE_H

#include "domain/caller.h"

long fx_exchange_op(const struct fx_caller *caller, uint64_t at);

#endif /* FX_EXCHANGE_H */
