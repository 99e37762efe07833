/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.h - Xen's own console client, xenconsole.
 */
#ifndef DW_CONSOLE_H
#define DW_CONSOLE_H

#include <stdint.h>

#include "host/host.h"

/*
 * Waits some seconds until xenconsoled has given the domain a terminal.  0, or
 * a negative errno and the failure in host->dg: there is none.
 */
int __attribute__((warn_unused_result))
console_wait(struct host *host, uint32_t domid);

/*
 * Can a guest that is yet to be built have its console shown?  A negative errno
 * and the failure in dg: there is no program for it, or nothing behind it.
 * DOMWRIGHT_XENCONSOLE in the environment names a program that can.
 */
int __attribute__((warn_unused_result)) console_check(struct diag *dg);

/*
 * Becomes xenconsole for the domain's first PV console.  It writes one byte
 * to notify_fd when it is attached; -1: do not.  Returns on failure only.
 */
int __attribute__((warn_unused_result))
console_exec(struct diag *dg, uint32_t domid, int notify_fd);

#endif /* DW_CONSOLE_H */
