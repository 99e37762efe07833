/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_entry.h - what is written to xenstore for a new domain.
 *
 * The nodes, their values and their permissions are libxl's (its
 * libxl__domain_make(), libxl__build_post() and libxl__device_console_add()),
 * so that xl, xenconsoled and guests find what they look for:
 * /local/domain/ID, /vm/UUID, /libxl/ID and the console's backend.
 *
 * Order of calls: store_claim(); store_enter() when there is a domain, which
 * has no memory yet; store_connect() when it is built.  store_remove()
 * (xenstore.h) takes all of it away.  All calls return 0 or a negative errno
 * and leave it to the caller to say what failed.
 *
 * Requests to xenstore: for each living domain its name is read, once; all else
 * is a number that depends on the configuration alone.
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

/* A transaction in which the name is free; zeroed, it is none. */
struct store_claim {
    xs_transaction_t t;
    char **listed; /* the domains that xenstore knows, n_listed of them */
    unsigned int n_listed;
};

/*
 * Begins one, and looks whether another domain has the configuration's name or
 * UUID: -EEXIST and *taken.  Of the domains that Xen has, those that are dying
 * do not count, nor does what others have left in xenstore.  store_drop() is to
 * be called in the end, whatever becomes of it.
 */
int __attribute__((warn_unused_result))
store_claim(struct host *host, const struct config *cfg,
            struct store_claim *claim, struct store_taken *taken);

void store_drop(struct host *host, struct store_claim *claim);

/* How the domain talks to xenstore and to its console. */
struct store_rings {
    uint32_t store_port, console_port; /* the guest's ends */
    uint32_t console_domid;            /* where the console is served */
};

/*
 * Enters the domain by the claim's transaction, all at once or not at all: from
 * then on the name and the UUID are its own.  What an earlier domain of this ID
 * has left goes.  -EEXIST and *taken: another domain was given one of them
 * meanwhile, and nothing is written.
 */
int __attribute__((warn_unused_result))
store_enter(struct host *host, const struct config *cfg, uint32_t domid,
            const struct store_rings *rings, struct store_claim *claim,
            struct store_taken *taken);

/* Says where the rings are, and introduces the domain to xenstored. */
int __attribute__((warn_unused_result))
store_connect(struct xs_handle *xs, uint32_t domid, uint32_t store_port,
              mfn_t store_mfn, mfn_t console_mfn);

#endif /* DW_STORE_ENTRY_H */
