/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_channel.h - __HYPERVISOR_event_channel_op (xen/event_channel.h).
 */
#ifndef FX_EVENT_CHANNEL_H
#define FX_EVENT_CHANNEL_H

#include "domain/caller.h"

long fx_event_channel_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_EVENT_CHANNEL_H */
