/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/directmap_svg.h - a machine's memory and its direct map, as a picture.
 */
#ifndef DW_REPORT_DIRECTMAP_SVG_H
#define DW_REPORT_DIRECTMAP_SVG_H

#include "report/directmap.h"

/* One picture, for screens that are light or dark. */
void directmap_svg(const struct directmap_report *report, FILE *out);

#endif /* DW_REPORT_DIRECTMAP_SVG_H */
