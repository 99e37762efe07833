/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.h - what has happened to a domain, as JSON.
 */
#ifndef DW_REPORT_EVENT_H
#define DW_REPORT_EVENT_H

#include <jansson.h>
#include <time.h>
#include <xenctrl.h>

/* "event" and "time"; NULL where memory ran out. */
json_t *event_json(const char *event, const struct timespec *when);

/* Which domain: `width` is domain_width() of it, `name` may be NULL. */
void event_add_domain(json_t *event, const xc_domaininfo_t *info,
                      unsigned int width, const char *name);

/* How it has shut down; what state it is in; what it wrote. */
void event_add_reason(json_t *event, const xc_domaininfo_t *info);
void event_add_state(json_t *event, const xc_domaininfo_t *info);
void event_add_text(json_t *event, const char *text);

#endif /* DW_REPORT_EVENT_H */
