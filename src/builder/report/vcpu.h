/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/vcpu.h - a domain's vCPUs, as vcpu-list shows them.
 */
#ifndef DW_REPORT_VCPU_H
#define DW_REPORT_VCPU_H

#include <jansson.h>
#include <stdio.h>

#include "host/ask.h"

void vcpu_print_heading(FILE *out);
void vcpu_print_row(FILE *out, const char *name, uint32_t domid,
                    const struct vcpu_facts *vcpu);

/* A new reference; NULL where memory ran out. */
json_t *vcpu_json(uint32_t domid, const struct vcpu_facts *vcpu);

#endif /* DW_REPORT_VCPU_H */
