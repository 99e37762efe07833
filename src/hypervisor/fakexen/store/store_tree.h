/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_tree.h - the store's nodes, as one process has them in memory.
 *
 * All functions that can fail return 0 or -ENOMEM.
 */
#ifndef FX_STORE_TREE_H
#define FX_STORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstore.h>

/* A node never changes: a change puts another in its place, so that a snapshot
 * is a list of references. */
struct fx_node {
    unsigned int refs;
    uint64_t generation; /* of its value, permissions and list of children */
    unsigned int nr_perms;
    size_t path_bytes, data_bytes; /* the path's with its NUL */
    struct xs_permissions *perms;
    char *path, *data; /* all in one allocation */
};

/* In order of fx_path_compare(), so that what is below a node follows it. */
struct fx_nodes {
    struct fx_node **nodes;
    size_t nr, room;
};

/* A copy with one reference; NULL: no memory. */
struct fx_node *fx_node_make(const struct fx_node *like);
void fx_node_put(struct fx_node *node);

/* Where the path is, or would be; true if it is. */
bool fx_nodes_find(const struct fx_nodes *tree, const char *path, size_t *at);

/* NULL where there is none; the reference is the tree's. */
struct fx_node *fx_nodes_get(const struct fx_nodes *tree, const char *path);

/* Takes over the caller's reference, and on failure drops it. */
int __attribute__((warn_unused_result))
fx_nodes_set(struct fx_nodes *tree, struct fx_node *node);

/* One past the last node of the subtree at `at`. */
size_t fx_nodes_subtree_end(const struct fx_nodes *tree, size_t at);
void fx_nodes_cut(struct fx_nodes *tree, size_t first, size_t end);
int __attribute__((warn_unused_result))
fx_nodes_copy(struct fx_nodes *to, const struct fx_nodes *from);
void fx_nodes_dispose(struct fx_nodes *tree);

#endif /* FX_STORE_TREE_H */
