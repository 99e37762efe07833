/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_log.h - the store's part of the file: a log of changes, and images.
 *
 * What changes together is a list of operations, made with fx_ops_put() and
 * fx_ops_remove() and then committed.  0, -ENOMEM, -ENOSPC, and -EIO for what
 * is damaged.
 */
#ifndef FX_STORE_LOG_H
#define FX_STORE_LOG_H

#include "store/store.h"
#include "store/store_tree.h"

#define FX_STORE_MAGIC UINT64_C(0x65726f7473786601) /* format 1 */

/* Connected domains are nodes beside the tree, which no client can name. */
#define FX_STORE_DOMAINS "@domain/"

struct fx_store_header {
    uint64_t magic;
    uint64_t state; /* the half in use, and its length */
};

struct fx_store {
    struct fx_host *host;
    struct fx_store_header *header;
    size_t half_bytes;
    fx_store_fire fire;
    void *arg;
    uint64_t epoch, position; /* what `tree` has replayed */
    uint64_t generation;
    bool has_buried; /* all domains that had ended when the machine's word */
    uint32_t buried; /* (wake.h) was this */
    struct fx_nodes tree;
};

struct fx_ops {
    uint8_t *bytes;
    size_t used, room;
};

#define FX_OP_SILENT (1u << 0) /* fires no watch: a parent made on the way */
#define FX_OP_IMAGE  (1u << 1) /* of an image: the parent does not change */

int __attribute__((warn_unused_result))
fx_ops_put(struct fx_ops *ops, const struct fx_node *node, uint8_t flags);
int __attribute__((warn_unused_result))
fx_ops_remove(struct fx_ops *ops, const char *path);

/* Room for so many bytes more. */
int __attribute__((warn_unused_result))
fx_ops_room(struct fx_ops *ops, size_t bytes);

/*
 * Does the operations to a tree.  The bytes may be a damaged file's.  With
 * `store`, which is the tree's, its watches are fired.
 */
int __attribute__((warn_unused_result))
fx_ops_apply(const struct fx_store *store, struct fx_nodes *tree,
             const uint8_t *bytes, size_t len, uint64_t generation);

/* Makes the operations happen, all or none; `store` is in step with the log. */
int __attribute__((warn_unused_result))
fx_store_commit(struct fx_store *store, const struct fx_ops *ops);

/* Writes the tree into the half that is not in use, and switches to it. */
int __attribute__((warn_unused_result))
fx_store_write_image(struct fx_store *store, const struct fx_nodes *tree);

#endif /* FX_STORE_LOG_H */
