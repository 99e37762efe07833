/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * facts.h - what a command reports: an object first, then JSON or text.
 */
#ifndef DW_REPORT_FACTS_H
#define DW_REPORT_FACTS_H

#include <jansson.h>
#include <stdio.h>

/* Takes the reference to `value`; a NULL one leaves the fact out. */
void facts_set(json_t *facts, const char *name, json_t *value);

/*
 * Writes all of them as text, one a line.  Frame numbers, whose names end in
 * "_mfn", are in hexadecimal, as Xen and its tools write them.
 */
void facts_print(json_t *facts, FILE *out);

#endif /* DW_REPORT_FACTS_H */
