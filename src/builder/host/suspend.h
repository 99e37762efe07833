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

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

/* Is it suspended? */
bool suspend_is_done(const xc_domaininfo_t *info);

/*
 * Asks a guest that runs, and waits until it is suspended.  -EBUSY: somebody
 * else asked it.  -ETIMEDOUT: it did not answer, or not get there, within a
 * minute each.  A signal (signals.h) ends it, too: -EINTR; and check(), where
 * it is not NULL, by a negative errno, with the reason in the diag: it is
 * called meanwhile.  The request is taken back then; a guest that has answered
 * it already is waited for a little, and goes on.
 */
int __attribute__((warn_unused_result))
suspend_guest(struct host *host, uint32_t domid, int (*check)(void *arg),
              void *arg);

/* A suspended guest goes on where it was. */
int __attribute__((warn_unused_result))
suspend_end(struct host *host, uint32_t domid);

/*
 * The same of one that somebody else may have asked, who is not there any more;
 * `asked`: he has, so that it may be on its way.
 */
int __attribute__((warn_unused_result))
suspend_call_off(struct host *host, uint32_t domid, bool asked);

#endif /* DW_SUSPEND_H */
