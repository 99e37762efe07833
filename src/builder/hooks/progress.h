/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * progress.h - how far a build is, for whoever wants to know or to stop it.
 */
#ifndef DW_PROGRESS_H
#define DW_PROGRESS_H

#include <stdint.h>

/* In this order; done and total count pages of memory, entries of the P2M
 * list, or pin operations. */
enum dw_build_step { DW_POPULATE, DW_CONSTRUCT, DW_PIN };

/*
 * tell() is called at a step's begin, between its parts, and at its end, each
 * of which a loaded host does well within a second.  It returns 0 to go on; a
 * negative errno ends the build, which then says nothing: the reason is the
 * teller's to report.
 */
struct dw_progress {
    int (*tell)(void *arg, enum dw_build_step step, uint64_t done,
                uint64_t total);
    void *arg;
};

/* Nobody is told where `progress` is NULL. */
static inline int dw_progress_tell(const struct dw_progress *progress,
                                   enum dw_build_step step, uint64_t done,
                                   uint64_t total)
{
    return progress ? progress->tell(progress->arg, step, done, total) : 0;
}

#endif /* DW_PROGRESS_H */
