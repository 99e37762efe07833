/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_txn.h - a transaction: the store as it was at its start, what was
 * looked at, and what is to be changed.
 */
#ifndef FX_STORE_TXN_H
#define FX_STORE_TXN_H

#include "store/store_log.h"

struct fx_txn {
    struct fx_nodes base, tree; /* as at the start, and as it is now */
    struct fx_nodes touched;    /* by the path, each that was looked at */
    struct fx_ops ops;
};

/* Does the operations: to the transaction's tree, or for all to see. */
int __attribute__((warn_unused_result))
fx_store_perform(struct fx_store *store, struct fx_txn *txn,
                 const struct fx_ops *ops);

/* The transaction depends on the node, or on its absence. */
int __attribute__((warn_unused_result))
fx_txn_touch(struct fx_txn *txn, const char *path);

#endif /* FX_STORE_TXN_H */
