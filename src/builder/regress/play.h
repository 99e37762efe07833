/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regress/play.h - does what a guest's kernel does to be saved, where guests do
 * not run: on an embedded host, or for one that is paused.
 *
 * The guest has not run: its start_info is where its builder put it.  It gets
 * contents that follow from a seed, says where its P2M list is, in the last
 * pages of its memory, and waits until xenstore asks it to suspend.  Then it
 * stays until the domain is gone, or goes on.
 */
#ifndef DW_REGRESS_PLAY_H
#define DW_REGRESS_PLAY_H

#include "host/host.h"

struct play {
    uint64_t seed;     /* of the contents; 0: as they are */
    uint64_t rate;     /* pages a second that are written to meanwhile */
    double delay;      /* seconds between its answer and the suspension */
    const char *state; /* a file for state_write() at that moment; or NULL */
    /* What happens: "ready", "asked", "suspended", "resumed"; 0, or a negative
     * errno that ends it, with the reason in the diag. */
    int (*tell)(void *arg, const char *what);
    void *arg;
};

/*
 * 0: it was suspended, and is gone, or goes on; or a negative errno and the
 * failure in host->dg: among others where somebody plays it, or has, or it is
 * gone without having been asked.
 */
int __attribute__((warn_unused_result))
play(struct host *host, const xc_domaininfo_t *info, unsigned int width,
     const struct play *play);

#endif /* DW_REGRESS_PLAY_H */
