/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process_host.h - the host that the environment (trace.h) names for the
 * process.
 */
#ifndef FX_PROCESS_HOST_H
#define FX_PROCESS_HOST_H

struct fx_host;

/*
 * The host, opened on first use; NULL with errno set, and one line on standard
 * error the first time, where there is none to be had.  Never closed: mappings
 * of it may be anywhere.
 */
struct fx_host *fx_process_host(void);

#endif /* FX_PROCESS_HOST_H */
