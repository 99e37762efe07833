/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * progress.h - how far a build is, on one line of a terminal.
 */
#ifndef DW_COMMAND_PROGRESS_H
#define DW_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "diag.h"
#include "hooks/progress.h"

struct progress {
    struct dw_progress hook; /* for dw_hooks_register() */
    struct diag *dg;
    struct timespec begin;
    uint64_t shown_ms; /* when the line was written last, since `begin` */
    bool shows;        /* there is somebody who may see it */
    bool line;         /* there is a line now */
    char note[80];     /* what stands behind it */
};

/*
 * Standard error gets the line, from a second on, where it is a terminal and
 * neither -q nor -v was given.  The build stops where interrupt_check() finds a
 * signal.  The struct is not to be moved.
 */
void progress_init(struct progress *progress, struct diag *dg);

/* For other work than a build: pages, of which the verb says what was done.  0,
 * or interrupt_check()'s failure. */
int __attribute__((warn_unused_result))
progress_pages(struct progress *progress, const char *verb, uint64_t done,
               uint64_t total);

/* More that the line says from now on. */
void __attribute__((format(printf, 2, 3)))
progress_note(struct progress *progress, const char *fmt, ...);

/* Takes the line away, for what is printed next. */
void progress_clear(struct progress *progress);

#endif /* DW_COMMAND_PROGRESS_H */
