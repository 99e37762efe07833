/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * facts.h - what a command reports: an object first, then JSON or text.
 */
#ifndef DW_REPORT_FACTS_H
#define DW_REPORT_FACTS_H

#include <jansson.h>
#include <stdbool.h>

#include "diag.h"

/* Takes the reference to `value`; a NULL one leaves the fact out. */
void facts_set(json_t *facts, const char *name, json_t *value);

/*
 * Prints all of them on standard output, as JSON or one a line, and drops the
 * reference to `facts`.  Frame numbers, whose names end in "_mfn", are written
 * in hexadecimal in text, as Xen and its tools do.
 */
int __attribute__((warn_unused_result))
facts_print(struct diag *dg, json_t *facts, bool json);

#endif /* DW_REPORT_FACTS_H */
