/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/survey_svg.h - a guest's memory and its page tables, as a picture.
 */
#ifndef DW_REPORT_SURVEY_SVG_H
#define DW_REPORT_SURVEY_SVG_H

#include "report/survey.h"

/* One picture, for screens that are light or dark. */
void survey_svg(const struct survey *survey, const struct survey_of *of,
                FILE *out);

#endif /* DW_REPORT_SURVEY_SVG_H */
