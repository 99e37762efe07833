/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/configuration.h - a guest's configuration as JSON.
 */
#ifndef DW_REPORT_CONFIGURATION_H
#define DW_REPORT_CONFIGURATION_H

#include <jansson.h>

#include "settings.h"

/* NULL: out of memory, or a text is not UTF-8. */
json_t *settings_json(const struct setting *s);

#endif /* DW_REPORT_CONFIGURATION_H */
