/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/plan.h - a plan for people and for programs: create --dry-run.
 */
#ifndef DW_REPORT_PLAN_H
#define DW_REPORT_PLAN_H

#include <jansson.h>
#include <stdio.h>

#include "hooks/plan.h"

void plan_print(const struct dw_plan *plan, FILE *out);

/* A new reference; NULL where memory ran out. */
json_t *plan_json(const struct dw_plan *plan);

#endif /* DW_REPORT_PLAN_H */
