/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control_ports.h - the control domain's event channels, which its programs
 * have: what its kernel's driver would know of them.
 *
 * A port that has been told to its owner is masked until that unmasks it.  It
 * goes with the process that it belongs to, however that ends.  Call everything
 * with the lock held.
 */
#ifndef FX_CONTROL_PORTS_H
#define FX_CONTROL_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/host.h"

/* A new port becomes this process's, for one of its handles. 0, or why the
 * process has no number (process.h). */
int __attribute__((warn_unused_result))
fx_control_port_claim(struct fx_host *host, uint32_t port, uint64_t handle);

/* Is it this process's, and for that handle? */
bool fx_control_port_is(const struct fx_host *host, uint32_t port,
                        uint64_t handle);

/* The next of this process's ports that are to be told, and for which handle;
 * it counts as told then.  0: none. */
uint32_t fx_control_port_tell(struct fx_host *host, uint64_t *handle);

/* Closes those of a handle, and those of processes that are gone. */
void fx_control_ports_close(struct fx_host *host, uint64_t handle);
void fx_control_ports_reap(struct fx_host *host);

#endif /* FX_CONTROL_PORTS_H */
