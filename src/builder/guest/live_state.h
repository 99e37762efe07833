/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * live_state.h - what libxenguest's stream has of a PV guest beside its memory.
 *
 * All return 0, or a negative errno and the failure in memory->host->dg.
 */
#ifndef DW_GUEST_LIVE_STATE_H
#define DW_GUEST_LIVE_STATE_H

#include "guest/live_memory.h"
#include "stream/sink.h"

/* Before its memory: headers, width, CPU policy. */
int __attribute__((warn_unused_result))
state_begin(struct memory *memory, struct sink *sink);

/* Which pages the P2M has. */
int __attribute__((warn_unused_result))
state_p2m(struct memory *memory, struct sink *sink);

/* Behind it, of one that is suspended: clock, shared info, vCPUs, the end. */
int __attribute__((warn_unused_result))
state_finish(struct memory *memory, struct sink *sink, unsigned int vcpus);

/* What the stream could not take: `rc` of a sink_...(). */
int __attribute__((warn_unused_result))
state_failed(struct memory *memory, int rc);

#endif /* DW_GUEST_LIVE_STATE_H */
