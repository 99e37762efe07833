/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/libvirt.h - libvirt's XML in the place of an xl file: found by its
 * content, and turned into xl's text by the module of libvirt/to_xl.h; and a
 * configuration as such XML.
 */
#ifndef DW_CONFIG_LIBVIRT_H
#define DW_CONFIG_LIBVIRT_H

#include <stdbool.h>
#include <stdio.h>

#include "config/guest_config.h"
#include "libvirt/from_xl.h"
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

/*
 * Writes cfg->settings as libvirt's XML; `width` is the kernel's, 0: not known.
 * `to` may be NULL.  What XML cannot say of the same guest is warned of.  0; or
 * a negative errno and all that would make another guest in dg.
 */
int __attribute__((warn_unused_result))
config_write_libvirt(const struct config *cfg, unsigned int width, FILE *to,
                     struct diag *dg);

#endif /* DW_CONFIG_LIBVIRT_H */
