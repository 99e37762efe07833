/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restored.h - what restore and migrate-receive have in common; restore.c.
 */
#ifndef DW_COMMAND_RESTORED_H
#define DW_COMMAND_RESTORED_H

#include "command/args.h"
#include "guest/create.h"

/*
 * Reads the configuration that came with a stream.  *ours: it is one that we
 * bring back, xl_config.h.  0, or a negative errno and the failure in host->dg.
 */
int __attribute__((warn_unused_result))
restored_config(struct host *host, const struct saved *saved, const char *name,
                struct config *cfg, bool *ours);

/*
 * Who waits for the guest's end: another process, which is left behind, or with
 * -F this one, or with -e nobody.  `rc` is what it has come to so far.
 */
int __attribute__((warn_unused_result))
restored_stay(struct guest *g, const struct args *args, int rc);

#endif /* DW_COMMAND_RESTORED_H */
