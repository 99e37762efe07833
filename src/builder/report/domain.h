/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/domain.h - a domain's state in the words that list and info share.
 */
#ifndef DW_REPORT_DOMAIN_H
#define DW_REPORT_DOMAIN_H

#include <jansson.h>
#include <stdint.h>
#include <xenctrl.h>

/* "rbpscd" or '-' in each place, as in xl list; the NUL included. */
#define DOMAIN_STATE 7
void domain_state(const xc_domaininfo_t *info, char state[DOMAIN_STATE]);

/* "pv32", "pv64", "hvm"; static.  `width` is domain_width() of it. */
const char *domain_type(const xc_domaininfo_t *info, unsigned int width);

uint64_t domain_mib(uint64_t pages);
double domain_seconds(const xc_domaininfo_t *info);

/* What list shows of a domain, as an object; NULL where memory ran out. */
json_t *domain_json(const xc_domaininfo_t *info, unsigned int width,
                    const char *name);

#endif /* DW_REPORT_DOMAIN_H */
