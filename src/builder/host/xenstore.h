/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xenstore.h - a domain's entries in xenstore.
 *
 * The tree is the one of Xen's docs/misc/xenstore-paths.pandoc, as far as
 * xl, xenconsoled and guests use it: /local/domain/ID, /vm/UUID, /libxl/ID.
 * Each entry is a round trip to xenstored, so none is there for show.
 * All calls return 0 or a negative errno and leave it to the caller to say
 * what failed.
 */
#ifndef DW_XENSTORE_H
#define DW_XENSTORE_H

#include <stdbool.h>
#include <stdint.h>
#include <xenstore.h>

#include "config/guest_config.h"
#include "frame.h"

/* The domains that serve xenstore and consoles; 0 unless disaggregated. */
struct store_backends {
    uint32_t xenstore_domid, console_domid;
};

/* How a new domain talks to them. */
struct store_guest {
    uint32_t domid;
    uint32_t store_port, console_port; /* the guest's ends */
    mfn_t store_mfn, console_mfn;
};

/* The domain of that name.  -ESRCH: none has it. */
int __attribute__((warn_unused_result))
store_find(struct xs_handle *xs, xs_transaction_t t, const char *name,
           uint32_t *domid);

int __attribute__((warn_unused_result))
store_backends(struct xs_handle *xs, struct store_backends *backends);

/*
 * Begins the transaction *t in which store_add() will write, and looks in it
 * for the name: so it is looked for once, and nobody can take it meanwhile.
 * -EEXIST and *domid: a domain has that name.  *t is XBT_NULL on failure.
 */
int __attribute__((warn_unused_result))
store_begin(struct xs_handle *xs, const char *name, xs_transaction_t *t,
            uint32_t *domid);

/* Gives *t up, unless it is XBT_NULL; it is XBT_NULL afterwards. */
void store_abort(struct xs_handle *xs, xs_transaction_t *t);

/*
 * Writes all entries, ends *t, or another transaction where *t met a conflict,
 * and introduces the domain to xenstored.  -EEXIST: another domain took the
 * name after all.
 */
int __attribute__((warn_unused_result))
store_add(struct xs_handle *xs, xs_transaction_t *t, const struct config *cfg,
          const struct store_guest *guest);

/*
 * Removes what store_add() or xl wrote for the domain; nothing there is no
 * error.  Where it fails, the name is still there for another attempt.  `uuid`
 * tells its /vm entry where /local/domain/ID does not.
 */
int __attribute__((warn_unused_result))
store_remove(struct xs_handle *xs, uint32_t domid, const uint8_t *uuid);

/* 1: there is a device that xl or another toolstack gave it, besides a console;
 * 0: there is none. */
int __attribute__((warn_unused_result))
store_has_devices(struct xs_handle *xs, uint32_t domid);

/* A copy of /local/domain/ID/NODE, which the caller frees; NULL: none. */
char *store_read(struct xs_handle *xs, uint32_t domid, const char *node);

#endif /* DW_XENSTORE_H */
