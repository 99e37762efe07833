/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wait.h - waits until a guest has come to something.
 */
#ifndef DW_GUEST_WAIT_H
#define DW_GUEST_WAIT_H

#include <regex.h>
#include <stdint.h>

#include "host/host.h"

enum wait_state {
    WAIT_SHUTDOWN, /* it has shut down, whatever for, or is gone */
    WAIT_RUNNING,
    WAIT_PAUSED,
    WAIT_CRASHED,
    WAIT_GONE,
    WAIT_STATES
};

/* As users name it; static. */
const char *wait_state_name(enum wait_state state);

struct wait_for {
    const char *text; /* NULL: the state; or a line of its console has it */
    regex_t regex;    /* text's */
    enum wait_state state;
    int64_t ms; /* or WATCH_FOREVER */
};

/*
 * For the domain of that ID and UUID, which messages call `who`; what others
 * call it later, or another one by its name, does not matter.  0, or a negative
 * errno and the failure in host->dg: the time is over, or the guest has ended
 * and will not come to it.
 */
int __attribute__((warn_unused_result))
guest_wait(struct host *host, const char *who, const xc_domaininfo_t *domain,
           const struct wait_for *want);

#endif /* DW_GUEST_WAIT_H */
