/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remove.h - the end of a guest, and of all that is kept of it.
 */
#ifndef DW_GUEST_REMOVE_H
#define DW_GUEST_REMOVE_H

#include "config/uuid.h"
#include "host/host.h"

/*
 * Removes a domain at once, with its entries in xenstore and what xl keeps of
 * it; not its devices.  0, or a negative errno and the failure in host->dg.
 */
int __attribute__((warn_unused_result))
guest_remove(struct host *host, uint32_t domid, const uint8_t uuid[UUID_BYTES]);

/*
 * The same of what a domain has left that is gone: 1 where there was something,
 * 0 where there was nothing, or a negative errno and the failure in host->dg.
 */
int __attribute__((warn_unused_result))
guest_remove_rest(struct host *host, uint32_t domid);

#endif /* DW_GUEST_REMOVE_H */
