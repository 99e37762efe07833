/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/store_txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int fx_store_perform(struct fx_store *store, struct fx_txn *txn,
                     const struct fx_ops *ops)
{
    int rc;

    if (!txn)
        return fx_store_commit(store, ops);
    if (!ops->used)
        return 0;
    /* More can never be committed. */
    if (txn->ops.used + ops->used > store->half_bytes)
        return -ENOSPC;
    rc = fx_ops_room(&txn->ops, ops->used);
    if (!rc)
        rc = fx_ops_apply(NULL, &txn->tree, ops->bytes, ops->used, UINT64_MAX);
    if (rc)
        return rc;
    memcpy(txn->ops.bytes + txn->ops.used, ops->bytes, ops->used);
    txn->ops.used += ops->used;
    return 0;
}

int fx_txn_touch(struct fx_txn *txn, const char *path)
{
    struct fx_node *node,
        name = {.path = (char *)path, .path_bytes = strlen(path) + 1};

    if (!txn || fx_nodes_get(&txn->touched, path))
        return 0;
    node = fx_node_make(&name);
    return node ? fx_nodes_set(&txn->touched, node) : -ENOMEM;
}

static void txn_free(struct fx_txn *txn)
{
    if (!txn)
        return;
    fx_nodes_dispose(&txn->base);
    fx_nodes_dispose(&txn->tree);
    fx_nodes_dispose(&txn->touched);
    free(txn->ops.bytes);
    free(txn);
}

int fx_store_begin(struct fx_store *store, struct fx_txn **txn)
{
    struct fx_txn *new;
    int rc = fx_store_sync(store);

    if (rc)
        return rc;
    new = calloc(1, sizeof(*new));
    if (!new)
        return -ENOMEM;
    rc = fx_nodes_copy(&new->base, &store->tree);
    if (!rc)
        rc = fx_nodes_copy(&new->tree, &store->tree);
    if (rc) {
        txn_free(new);
        return rc;
    }
    *txn = new;
    return 0;
}

/* Is all that the transaction looked at as it was at its start? */
static bool txn_holds(const struct fx_store *store, const struct fx_txn *txn)
{
    const struct fx_node *then, *now;
    size_t i;

    for (i = 0; i < txn->touched.nr; i++) {
        then = fx_nodes_get(&txn->base, txn->touched.nodes[i]->path);
        now = fx_nodes_get(&store->tree, txn->touched.nodes[i]->path);
        if (then != now &&
            (!then || !now || then->generation != now->generation))
            return false;
    }
    return true;
}

int fx_store_end(struct fx_store *store, struct fx_txn *txn, bool abort)
{
    int rc = 0;

    if (!abort) {
        rc = fx_store_sync(store);
        if (!rc)
            rc = txn_holds(store, txn) ? fx_store_commit(store, &txn->ops)
                                       : -EAGAIN;
    }
    txn_free(txn);
    return rc;
}
