/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl_text.h - the text of a configuration: the file and KEY=VALUE arguments,
 * as libxlutil's parser wants them.
 */
#ifndef DW_XL_TEXT_H
#define DW_XL_TEXT_H

#include <libxlutil.h>

#include "config/guest_config.h"

/*
 * Parses `path`, "-" for standard input, and the `n_extra` words after it as
 * its last lines.  Sets cfg->source, and adds each setting to cfg->places.
 *
 * 0 and *xlu, which the caller destroys; or a negative errno and all that the
 * parser does not take in dg, a line for each.
 */
int __attribute__((warn_unused_result))
xl_text_parse(struct config *cfg, const char *path, char *const *extra,
              int n_extra, struct diag *dg, XLU_Config **xlu);

#endif /* DW_XL_TEXT_H */
