/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/differs.h - where libvirt's reader of xl's files takes one otherwise
 * than xl does.
 */
#ifndef DW_CONFIG_DIFFERS_H
#define DW_CONFIG_DIFFERS_H

#include "config/guest_config.h"

/*
 * Warns of each place in the file that libvirt reads otherwise, or not at all;
 * what it makes of devices, and of what XML cannot say, libvirt/from_xl.h
 * tells.
 */
void config_warn_of_libvirt(const struct config *cfg);

#endif /* DW_CONFIG_DIFFERS_H */
