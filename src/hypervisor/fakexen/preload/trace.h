/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - what the wrapper asked for: a trace of all calls (hypercalls,
 * foreign mappings, requests to xenstore), and one of them that fails.
 *
 * The environment that fakexen(1) sets up:
 *
 *   FAKEXEN_HOST    the host file
 *   FAKEXEN_MEMORY, FAKEXEN_E820, FAKEXEN_NODES, FAKEXEN_LEVEL,
 *   FAKEXEN_SHADOW, FAKEXEN_RUN, FAKEXEN_SEED
 *                   what to make where there is no such file; see fx_options
 *   FAKEXEN_TRACE   a file to append the trace to
 *   FAKEXEN_FAIL    N[:ERRNO], or N:SIGTERM: who makes the call gets that one
 *   FAKEXEN_CALLS   a file with a struct fx_calls, one for the whole process
 *                   tree
 */
#ifndef FX_TRACE_H
#define FX_TRACE_H

#include "machine/host.h"

/* Of all processes of the tree. */
struct fx_calls {
    uint64_t made;   /* the trace's "n", and what FAKEXEN_FAIL goes by */
    int trace_error; /* an errno: some of the trace could not be written */
};

/* One call: its number, and when it began. */
struct fx_call {
    uint64_t n;     /* from 1 on; 0: nobody counts */
    uint64_t start; /* in nanoseconds; 0: nothing is traced or measured */
};

/*
 * Before a call: counts it.  0, or the negative errno that it has to fail with.
 * Of a multicall, the multicall counts and not what is in it.
 */
int __attribute__((warn_unused_result)) fx_trace_begin(struct fx_call *call);

/* The same for one that has no number, as it cannot fail. */
void fx_trace_begin_uncounted(struct fx_call *call);

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

/*
 * After a call, which one of the functions above began.  `result` is Xen's or
 * xenstored's: a negative errno for a failure.
 */
void fx_trace_hypercall(const struct fx_call *call, unsigned int number,
                        const uint64_t arg[5], long result);

/* `name` is "map", "unmap" or "map_resource"; `prot` is mmap()'s. */
void fx_trace_mapping(const struct fx_call *call, const char *name,
                      uint32_t domid, uint64_t address, uint64_t pages,
                      int prot, long result);

/* What a request to xenstore is about; NULL: not about that. */
struct fx_trace_request {
    const char *name;          /* "xs_read" */
    const char *path;          /* as the caller gave it */
    unsigned int *transaction; /* 0: outside of all */
    unsigned int *domid;
    size_t *bytes; /* of the value or list, written or read */
};
void fx_trace_store(const struct fx_call *call,
                    const struct fx_trace_request *request, long result);

#endif /* FX_TRACE_H */
