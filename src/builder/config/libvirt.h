/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/libvirt.h - libvirt's XML in the place of an xl file: found by its
 * content, and turned into xl's text by the module of libvirt/to_xl.h.
 */
#ifndef DW_CONFIG_LIBVIRT_H
#define DW_CONFIG_LIBVIRT_H

#include <stdbool.h>

#include "config/guest_config.h"
#include "libvirt/to_xl.h"

/* Is it XML, and no file of xl's, which begins with a key? */
bool config_is_xml(const char *text, size_t len);

/*
 * Turns `text`, which `source` is the name of in messages, into xl's.  Sets
 * cfg->width.  0; or a negative errno and all that is wrong in dg, a line for
 * each.  The caller gives `out` to free(3)'s ways by config_libvirt_dispose()
 * in any case.
 */
int __attribute__((warn_unused_result))
config_libvirt_read(struct config *cfg, const char *source, const char *text,
                    size_t len, struct libvirt_xl *out, struct diag *dg);

/* Idempotent. */
void config_libvirt_dispose(struct libvirt_xl *out);

#endif /* DW_CONFIG_LIBVIRT_H */
