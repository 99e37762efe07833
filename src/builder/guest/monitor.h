/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor.h - waits for a guest's end, and does what its configuration says
 * of that.
 */
#ifndef DW_GUEST_MONITOR_H
#define DW_GUEST_MONITOR_H

#include "config/guest_config.h"
#include "host/host.h"

/*
 * Leaves a process behind that does monitor_run(), and writes what it does to
 * /var/log/xen/domwright-NAME.log, on an embedded host to a file beside the
 * host's, HOST.log.  It begins when the caller has ended; or at_once, where the
 * caller goes on.
 *
 * 1: this is that process, with nothing open yet;
 * 0: this is the caller; or a negative errno and the failure in host->dg.  The
 * host is closed.
 */
int __attribute__((warn_unused_result))
monitor_leave(struct host *host, const struct config *cfg, bool at_once);

/*
 * Opens the host, and stays until the guest is gone, or is to stay as it is: it
 * is destroyed by others, or "preserve" is what its configuration says, or an
 * embedded host's file is no more.  Restarted guests are waited for in their
 * turn.  A guest that is saved or migrated is left alone.  `cfg` becomes that
 * of the last one.
 *
 * What happens is told on standard error.  0, or a negative errno and the
 * failure in host->dg.
 */
int __attribute__((warn_unused_result))
monitor_run(struct host *host, struct config *cfg, uint32_t domid);

#endif /* DW_GUEST_MONITOR_H */
