/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regress/report.h - what came of a matrix: as facts, which are also what is
 * merged, and as text, TAP or JUnit's XML.
 */
#ifndef DW_REGRESS_REPORT_H
#define DW_REGRESS_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "regress/run.h"

/* A report without a cell; NULL where memory ran out. */
json_t *report_new(uint64_t seed);

/* 0 or -ENOMEM. */
int __attribute__((warn_unused_result))
report_add(json_t *report, const char *name, const struct result *result,
           const char *repeat);

/*
 * Adds the cells of one that was read; -EINVAL: it is none; -EXDEV: it has
 * another seed.  A cell that is there already is replaced where it had not
 * failed.
 */
int __attribute__((warn_unused_result))
report_merge(json_t *report, json_t *other);

/* How many cells have that outcome. */
unsigned int report_count(json_t *report, enum outcome outcome);

/* "passed", "failed", "skipped" */
const char *outcome_name(enum outcome outcome);

void report_text(json_t *report, FILE *out);
void report_tap(json_t *report, FILE *out);
void report_junit(json_t *report, FILE *out);

#endif /* DW_REGRESS_REPORT_H */
