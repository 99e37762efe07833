/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * status.h - what a host holds, for people and for programs.
 *
 * Both are called with the lock held, or on a copy, and return 0, -ENOMEM, or
 * -EIO where `out` does not take it.  `differences` becomes how many the audit
 * found.
 */
#ifndef FX_STATUS_H
#define FX_STATUS_H

#include <stdio.h>

#include "machine/host.h"

/* Frames, types, domains, and each difference that the audit finds. */
int __attribute__((warn_unused_result))
fx_status_print(struct fx_host *host, FILE *out, uint64_t *differences);

/* The same as one JSON object, with the differences' number alone. */
int __attribute__((warn_unused_result))
fx_status_print_json(struct fx_host *host, FILE *out, uint64_t *differences);

#endif /* FX_STATUS_H */
