/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * embedded.h - the way to an embedded host, where there is no Xen.
 *
 * Nothing of fakexen is in this program: it runs itself again under fakexen(1),
 * which answers for Xen's libraries.
 */
#ifndef DW_EMBEDDED_H
#define DW_EMBEDDED_H

#include <stdbool.h>

#include "diag.h"

/* Are we on one? */
bool embedded_here(void);

/*
 * To be called before a hypervisor is talked to.  The host is, in this order:
 * the one that `named` says, from the command line; the one that we are on; the
 * one of DOMWRIGHT_HOST; Xen, where the machine has it; the user's own, which
 * is said on standard error.  Where that is an embedded host that we are not on
 * yet, this program is run again there, with `command` as its command line, and
 * the call does not return.
 *
 * 0: the hypervisor can be talked to, or there is none.  A negative errno and
 * the failure in dg: a host was named, and fakexen cannot be run.
 */
int __attribute__((warn_unused_result))
embedded_enter(struct diag *dg, const char *named, char **command);

#endif /* DW_EMBEDDED_H */
