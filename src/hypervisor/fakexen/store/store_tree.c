/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/store_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_path.h"

static bool is_below(const char *path, const char *above)
{
    size_t len = fx_path_prefix(above);

    return !strncmp(path, above, len) && path[len] == '/' && path[len + 1];
}

struct fx_node *fx_node_make(const struct fx_node *like)
{
    size_t perms_bytes = like->nr_perms * sizeof(*like->perms);
    struct fx_node *node = malloc(sizeof(*node) + perms_bytes +
                                  like->path_bytes + like->data_bytes);

    if (!node)
        return NULL;
    *node = *like;
    node->refs = 1;
    node->perms = (void *)(node + 1);
    node->path = (char *)node->perms + perms_bytes;
    node->data = node->path + like->path_bytes;
    memcpy(node->path, like->path, like->path_bytes);
    if (perms_bytes)
        memcpy(node->perms, like->perms, perms_bytes);
    if (like->data_bytes)
        memcpy(node->data, like->data, like->data_bytes);
    return node;
}

void fx_node_put(struct fx_node *node)
{
    if (!--node->refs)
        free(node);
}

bool fx_nodes_find(const struct fx_nodes *tree, const char *path, size_t *at)
{
    size_t low = 0, high = tree->nr, middle;
    size_t same_low = 0, same_high = 0, same; /* with the path, of each end */
    int order;

    /* An image is read in order: each node is the last so far. */
    if (high &&
        fx_path_compare(tree->nodes[high - 1]->path, path, &same_high) < 0)
        low = high;
    while (low < high) {
        middle = low + (high - low) / 2;
        same = same_low < same_high ? same_low : same_high;
        order = fx_path_compare(tree->nodes[middle]->path, path, &same);
        if (!order) {
            *at = middle;
            return true;
        }
        if (order < 0) {
            low = middle + 1;
            same_low = same;
        } else {
            high = middle;
            same_high = same;
        }
    }
    *at = low;
    return false;
}

struct fx_node *fx_nodes_get(const struct fx_nodes *tree, const char *path)
{
    size_t at;

    return fx_nodes_find(tree, path, &at) ? tree->nodes[at] : NULL;
}

int fx_nodes_set(struct fx_nodes *tree, struct fx_node *node)
{
    size_t at;

    if (fx_nodes_find(tree, node->path, &at)) {
        fx_node_put(tree->nodes[at]);
        tree->nodes[at] = node;
        return 0;
    }
    if (tree->nr == tree->room) {
        size_t room = tree->room ? tree->room * 2 : 64;
        void *nodes = reallocarray(tree->nodes, room, sizeof(*tree->nodes));

        if (!nodes) {
            fx_node_put(node);
            return -ENOMEM;
        }
        tree->nodes = nodes;
        tree->room = room;
    }
    memmove(tree->nodes + at + 1, tree->nodes + at,
            (tree->nr++ - at) * sizeof(*tree->nodes));
    tree->nodes[at] = node;
    return 0;
}

size_t fx_nodes_subtree_end(const struct fx_nodes *tree, size_t at)
{
    const char *path = tree->nodes[at]->path;

    do
        at++;
    while (at < tree->nr && is_below(tree->nodes[at]->path, path));
    return at;
}

void fx_nodes_cut(struct fx_nodes *tree, size_t first, size_t end)
{
    size_t i;

    for (i = first; i < end; i++)
        fx_node_put(tree->nodes[i]);
    if (tree->nr > end)
        memmove(tree->nodes + first, tree->nodes + end,
                (tree->nr - end) * sizeof(*tree->nodes));
    tree->nr -= end - first;
}

void fx_nodes_dispose(struct fx_nodes *tree)
{
    fx_nodes_cut(tree, 0, tree->nr);
    free(tree->nodes);
    *tree = (struct fx_nodes){0};
}

int fx_nodes_copy(struct fx_nodes *to, const struct fx_nodes *from)
{
    size_t i;

    *to = (struct fx_nodes){.nr = from->nr, .room = from->nr};
    if (!from->nr)
        return 0;
    to->nodes = reallocarray(NULL, from->nr, sizeof(*to->nodes));
    if (!to->nodes) {
        *to = (struct fx_nodes){0};
        return -ENOMEM;
    }
    for (i = 0; i < from->nr; i++) {
        to->nodes[i] = from->nodes[i];
        to->nodes[i]->refs++;
    }
    return 0;
}
