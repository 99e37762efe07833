/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/plan_survey.h - the memory of a guest that is still to be built, in
 * the form in which a living one's is shown.
 */
#ifndef DW_REPORT_PLAN_SURVEY_H
#define DW_REPORT_PLAN_SURVEY_H

#include "hooks/plan.h"
#include "inspect/survey.h"

void plan_survey(const struct dw_plan *plan, struct survey *survey);

#endif /* DW_REPORT_PLAN_SURVEY_H */
