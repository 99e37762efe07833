/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guests.h - a command with the guests that it makes, until they have ended.
 */
#ifndef FX_GUESTS_H
#define FX_GUESTS_H

#include "machine/host.h"

/* What a limit that was reached ends with, as timeout(1). */
#define FX_LIMIT_REACHED 124

/*
 * Sets up that guests' consoles come out on standard output; before the
 * command's environment is its own.  0, or -errno after a line on standard
 * error.
 */
struct fx_guests {
    struct fx_host *host;
    int output[2];      /* a pipe that runners write to */
    unsigned int limit; /* in seconds; 0: none */
};
int __attribute__((warn_unused_result))
fx_guests_prepare(struct fx_guests *guests);

/* Runs it as fx_run(), and then waits until no guest is left that could go on.
 * Its status, or FX_LIMIT_REACHED. */
int __attribute__((warn_unused_result))
fx_guests_run(struct fx_guests *guests, char **command);

#endif /* FX_GUESTS_H */
