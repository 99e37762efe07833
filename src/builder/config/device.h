/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/device.h - the descriptions of devices in xl's files, part by part:
 * "format=raw, vdev=xvda, access=rw, target=/dev/vg/a".
 */
#ifndef DW_CONFIG_DEVICE_H
#define DW_CONFIG_DEVICE_H

#include <stdbool.h>

#include "settings.h"

#define DEVICE_WHAT 200

/* Is it the key of a list of devices that device_parse() knows? */
bool device_is_known(const char *key);

/*
 * Adds the parts of `text`, one of the devices of `key`, to `parts`, whose
 * names and values are as xl.cfg(5) has them, whatever spelling they had: a
 * disk's access is ro or rw, a MAC has colons.  For vnuma it is one part.
 *
 * 0 and what xl leaves out in what[0 .. DEVICE_WHAT - 1], or ""; -EINVAL, where
 * xl stops or makes another device of it, and why; -ENOMEM.
 */
int __attribute__((warn_unused_result))
device_parse(const char *key, const char *text, struct setting *parts,
             char *what);

#endif /* DW_CONFIG_DEVICE_H */
