/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xenstore.h - what xenstore knows of domains.
 *
 * What a new domain's entries are is store_entry.h's matter.  All calls return
 * 0 or a negative errno and leave it to the caller to say what failed.
 */
#ifndef DW_XENSTORE_H
#define DW_XENSTORE_H

#include <stdbool.h>
#include <stdint.h>
#include <xenstore.h>

#include "config/uuid.h"
#include "frame.h"
#include "host/host.h"

/* The domains that serve xenstore and consoles; 0 unless disaggregated. */
struct store_backends {
    uint32_t xenstore_domid, console_domid;
};

/* Is that what the domain's entry calls it?  1 or 0. */
int __attribute__((warn_unused_result))
store_has_name(struct xs_handle *xs, xs_transaction_t t, uint32_t domid,
               const char *name);

/* A transaction that has read the list of domains fails with -EAGAIN if one is
 * entered in it, or leaves it. */
int __attribute__((warn_unused_result))
store_read_domains(struct xs_handle *xs, xs_transaction_t t);

/* Has it any entry?  1 or 0. */
int __attribute__((warn_unused_result))
store_has_entry(struct xs_handle *xs, xs_transaction_t t, uint32_t domid);

int __attribute__((warn_unused_result))
store_backends(struct xs_handle *xs, struct store_backends *backends);

/* The UUID that the domain's entry says it has.  1, or 0: none. */
int __attribute__((warn_unused_result))
store_uuid(struct xs_handle *xs, uint32_t domid, uint8_t uuid[UUID_BYTES]);

/*
 * Removes what store_entry.h's calls or xl wrote for the domain; nothing there
 * is no error.  Where it fails, the name is still there for another attempt.
 */
int __attribute__((warn_unused_result))
store_remove(struct host *host, uint32_t domid);

#define STORE_VM (sizeof("/vm/") + UUID_STRING)

/*
 * The /vm entry of the domain, as its own entry names it: empty where it has
 * none, or where a living domain other than this has that UUID, to which the
 * entry belongs then.
 */
int __attribute__((warn_unused_result))
store_own_vm(struct host *host, uint32_t domid, char vm[STORE_VM]);

/* 1: there is a device that xl or another toolstack gave it, besides a console;
 * 0: there is none. */
int __attribute__((warn_unused_result))
store_has_devices(struct xs_handle *xs, uint32_t domid);

/* A copy of /local/domain/ID/NODE, which the caller frees; NULL: none. */
char *store_read(struct xs_handle *xs, uint32_t domid, const char *node);

/*
 * A page's frame as xl keeps it for its own tools, at NODE ("store/ring-ref");
 * MFN_INVALID: none.
 */
mfn_t store_frame(struct xs_handle *xs, uint32_t domid, const char *node);

#endif /* DW_XENSTORE_H */
