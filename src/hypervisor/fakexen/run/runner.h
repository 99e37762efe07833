/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runner.h - a process that runs one domain, from when it is first unpaused
 * until it is gone.
 */
#ifndef FX_RUNNER_H
#define FX_RUNNER_H

#include <stddef.h>
#include <stdint.h>

#include "machine/host.h"

struct fx_cpu_library;

struct fx_runner_options {
    uint16_t domid;
    int output;      /* where the console goes, too; or -1 */
    int why;         /* to be closed when it runs; or -1 */
    const char *log; /* the file that keeps all of its console; or NULL */
};

/*
 * Runs the domain, unless another process does.  Returns when it or the
 * machine's file is gone: 0, or a negative errno with a line in why.
 */
int __attribute__((warn_unused_result))
fx_runner(struct fx_host *host, const struct fx_cpu_library *library,
          const struct fx_runner_options *options, char *why, size_t len);

#endif /* FX_RUNNER_H */
