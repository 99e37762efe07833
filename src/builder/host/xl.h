/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl.h - stock xl, with our hooks in its libxenguest or without.
 */
#ifndef DW_XL_H
#define DW_XL_H

#include <sys/types.h>

#include "diag.h"

/*
 * Becomes xl with the plugin preloaded: DOMWRIGHT_PLUGIN, the one of the tree
 * that this program was built in, or the installed one.  Returns on failure
 * only.
 */
int __attribute__((warn_unused_result)) xl_exec(struct diag *dg, char **argv);

/* Starts xl as it is; a negative errno, -ENOENT: it is not installed. */
int __attribute__((warn_unused_result)) xl_start(pid_t *child, char **argv);

#endif /* DW_XL_H */
