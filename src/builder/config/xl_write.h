/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/xl_write.h - settings as a file of xl.cfg(5).
 */
#ifndef DW_CONFIG_XL_WRITE_H
#define DW_CONFIG_XL_WRITE_H

#include <stdio.h>

#include "config/guest_config.h"

/*
 * Writes what is not implied, a line for each key.  0; or -EINVAL and each that
 * no string of xl's can hold in dg.
 */
int __attribute__((warn_unused_result))
config_write_xl(const struct config *cfg, FILE *to, struct diag *dg);

#endif /* DW_CONFIG_XL_WRITE_H */
