/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create.h - a new guest, from its configuration to its first instruction, or
 * to the one where it was saved.
 *
 * Order of calls: a zeroed struct with `host`, and `cfg` filled in and
 * checked; guest_plan(), guest_create() or guest_restore(); guest_close().
 */
#ifndef DW_GUEST_CREATE_H
#define DW_GUEST_CREATE_H

#include "config/guest_config.h"
#include "guest/domain.h"
#include "guest/image.h"
#include "guest/restore.h"
#include "host/host.h"

/* What there is of it at any moment; guest_undo() takes that away again. */
struct guest {
    struct config cfg;
    struct host *host; /* the caller's, open; guest_plan() opens it */
    struct image image;
    struct restore_from *from; /* a stream, for guest_restore(); the caller's */
    struct domain domain;
    bool entered; /* in xenstore: name and UUID are its own */
};

/* Plans its memory, in g->image.plan, and needs no Xen for that. */
int __attribute__((warn_unused_result))
guest_plan(struct guest *g, struct diag *dg);

/*
 * Builds the guest, writes its entries, and lets it run if `start`.  A failure
 * leaves nothing behind; so does a signal (signals.h), which is held from the
 * first change to the host on, and stays so.
 */
int __attribute__((warn_unused_result))
guest_create(struct guest *g, bool start, struct diag *dg);

/*
 * The same of a guest that was saved, g->from, and of whom `cfg` is read from
 * there: it has no image.
 */
int __attribute__((warn_unused_result))
guest_restore(struct guest *g, bool start, struct diag *dg);

/*
 * Is the UUID free that the configuration gives?  guest_create() sees to that
 * by itself; xl does not.  -EEXIST and the failure in host->dg: a living domain
 * has it.
 */
int __attribute__((warn_unused_result))
guest_check_uuid(struct host *host, const struct config *cfg);

/* The frame of one of its pages, by PFN, once it is built. */
mfn_t guest_frame(const struct guest *g, uint64_t pfn);

/* Gives back what the struct holds; the guest stays. */
void guest_close(struct guest *g);

#endif /* DW_GUEST_CREATE_H */
