/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl_config.h - a guest's configuration as libxl keeps and saves it, in JSON
 * (its libxl_types.idl), read back.
 */
#ifndef DW_GUEST_XL_CONFIG_H
#define DW_GUEST_XL_CONFIG_H

#include <stdbool.h>

#include "config/guest_config.h"

/*
 * Fills in `cfg`, which config_init() made; `source` is what the JSON is from,
 * for messages.  *ours: it says nothing beyond that, and would be written the
 * same again, on a host of so many CPUs; else it takes xl to bring back all
 * that it says, devices for instance.  0; or -EINVAL and the failure in dg: it
 * is no configuration of a PV guest.
 */
int __attribute__((warn_unused_result))
xl_config_read(struct config *cfg, const char *json, const char *source,
               unsigned int cpus, bool *ours, struct diag *dg);

#endif /* DW_GUEST_XL_CONFIG_H */
