/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * receive.h - a guest comes from another host: this side of it.  migrate.h has
 * the other, and the rule.
 *
 * Order of calls: receive_open(), which reads the stream's beginning;
 * receive_guest(), where there was one; receive_close() in any case.  Signals
 * are to be held.
 */
#ifndef DW_GUEST_RECEIVE_H
#define DW_GUEST_RECEIVE_H

#include "guest/create.h"
#include "guest/feed.h"
#include "host/link.h"

struct receive {
    struct link link;
    struct feed feed;
    bool is_over;   /* there was a question, or nothing at all */
    bool only_asks; /* there is the configuration alone */
};

/*
 * Greets the sender on our standard output, and reads what it sends, as far as
 * receive->feed.saved has the configuration.  Where that is a question, it is
 * answered, and receive->is_over; so where there is nothing.  A sender that
 * only wants to know sends the configuration alone.  0, or a negative errno and
 * the failure in host->dg.
 */
int __attribute__((warn_unused_result))
receive_open(struct receive *receive, struct host *host);

/*
 * Can it be here, as far as g->cfg tells?  The same name is its own, where it
 * has its UUID.  0, or a negative errno and the failure in host->dg.
 */
int __attribute__((warn_unused_result)) receive_check(const struct guest *g);

/*
 * Makes the guest, of which g->cfg says all but that it is on its way, and
 * starts it, unless `paused`, when the sender has given it away.  0: it is
 * here; or a negative errno and the failure in host->dg: nothing of it is.
 */
int __attribute__((warn_unused_result))
receive_guest(struct receive *receive, struct guest *g,
              struct restore_from *from, bool paused);

void receive_close(struct receive *receive);

#endif /* DW_GUEST_RECEIVE_H */
