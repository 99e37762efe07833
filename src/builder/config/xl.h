/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/xl.h - reads xl's configuration syntax, xl.cfg(5), through
 * libxlutil.
 */
#ifndef DW_CONFIG_XL_H
#define DW_CONFIG_XL_H

#include "config/guest_config.h"

/*
 * Reads `path`, or standard input where that is "-", into cfg, which
 * config_init() has prepared.  `extra` are `n_extra` words KEY=VALUE from the
 * command line, read after the file as if they were its last lines.
 *
 * Keys that domwright does not know are warned of; those that it does not carry
 * out are left to xl: cfg->places tells which.  0; or a negative errno and all
 * that is wrong in dg, each with the file and the line in it.
 */
int __attribute__((warn_unused_result))
config_xl_read(struct config *cfg, const char *path, char *const *extra,
               int n_extra, struct diag *dg);

#endif /* DW_CONFIG_XL_H */
