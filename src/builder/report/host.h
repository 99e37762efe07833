/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/host.h - facts of the host that several commands report.
 */
#ifndef DW_REPORT_HOST_H
#define DW_REPORT_HOST_H

#include <jansson.h>

#include "host/host.h"

/* Each adds to `facts`: 0, or a negative errno and the failure in host->dg. */

/* xen_version, as in "4.17.5" */
int __attribute__((warn_unused_result))
host_add_version(struct host *host, json_t *facts);

/* memory_mib, free_mib, cpus, nodes */
int __attribute__((warn_unused_result))
host_add_size(struct host *host, json_t *facts);

/* Where Xen does not say what was asked of it. */
int __attribute__((warn_unused_result)) host_no_answer(struct host *host);

#endif /* DW_REPORT_HOST_H */
