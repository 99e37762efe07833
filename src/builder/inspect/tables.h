/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/tables.h - a walk over all page tables of a domain that may be
 * running.
 *
 * It begins with what the vCPUs have loaded and with what is pinned, and goes
 * down a level at a time, so that each table is looked at once for each level
 * that it is used at, however often others lead to it.  What looks wrong is
 * asked and read again before it is told: the guest may have changed it since.
 */
#ifndef DW_INSPECT_TABLES_H
#define DW_INSPECT_TABLES_H

#include "inspect/domain_view.h"
#include "inspect/faults.h"

/*
 * All frames of the view have been asked about, view_ask_all().  `fresh`: the
 * guest has not run yet, so that all pins are its builder's.  0, or a negative
 * errno and the failure in view->dg.
 */
int __attribute__((warn_unused_result))
tables_check(struct domain_view *view, bool fresh, struct faults *faults);

#endif /* DW_INSPECT_TABLES_H */
