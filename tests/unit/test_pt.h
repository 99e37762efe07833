/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every page-table test runs once for each format: _i is its number here. */
#ifndef DW_TEST_PT_H
#define DW_TEST_PT_H

#include <check.h>

#include "pt/format.h"

#define TEST_FORMATS 12
/*
 * The first two are the PV ones; Arm's begin with this one, of two frames, and
 * differ in the size of the root alone.
 */
#define TEST_ARM 4
extern const struct pt_format *const test_format[TEST_FORMATS];

/* From the environment (PT_SEED), or always the same. */
uint64_t test_seed(void);

TCase *format_tests(void);
TCase *walk_tests(void);
TCase *map_tests(void);
TCase *trace_tests(void);
TCase *tlb_tests(void);
TCase *change_tests(void);
TCase *unmap_tests(void);
TCase *remap_tests(void);
TCase *random_tests(void);

#endif
