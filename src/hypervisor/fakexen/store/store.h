/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store.h - xenstore, in the host's file.
 *
 * The file holds a log of changes in one of two halves; every process replays
 * it into a tree of its own, and so sees what the others changed.  A change is
 * whole once one word of the header, the log's length, covers it: a process
 * killed at any point leaves the old state or the new one.  Where the log fills
 * its half, or is much longer than the tree's image, that image goes into the
 * other half, and the same word switches over; -ENOSPC where even the image
 * does not fit.
 *
 * All calls are made with the host's lock held; fx_wake() tells those who wait
 * for changes.  They return 0 or a negative errno, xenstored's: -EINVAL for a
 * bad path, -ENOENT, -EAGAIN for a transaction that met a conflict; -ENOMEM;
 * and -EIO for a store that is damaged.  The caller is the control domain,
 * which may do everything: permissions are kept and handed on to new nodes, and
 * refuse nothing.
 *
 * A path that does not start with "/" is one below /local/domain/0, as in
 * xenstored.  `txn` is NULL outside transactions.
 */
#ifndef FX_STORE_H
#define FX_STORE_H

#include <xenstore.h>

#include "machine/host.h"

struct fx_store;
struct fx_txn;

/*
 * Called for each node that changed, by whatever process, when this process
 * comes to know of it: inside any of the calls below.  `exact`: only watches
 * of the very path are meant, not those of what is above it.
 */
typedef void (*fx_store_fire)(void *arg, const char *path, bool exact);

/* A new store gets what xenstored and Xen's init scripts put in it. */
int __attribute__((warn_unused_result))
fx_store_open(struct fx_host *host, fx_store_fire fire, void *arg,
              struct fx_store **store);
void fx_store_close(struct fx_store *store);

/* The value, NUL-terminated and malloc()ed. */
int __attribute__((warn_unused_result))
fx_store_read(struct fx_store *store, struct fx_txn *txn, const char *path,
              void **data, size_t *len);

/* The children's names in one malloc()ed array, each with its NUL. */
int __attribute__((warn_unused_result))
fx_store_directory(struct fx_store *store, struct fx_txn *txn, const char *path,
                   char **names, size_t *len);

/* Makes the node, and those above it, where they are missing. */
int __attribute__((warn_unused_result))
fx_store_write(struct fx_store *store, struct fx_txn *txn, const char *path,
               const void *data, size_t len);
int __attribute__((warn_unused_result))
fx_store_mkdir(struct fx_store *store, struct fx_txn *txn, const char *path);

/* How many nodes are the domain's, as its transaction has them. */
size_t fx_store_owned(const struct fx_store *store, const struct fx_txn *txn,
                      unsigned int domid);

/* With all below it.  0 for one that is not there, if its parent is. */
int __attribute__((warn_unused_result))
fx_store_rm(struct fx_store *store, struct fx_txn *txn, const char *path);

int __attribute__((warn_unused_result))
fx_store_get_perms(struct fx_store *store, struct fx_txn *txn, const char *path,
                   struct xs_permissions **perms, unsigned int *nr);
/* -ENOENT too for an owner that does not exist. */
int __attribute__((warn_unused_result))
fx_store_set_perms(struct fx_store *store, struct fx_txn *txn, const char *path,
                   const struct xs_permissions *perms, unsigned int nr);

/* A transaction sees the store as it was at its start, and its own changes. */
int __attribute__((warn_unused_result))
fx_store_begin(struct fx_store *store, struct fx_txn **txn);

/* Frees it in any case. */
int __attribute__((warn_unused_result))
fx_store_end(struct fx_store *store, struct fx_txn *txn, bool abort);

/* Learns of other processes' changes, and fires for them. */
int __attribute__((warn_unused_result)) fx_store_sync(struct fx_store *store);

#endif /* FX_STORE_H */
