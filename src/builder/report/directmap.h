/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/directmap.h - a machine's memory and the direct map that it takes.
 */
#ifndef DW_REPORT_DIRECTMAP_H
#define DW_REPORT_DIRECTMAP_H

#include <jansson.h>
#include <stdio.h>

#include "mem/directmap.h"
#include "memmap/machine.h"

struct directmap_report {
    const struct machine *machine;
    struct directmap map;
    struct directmap_need need;
};

void directmap_print(const struct directmap_report *report, FILE *out);

/* NULL: out of memory. */
json_t *directmap_json(const struct directmap_report *report);

#endif /* DW_REPORT_DIRECTMAP_H */
