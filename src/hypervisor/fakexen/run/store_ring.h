/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_ring.h - xenstore for a guest that runs: the requests in its ring
 * (xen/io/xs_wire.h), answered from the machine's store by what the nodes'
 * permissions allow it, and its watches.
 *
 * Call everything with the machine's lock held.
 */
#ifndef FX_STORE_RING_H
#define FX_STORE_RING_H

#include <stdint.h>

#include "machine/host.h"

struct fx_store_ring;

int __attribute__((warn_unused_result))
fx_store_ring_open(struct fx_host *host, uint16_t domid,
                   struct fx_store_ring **ring);
void fx_store_ring_close(struct fx_store_ring *ring);

/* Answers what is there, and tells of what changed. */
void fx_store_ring_serve(struct fx_store_ring *ring);

/* The store, of which others may ask for the guest. */
struct fx_store *fx_store_ring_store(const struct fx_store_ring *ring);

#endif /* FX_STORE_RING_H */
