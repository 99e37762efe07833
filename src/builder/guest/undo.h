/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * undo.h - the way back from a creation that failed.
 */
#ifndef DW_GUEST_UNDO_H
#define DW_GUEST_UNDO_H

#include "guest/create.h"

/*
 * A domain that was not finished leaves nothing.  The diag keeps the failure
 * that it already has.  A negative errno: something could not be removed.
 */
int __attribute__((warn_unused_result)) guest_undo(struct guest *g);

#endif /* DW_GUEST_UNDO_H */
