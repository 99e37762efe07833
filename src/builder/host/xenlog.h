/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xenlog.h - libxc's logger: its first error since diag_step() becomes the
 * cause that diag_fail_xc() tells, and its last word before that the detail;
 * all of it is shown as it comes where the user asked for that (-v).
 */
#ifndef DW_XENLOG_H
#define DW_XENLOG_H

#include <xentoollog.h>

#include "diag.h"

/*
 * How far libxenguest is with a long call, in pages; from within it.
 */
struct xenlog_progress {
    void (*tell)(void *arg, unsigned long done, unsigned long total);
    void *arg;
};

struct xenlog {
    xentoollog_logger logger; /* first: libxc hands this back to us */
    struct diag *dg;
    const struct xenlog_progress *progress; /* NULL: nobody wants to know */
};

void xenlog_init(struct xenlog *log, struct diag *dg);

#endif /* DW_XENLOG_H */
