/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/saved.h - a saved domain for people and for programs.
 */
#ifndef DW_REPORT_SAVED_H
#define DW_REPORT_SAVED_H

#include <jansson.h>
#include <stdio.h>

#include "stream/compare.h"
#include "stream/saved.h"

/* A new reference; NULL where memory ran out. */
json_t *saved_json(const struct saved *saved, const char *file);

/* Takes what saved_json() gave. */
void saved_print(json_t *facts, FILE *out);

/* A run of pages that differ; NULL where memory ran out. */
json_t *saved_run_json(const struct compare_run *run);
void saved_run_print(const struct compare_run *run, FILE *out);

#endif /* DW_REPORT_SAVED_H */
