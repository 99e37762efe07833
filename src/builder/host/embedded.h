/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * embedded.h - the way to an embedded host, where there is no Xen.
 *
 * Nothing of fakexen is in this program: it runs itself again under fakexen(1),
 * which answers for Xen's libraries.
 */
#ifndef DW_EMBEDDED_H
#define DW_EMBEDDED_H

#include "diag.h"

/*
 * To be called before a hypervisor is talked to.  Goes on as a command on an
 * embedded host, and does not return, where dg->host names one, or
 * DOMWRIGHT_HOST in the environment does, or there is no Xen and fakexen is
 * installed; says so on standard error where nobody named it.
 * 0: there is Xen, or already an embedded host, or nothing that could be done.
 * A negative errno: a host was named, and fakexen cannot be run.
 */
int __attribute__((warn_unused_result)) embedded_enter(struct diag *dg);

#endif /* DW_EMBEDDED_H */
