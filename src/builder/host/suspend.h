/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suspend.h - a guest that stops so that it can be saved, and goes on if it was
 * not, or was only copied.
 *
 * A PV guest does it by itself: it has to bring what it knows of its machine
 * frames into an order in which another host can give it others (Xen's
 * docs/misc/xenstore-paths.pandoc, control/shutdown).
 *
 * All return 0, or a negative errno and the failure in host->dg.
 */
#ifndef DW_SUSPEND_H
#define DW_SUSPEND_H

#include <stdint.h>

#include "host/host.h"

/*
 * Asks the guest, and waits until it is suspended; one that is so already is
 * taken as it is.  -ETIMEDOUT: it did not answer, or not get there, within a
 * minute each, and the request is taken back.  A signal (signals.h) ends it,
 * too: -EINTR.
 */
int __attribute__((warn_unused_result))
suspend_guest(struct host *host, uint32_t domid);

/* A suspended guest goes on where it was. */
int __attribute__((warn_unused_result))
suspend_end(struct host *host, uint32_t domid);

#endif /* DW_SUSPEND_H */
