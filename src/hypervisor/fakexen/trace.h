/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - the process's host, and what the wrapper asked for: a trace of all
 * calls, and one call that fails.
 *
 * The environment that fakexen(1) sets up:
 *
 *   FAKEXEN_HOST    the host file
 *   FAKEXEN_MEMORY, FAKEXEN_E820, FAKEXEN_NODES, FAKEXEN_LEVEL
 *                   what to make where there is no such file; see fx_options
 *   FAKEXEN_TRACE   a file to append the trace to
 *   FAKEXEN_FAIL    N[:ERRNO], or N:SIGKILL: who makes the call, dies of it
 *   FAKEXEN_CALLS   a file with the count of calls that FAKEXEN_FAIL goes by,
 *                   one for the whole process tree
 */
#ifndef FX_TRACE_H
#define FX_TRACE_H

#include "host.h"

/*
 * The host, opened on first use; NULL with errno set, and one line on standard
 * error the first time, where there is none to be had.  Never closed: mappings
 * of it may be anywhere.
 */
struct fx_host *fx_process_host(void);

/* In place of a hypercall number: a foreign mapping. */
#define FX_TRACE_MAPPING (~0u)

/*
 * Counts one more call; true if it is the one that has to fail, with a positive
 * errno.  Of a multicall, the multicall counts and not what is in it.  `number`
 * is the hypercall's, or FX_TRACE_MAPPING.
 */
bool __attribute__((warn_unused_result))
fx_trace_fail(unsigned int number, int *error);

/*
 * What this process's calls have taken, for a program that measures itself: it
 * looks the function up with dlsym().  Counts from its first use on.
 */
struct fx_usage {
    uint64_t hypercalls;
    uint64_t mappings; /* made, not undone */
    uint64_t cpu_ns;   /* of both, and of what undid mappings */
};
void fx_usage_so_far(struct fx_usage *usage);

/* Before a call: a time in nanoseconds, or 0 where nothing is traced or
 * counted. */
uint64_t fx_trace_start(void);

/*
 * After a call, which fx_trace_start() returned `start` before; nothing where
 * that is 0.  `result` is Xen's: a negative errno for a failure.
 */
void fx_trace_hypercall(unsigned int number, const uint64_t arg[5], long result,
                        uint64_t start);

/* `name` is "map", "unmap" or "map_resource"; `prot` is mmap()'s. */
void fx_trace_mapping(const char *name, uint32_t domid, uint64_t address,
                      uint64_t pages, int prot, long result, uint64_t start);

#endif /* FX_TRACE_H */
