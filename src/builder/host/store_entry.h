/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_entry.h - what is written to xenstore for a new domain.
 *
 * The nodes, their values and their permissions are libxl's (its
 * libxl__domain_make(), libxl__build_post() and libxl__device_console_add()),
 * so that xl, xenconsoled and guests find what they look for:
 * /local/domain/ID, /vm/UUID, /libxl/ID and the console's backend.
 *
 * Order of calls: store_enter() while the domain has no memory yet, then
 * store_connect() when it is built.  store_remove() (xenstore.h) takes all of
 * it away.  All calls return 0 or a negative errno and leave it to the caller
 * to say what failed.
 */
#ifndef DW_STORE_ENTRY_H
#define DW_STORE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/guest_config.h"
#include "frame.h"
#include "host/host.h"

/* Which domain has the name, or the UUID, that a new one is to have. */
struct store_taken {
    uint32_t domid;
    bool uuid; /* the UUID, not the name */
};

/*
 * -EEXIST and *taken: a domain in xenstore, which exists, has the
 * configuration's name or UUID already.  Looking prevents nothing:
 * store_enter() decides.
 */
int __attribute__((warn_unused_result))
store_look(struct host *host, const struct config *cfg,
           struct store_taken *taken);

/*
 * Enters the domain, all at once or not at all: from then on the name and the
 * UUID are its own.  What an earlier domain of this ID has left goes.
 * -EEXIST and *taken: another domain has one of them, and nothing is written.
 */
int __attribute__((warn_unused_result))
store_enter(struct host *host, const struct config *cfg, uint32_t domid,
            struct store_taken *taken);

/* How the domain talks to xenstore and to its console. */
struct store_rings {
    uint32_t store_port, console_port; /* the guest's ends */
    mfn_t store_mfn, console_mfn;
    uint32_t console_domid; /* where the console is served */
};

/* Writes that, all at once, and introduces the domain to xenstored. */
int __attribute__((warn_unused_result))
store_connect(struct xs_handle *xs, uint32_t domid,
              const struct store_rings *rings);

#endif /* DW_STORE_ENTRY_H */
