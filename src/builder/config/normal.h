/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/normal.h - a configuration as settings.h has it: each key once, as xl
 * understands it, in the order of the file.
 */
#ifndef DW_CONFIG_NORMAL_H
#define DW_CONFIG_NORMAL_H

#include <libxlutil.h>

#include "config/guest_config.h"

/*
 * Fills in cfg->settings from what libxlutil has read and config/xl.c has found
 * good.  What xl leaves out is warned of.  0; or a negative errno and all that
 * xl would refuse in dg.
 *
 * type, memory, maxmem, vcpus, maxvcpus and the on_* are always in it, those
 * that the file lacks as implied.
 */
int __attribute__((warn_unused_result))
config_normalise(struct config *cfg, XLU_Config *xlu, struct diag *dg);

#endif /* DW_CONFIG_NORMAL_H */
