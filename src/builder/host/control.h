/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control.h - what a guest is asked for, through xenstore: whether it does it
 * is its own affair (Xen's docs/misc/xenstore-paths.pandoc).
 *
 * All return 0, or a negative errno and the failure in host->dg.
 */
#ifndef DW_CONTROL_H
#define DW_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

/* "poweroff" or "reboot". */
int __attribute__((warn_unused_result))
control_shutdown(struct host *host, uint32_t domid, const char *request);

/*
 * Waits until each of the domains has shut down or is gone; with `gone` only
 * that counts.  For so many milliseconds at most, or WATCH_FOREVER.
 */
int __attribute__((warn_unused_result))
control_wait(struct host *host, const uint32_t *domids, unsigned int n,
             bool gone, int64_t ms);

/* -EEXIST: another domain has that name. */
int __attribute__((warn_unused_result))
control_rename(struct host *host, uint32_t domid, const char *name);

/*
 * How much memory the guest is to have, and may: its balloon driver's target,
 * and Xen's limit with it.  No more than the guest was made for.
 */
int __attribute__((warn_unused_result))
control_memory(struct host *host, uint32_t domid, uint64_t kib);

/* The first n of `max` vCPUs are to be online. */
int __attribute__((warn_unused_result))
control_vcpus(struct host *host, uint32_t domid, unsigned int n,
              unsigned int max);

#endif /* DW_CONTROL_H */
