/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach.h - a new guest's console, and then the guest.
 */
#ifndef DW_GUEST_ATTACH_H
#define DW_GUEST_ATTACH_H

#include "host/host.h"

/*
 * Becomes the console client of a domain that is paused, closes the host and
 * unpauses it when the client is attached.  Returns on failure only, and once
 * more in the child that unpauses.
 */
int __attribute__((warn_unused_result))
guest_attach(struct host *host, uint32_t domid);

#endif /* DW_GUEST_ATTACH_H */
