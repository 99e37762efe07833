/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/domain_table.h"
#include "store/store_log.h"
#include "store/store_path.h"
#include "store/store_tree.h"
#include "store/store_txn.h"

/*
 * What each call starts with: the path as xenstored reads it, the store in
 * step, the node.  -ENOENT without one, but then *full is set too.
 */
static int lookup(struct fx_store *store, struct fx_txn *txn, const char *path,
                  char **full, struct fx_node **node)
{
    int rc = fx_store_sync(store);

    *node = NULL;
    *full = NULL;
    if (rc)
        return rc;
    *full = fx_store_canonical(path);
    if (!*full)
        return -ENOMEM;
    if (!fx_store_valid_path(*full))
        return -EINVAL;
    rc = fx_txn_touch(txn, *full);
    if (rc)
        return rc;
    *node = fx_nodes_get(txn ? &txn->tree : &store->tree, *full);
    return *node ? 0 : -ENOENT;
}

int fx_store_read(struct fx_store *store, struct fx_txn *txn, const char *path,
                  void **data, size_t *len)
{
    struct fx_node *node;
    char *full, *value;
    int rc = lookup(store, txn, path, &full, &node);

    free(full);
    if (rc)
        return rc;
    value = malloc(node->data_bytes + 1);
    if (!value)
        return -ENOMEM;
    if (node->data_bytes)
        memcpy(value, node->data, node->data_bytes);
    value[node->data_bytes] = '\0';
    *data = value;
    *len = node->data_bytes;
    return 0;
}

int fx_store_directory(struct fx_store *store, struct fx_txn *txn,
                       const char *path, char **names, size_t *len)
{
    const struct fx_nodes *tree = txn ? &txn->tree : &store->tree;
    struct fx_ops out = {0};
    struct fx_node *node;
    size_t at, end, bytes, skip;
    char *full;
    int rc = lookup(store, txn, path, &full, &node);

    if (rc)
        goto out;
    skip = fx_path_prefix(full) + 1;
    if (!fx_nodes_find(tree, full, &at))
        goto out;
    end = fx_nodes_subtree_end(tree, at);
    rc = fx_ops_room(&out, 1);
    for (at++; !rc && at < end; at++) {
        if (strchr(tree->nodes[at]->path + skip, '/'))
            continue;
        bytes = tree->nodes[at]->path_bytes - skip;
        rc = fx_ops_room(&out, bytes);
        if (!rc)
            memcpy(out.bytes + out.used, tree->nodes[at]->path + skip, bytes);
        out.used += bytes;
    }
out:
    free(full);
    if (rc) {
        free(out.bytes);
        return rc;
    }
    *names = (char *)out.bytes;
    *len = out.used;
    return 0;
}

/* A node with these parts, for the time of one call. */
static struct fx_node node_like(const struct fx_node *of, char *path)
{
    return (struct fx_node){.nr_perms = of->nr_perms,
                            .perms = of->perms,
                            .path_bytes = strlen(path) + 1,
                            .path = path};
}

/* The operations that make the node at `full`, and what is missing above. */
static int add_missing(struct fx_store *store, struct fx_txn *txn,
                       const char *full, const void *data, size_t len,
                       struct fx_ops *ops)
{
    const struct fx_nodes *tree = txn ? &txn->tree : &store->tree;
    const struct fx_node *above = NULL;
    char *path = strdup(full);
    struct fx_node node;
    size_t at;
    int rc = path ? 0 : -ENOMEM;

    while (!rc && !above) {
        rc = fx_path_to_parent(path) ? fx_txn_touch(txn, path) : -EIO;
        above = rc ? NULL : fx_nodes_get(tree, path);
    }
    if (rc)
        goto out;
    /* Down again, a component at a time; new nodes inherit permissions. */
    at = fx_path_prefix(path);
    while (!rc && full[at]) {
        at += 1 + strcspn(full + at + 1, "/");
        memcpy(path, full, at);
        path[at] = '\0';
        node = node_like(above, path);
        if (!full[at]) {
            node.data = (char *)data;
            node.data_bytes = len;
        }
        rc = fx_ops_put(ops, &node, full[at] ? FX_OP_SILENT : 0);
    }
out:
    free(path);
    return rc;
}

int fx_store_write(struct fx_store *store, struct fx_txn *txn, const char *path,
                   const void *data, size_t len)
{
    struct fx_ops ops = {0};
    struct fx_node *old, node;
    char *full;
    int rc;

    /* So much fits into a message; xenstore's clients can send no more. */
    if (strlen(path) + 1 > XENSTORE_PAYLOAD_MAX ||
        len > XENSTORE_PAYLOAD_MAX - strlen(path) - 1)
        return -E2BIG;
    rc = lookup(store, txn, path, &full, &old);
    if (rc == -ENOENT) {
        rc = add_missing(store, txn, full, data, len, &ops);
    } else if (!rc) {
        node = node_like(old, full);
        node.data = (char *)data;
        node.data_bytes = len;
        rc = fx_ops_put(&ops, &node, 0);
    }
    if (!rc)
        rc = fx_store_perform(store, txn, &ops);
    free(ops.bytes);
    free(full);
    return rc;
}

int fx_store_mkdir(struct fx_store *store, struct fx_txn *txn, const char *path)
{
    struct fx_ops ops = {0};
    struct fx_node *old;
    char *full;
    int rc = lookup(store, txn, path, &full, &old);

    if (rc == -ENOENT) {
        rc = add_missing(store, txn, full, NULL, 0, &ops);
        if (!rc)
            rc = fx_store_perform(store, txn, &ops);
    }
    free(ops.bytes);
    free(full);
    return rc;
}

/* Removing a tree looks at all of it, and changes the parent. */
static int touch_subtree(struct fx_txn *txn, const char *full)
{
    char *parent;
    size_t at, end;
    int rc = 0;

    if (!txn || !fx_nodes_find(&txn->tree, full, &at))
        return 0;
    parent = strdup(full);
    if (!parent)
        return -ENOMEM;
    if (fx_path_to_parent(parent))
        rc = fx_txn_touch(txn, parent);
    free(parent);
    end = fx_nodes_subtree_end(&txn->tree, at);
    for (; !rc && at < end; at++)
        rc = fx_txn_touch(txn, txn->tree.nodes[at]->path);
    return rc;
}

/* The node is not there: fine if its parent is. */
static int rm_missing(struct fx_store *store, struct fx_txn *txn, char *full)
{
    int rc = fx_path_to_parent(full) ? fx_txn_touch(txn, full) : -EIO;

    if (rc)
        return rc;
    return fx_nodes_get(txn ? &txn->tree : &store->tree, full) ? 0 : -ENOENT;
}

int fx_store_rm(struct fx_store *store, struct fx_txn *txn, const char *path)
{
    struct fx_ops ops = {0};
    struct fx_node *node;
    char *full;
    int rc = lookup(store, txn, path, &full, &node);

    if (rc == -ENOENT)
        rc = rm_missing(store, txn, full);
    else if (!rc && !full[1])
        rc = -EINVAL; /* the root stays */
    else if (!rc)
        rc = touch_subtree(txn, full);
    if (!rc && node)
        rc = fx_ops_remove(&ops, full);
    if (!rc)
        rc = fx_store_perform(store, txn, &ops);
    free(ops.bytes);
    free(full);
    return rc;
}

int fx_store_get_perms(struct fx_store *store, struct fx_txn *txn,
                       const char *path, struct xs_permissions **perms,
                       unsigned int *nr)
{
    struct fx_node *node;
    char *full;
    int rc = lookup(store, txn, path, &full, &node);

    free(full);
    if (rc)
        return rc;
    *perms = malloc(node->nr_perms * sizeof(**perms));
    if (!*perms)
        return -ENOMEM;
    memcpy(*perms, node->perms, node->nr_perms * sizeof(**perms));
    *nr = node->nr_perms;
    return 0;
}

int fx_store_set_perms(struct fx_store *store, struct fx_txn *txn,
                       const char *path, const struct xs_permissions *perms,
                       unsigned int nr)
{
    struct fx_ops ops = {0};
    struct fx_node *old, node;
    char *full = NULL;
    unsigned int i;
    int rc;

    if (!nr)
        return -EINVAL;
    /* Who may watch these: nobody else is here. */
    if (*path == '@')
        return strcmp(path, "@releaseDomain") &&
                       strcmp(path, "@introduceDomain")
                   ? -EINVAL
                   : 0;
    if (nr > XENSTORE_PAYLOAD_MAX / 3) /* each is "r0" at least, and a NUL */
        return -E2BIG;
    for (i = 0; i < nr; i++)
        if (perms[i].perms & ~(XS_PERM_READ | XS_PERM_WRITE))
            return -EINVAL;
    if (perms[0].id && !fx_domain(store->host, perms[0].id))
        return -ENOENT;
    rc = lookup(store, txn, path, &full, &old);
    if (!rc) {
        node = *old;
        node.perms = (struct xs_permissions *)perms;
        node.nr_perms = nr;
        rc = fx_ops_put(&ops, &node, 0);
    }
    if (!rc)
        rc = fx_store_perform(store, txn, &ops);
    free(ops.bytes);
    free(full);
    return rc;
}

/* What is there before anybody writes: the root, and the control domain. */
static int first_image(struct fx_store *store)
{
    static const struct {
        const char *path, *value;
    } nodes[] = {
        {"/", ""},
        {"/tool", ""},
        {"/tool/xenstored", ""},
        {"/local", ""},
        {"/local/domain", ""},
        {"/local/domain/0", ""},
        {"/local/domain/0/domid", "0"},
        {"/local/domain/0/name", "Domain-0"},
        {"/local/pool", ""},
        {"/local/pool/0", ""},
        {"/local/pool/0/name", "Pool-0"},
    };
    struct xs_permissions perms = {.id = 0, .perms = XS_PERM_NONE};
    struct fx_nodes tree = {0};
    struct fx_node *node, like;
    size_t i;
    int rc = 0;

    for (i = 0; !rc && i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        like = (struct fx_node){.generation = 1,
                                .nr_perms = 1,
                                .perms = &perms,
                                .path = (char *)nodes[i].path,
                                .path_bytes = strlen(nodes[i].path) + 1,
                                .data = (char *)nodes[i].value,
                                .data_bytes = strlen(nodes[i].value)};
        node = fx_node_make(&like);
        rc = node ? fx_nodes_set(&tree, node) : -ENOMEM;
    }
    if (!rc)
        rc = fx_store_write_image(store, &tree);
    fx_nodes_dispose(&tree);
    if (!rc) /* not before the image is there */
        __atomic_store_n(&store->header->magic, FX_STORE_MAGIC,
                         __ATOMIC_RELEASE);
    return rc;
}

int fx_store_open(struct fx_host *host, fx_store_fire fire_watch, void *arg,
                  struct fx_store **store)
{
    struct fx_store *new = calloc(1, sizeof(*new));
    int rc = 0;

    if (!new)
        return -ENOMEM;
    *new = (struct fx_store){.host = host,
                             .header = (void *)host->store,
                             .fire = fire_watch,
                             .arg = arg};
    if (host->super->store_bytes >= 4 * FX_PAGE_SIZE)
        new->half_bytes =
            (host->super->store_bytes - FX_PAGE_SIZE) / 2 & ~(size_t)7;
    if (!new->half_bytes || new->half_bytes > UINT32_MAX)
        rc = -EIO;
    else if (!new->header->magic)
        rc = first_image(new);
    else if (new->header->magic != FX_STORE_MAGIC)
        rc = -EIO;
    if (!rc)
        rc = fx_store_sync(new);
    if (rc)
        fx_store_close(new);
    else
        *store = new;
    return rc;
}

void fx_store_close(struct fx_store *store)
{
    if (!store)
        return;
    fx_nodes_dispose(&store->tree);
    free(store);
}

size_t fx_store_owned(const struct fx_store *store, const struct fx_txn *txn,
                      unsigned int domid)
{
    const struct fx_nodes *tree = txn ? &txn->tree : &store->tree;
    size_t i, owned = 0;

    for (i = 0; i < tree->nr; i++)
        owned += tree->nodes[i]->nr_perms && tree->nodes[i]->perms->id == domid;
    return owned;
}
