/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/domain.h - a domain's state in the words that list and info share.
 */
#ifndef DW_REPORT_DOMAIN_H
#define DW_REPORT_DOMAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <xenctrl.h>

/* "rbpscd" or '-' in each place, as in xl list; the NUL included. */
#define DOMAIN_STATE 7
void domain_state(const xc_domaininfo_t *info, char state[DOMAIN_STATE]);

/* A name as it is shown; xenstore's values are no longer. */
#define DOMAIN_NAME 4097

/* "pv32", "pv64": what a PV guest of that width is called everywhere; static.
 */
const char *pv_type(unsigned int width);

/* "pv32", "pv64", "hvm"; static.  `width` is domain_width() of it. */
const char *domain_type(const xc_domaininfo_t *info, unsigned int width);

/* "poweroff", "crash"; static.  Of one that has shut down. */
const char *domain_shutdown_reason(const xc_domaininfo_t *info);

uint64_t domain_mib(uint64_t pages);
double domain_seconds(const xc_domaininfo_t *info);

/* JSON is UTF-8, a name need not be.  NULL for NULL, or where memory ran out.
 */
json_t *domain_name_json(const char *name);

/* What list shows of a domain, as an object; NULL where memory ran out. */
json_t *domain_json(const xc_domaininfo_t *info, unsigned int width,
                    const char *name);

/*
 * What info adds: shutdown_reason, max_memory_mib, max_vcpus, shared_info_mfn,
 * as far as the domain has them.
 */
void domain_add_limits(json_t *facts, const xc_domaininfo_t *info);

/* What list prints of a domain where it is no JSON; `name` may be NULL. */
void domain_print_heading(FILE *out, bool uuids);
void domain_print_row(FILE *out, const xc_domaininfo_t *info,
                      unsigned int width, const char *name, bool uuids);

#endif /* DW_REPORT_DOMAIN_H */
