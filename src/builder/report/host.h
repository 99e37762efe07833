/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/host.h - facts of the host that several commands report.
 */
#ifndef DW_REPORT_HOST_H
#define DW_REPORT_HOST_H

#include <jansson.h>

#include "host/ask.h"

/* Each adds to `facts`. */

/* xen_version, as in "4.17.5" */
void host_add_version(json_t *facts, const struct host_facts *host);

/* changeset, compiler, compile_date */
void host_add_build(json_t *facts, const struct host_facts *host);

/* memory_mib, free_mib, cpus, nodes */
void host_add_size(json_t *facts, const struct host_facts *host);

/* guest_types, pv32 */
void host_add_guest_types(json_t *facts, const struct host_facts *host);

#endif /* DW_REPORT_HOST_H */
