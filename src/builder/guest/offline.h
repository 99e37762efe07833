/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offline.h - a guest that has not run, in a file as xl saves guests, made
 * where there is no Xen.
 */
#ifndef DW_GUEST_OFFLINE_H
#define DW_GUEST_OFFLINE_H

#include "guest/create.h"
#include "guest/save.h"

/*
 * Plans the guest of g->cfg, as guest_plan() does, builds it in our own memory
 * and writes it to fd, a file that messages call `name`.  0; or a negative
 * errno and the failure in dg: what was written is of no use.
 */
int __attribute__((warn_unused_result))
guest_write_offline(struct guest *g, int fd, const char *name,
                    const struct save_progress *progress, struct diag *dg);

#endif /* DW_GUEST_OFFLINE_H */
