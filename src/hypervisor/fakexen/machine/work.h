/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * work.h - how much a guest's hypercall does while it has the machine.
 *
 * A guest can ask for as much as it likes, and is not to have the lock for that
 * long: a call that has done its share puts the rest off, as on Xen (caller.h,
 * page_type.h).  One unit is about an entry of a page table; who does something
 * counts it, with the lock held.
 */
#ifndef FX_WORK_H
#define FX_WORK_H

#include <stdbool.h>
#include <stdint.h>

struct fx_host;

/* A call's share: more by far than the tables on the way down to one, which are
 * begun anew in each part of a promotion, so that each part gets on. */
#define FX_WORK_SHARE 65536

/* One request of a list, and one frame that changes hands or is filled. */
#define FX_WORK_STEP  64
#define FX_WORK_FRAME 64

/* A call begins; without that, and after its end, all that is asked is done. */
void fx_work_begin(struct fx_host *host);
void fx_work_end(struct fx_host *host);

/* So much is done more.  Is it the call's share? */
void fx_work(struct fx_host *host, uint64_t units);
bool fx_work_is_done(const struct fx_host *host);

/* Is all that was done a share, by many short calls or one?  Then it is
 * somebody else's turn (fx_lock_give_way()), and it is counted anew. */
bool fx_work_is_much(struct fx_host *host);

#endif /* FX_WORK_H */
