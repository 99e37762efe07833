/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busy.h - does to a guest's memory what a busy kernel does: writes to it,
 * makes tables of pages and pages of tables, exchanges frames, gives memory
 * back and takes it again.  What does not go just then is left.
 */
#ifndef BUSY_H
#define BUSY_H

#include <stdint.h>

#include <xenctrl.h>

#include "domain_frames.h"

struct busy {
    xc_interface *xch;
    uint32_t domid;
    struct domain_frames *frames; /* kept up to date */
    uint64_t p2m;                 /* the PFN where its list begins */
    /* PFNs that are free to be used so; two more behind them stay. */
    uint64_t first, end;
    int low; /* an L3 is to lie below 4 GiB */
    uint64_t seed;
    unsigned char *state; /* of each PFN from `first` on */
    unsigned int done[6]; /* how often each thing was done */
};

int busy_open(struct busy *busy);
void busy_step(struct busy *busy);

#endif /* BUSY_H */
