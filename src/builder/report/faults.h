/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/faults.h - what verify found in a domain, as lines or as JSON.
 */
#ifndef DW_REPORT_FAULTS_H
#define DW_REPORT_FAULTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "inspect/faults.h"
#include "inspect/p2m.h"

/* A line each, "DOMAIN: KIND: WHAT", and one that counts those not kept. */
void faults_print(const struct faults *faults, const char *domain, FILE *out);

/* In the place of a domain's ID: it is a saved one. */
#define FAULTS_NO_DOMAIN UINT32_MAX

/* A new reference; NULL where memory ran out.  `name` may be NULL. */
json_t *faults_json(const struct faults *faults, enum p2m_source p2m,
                    uint32_t domid, const char *name);

#endif /* DW_REPORT_FAULTS_H */
