/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan_report.h - a plan for people and for programs: create --dry-run.
 */
#ifndef DW_PLAN_REPORT_H
#define DW_PLAN_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "plan.h"

void plan_print(const struct dw_plan *plan, FILE *out);

/* A new reference; NULL where memory ran out. */
json_t *plan_json(const struct dw_plan *plan);

#endif /* DW_PLAN_REPORT_H */
