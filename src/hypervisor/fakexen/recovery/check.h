/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check.h - whether what changes in a host file can be so.
 *
 * Whatever is found in the file may have been put there by somebody else: what
 * is not as it could be is refused before it is used.  0, or -EINVAL with a
 * line in why[0 .. len - 1].
 */
#ifndef FX_CHECK_H
#define FX_CHECK_H

#include <stddef.h>

struct fx_host;

/* The superblock's part that changes. Numbers only, no counts. */
int __attribute__((warn_unused_result))
fx_check_domains(struct fx_host *host, char *why, size_t len);

/* And what Xen's frames hold of the domains? With the lock held, which has seen
 * to domains that are not whole. */
int __attribute__((warn_unused_result))
fx_check_states(struct fx_host *host, char *why, size_t len);

#endif /* FX_CHECK_H */
