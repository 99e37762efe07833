/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hand_over.h - a guest that xl builds, with our hooks in it.
 */
#ifndef DW_HAND_OVER_H
#define DW_HAND_OVER_H

#include "command/args.h"
#include "config/guest_config.h"

/* A warning that names the settings because of which the guest is xl's. */
void hand_over_warn(const struct config *cfg, const char *what);

/*
 * Why there is nothing to plan: what xl will build is not known here; *key is
 * the key that says so.  NULL: it is, and a warning says what the plan lacks.
 */
const char *hand_over_no_plan(const struct config *cfg, const char **key);

/*
 * Becomes "xl create" with what create's own command line says: its
 * options, the file and n_extra settings.  Returns on failure only.
 */
int __attribute__((warn_unused_result))
hand_over(const struct config *cfg, const struct args *args, const char *file,
          char *const *extra, int n_extra, struct diag *dg);

#endif /* DW_HAND_OVER_H */
