/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * open.h - a host, opened, and looked after from then on.
 */
#ifndef FX_OPEN_H
#define FX_OPEN_H

#include "machine/host.h"

/*
 * Opens the host, and makes the file where there is none.  One line in
 * why[0 .. len - 1] on failure: -EINVAL for a file that is no host, damaged or
 * newer, -ENOSPC, or what open() says.  fx_host_close() is its end.
 */
int __attribute__((warn_unused_result))
fx_host_open(const struct fx_options *options, struct fx_host **host, char *why,
             size_t len);

/*
 * A machine that exists, to be looked at: what can be seen is a copy, as the
 * next user would find it, and no lock is needed.  The file is not written to,
 * and may be read-only.  -EBUSY: somebody is at work on it.  What was found out
 * counts if fx_view_is_good() says so afterwards.
 */
int __attribute__((warn_unused_result))
fx_host_view(const struct fx_options *options, struct fx_host **host, char *why,
             size_t len);

#endif /* FX_OPEN_H */
