/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's area in the file:
 *
 *   struct fx_store_header, padded to a page
 *   half 0, half 1: each struct half_header, then records
 *
 * A record is struct record, then operations up to its length; an operation is
 * struct op, permissions, path and value.  Everything is a multiple of eight
 * bytes long.
 */
#include "store/store_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "machine/wake.h"
#include "store/store_path.h"

/* Of fx_store_header.state: the second half is in use. */
#define HALF     (UINT64_C(1) << 63)
#define ROUND(n) (((n) + 7) & ~(size_t)7)

/* So much is replayed in no time: less than a millisecond. */
#define LOG_BYTES ((size_t)256 << 10)

struct half_header {
    uint64_t epoch; /* of which image this is */
};

struct record {
    uint32_t length; /* all of it */
    uint32_t crc;    /* of what follows */
    uint64_t generation;
};

enum { OP_PUT, OP_REMOVE };

struct op {
    uint32_t length;
    uint8_t kind, flags;
    uint16_t nr_perms;
    uint32_t path_bytes; /* with the NUL */
    uint32_t data_bytes;
};

/* -- operations -- */

static size_t op_length(unsigned int nr_perms, size_t path_bytes,
                        size_t data_bytes)
{
    return ROUND(sizeof(struct op) + nr_perms * sizeof(struct xs_permissions) +
                 path_bytes + data_bytes);
}

static const void *op_perms(const struct op *op)
{
    return op + 1;
}

static const char *op_path(const struct op *op)
{
    return (const char *)(op + 1) +
           op->nr_perms * sizeof(struct xs_permissions);
}

static const void *op_data(const struct op *op)
{
    return op_path(op) + op->path_bytes;
}

/* A name of our own beside the tree, or a path that a client may have given. */
static bool op_path_valid(const char *path)
{
    return !strncmp(path, FX_STORE_DOMAINS, strlen(FX_STORE_DOMAINS)) ||
           fx_store_valid_path(path);
}

/* Is what stands at `op`, with `room` bytes to go, an operation? */
static bool op_valid(const struct op *op, size_t room)
{
    const char *path;

    if (room < sizeof(*op) || op->length > room || op->kind > OP_REMOVE ||
        op->path_bytes < 2 || op->path_bytes > room || op->data_bytes > room ||
        op->length != op_length(op->nr_perms, op->path_bytes, op->data_bytes))
        return false;
    path = op_path(op);
    return !path[op->path_bytes - 1] && strlen(path) == op->path_bytes - 1 &&
           op_path_valid(path) && (op->kind == OP_REMOVE || op->nr_perms);
}

/* The node's list of children is another one. */
static int touch_parent(struct fx_nodes *tree, const char *path,
                        uint64_t generation)
{
    char parent[XENSTORE_ABS_PATH_MAX + 1];
    struct fx_node *old, *node, like;

    if (*path != '/' || strlen(path) >= sizeof(parent))
        return 0;
    strcpy(parent, path);
    if (!fx_path_to_parent(parent))
        return 0;
    old = fx_nodes_get(tree, parent);
    if (!old)
        return -EIO;
    like = *old;
    like.generation = generation;
    node = fx_node_make(&like);
    return node ? fx_nodes_set(tree, node) : -ENOMEM;
}

static int apply_put(struct fx_nodes *tree, const struct op *op,
                     uint64_t generation)
{
    const char *path = op_path(op);
    struct fx_node like = {.generation = generation,
                           .nr_perms = op->nr_perms,
                           .path_bytes = op->path_bytes,
                           .data_bytes = op->data_bytes,
                           .perms = (struct xs_permissions *)op_perms(op),
                           .path = (char *)path,
                           .data = (char *)op_data(op)};
    struct fx_node *node;
    int rc = 0;

    if (!(op->flags & FX_OP_IMAGE) && !fx_nodes_get(tree, path))
        rc = touch_parent(tree, path, generation);
    if (rc)
        return rc;
    node = fx_node_make(&like);
    return node ? fx_nodes_set(tree, node) : -ENOMEM;
}

/* `store` NULL: nobody is to be told. */
static void fire(const struct fx_store *store, const char *path, bool exact)
{
    if (!store || !store->fire)
        return;
    if (strncmp(path, FX_STORE_DOMAINS, strlen(FX_STORE_DOMAINS)))
        store->fire(store->arg, path, exact);
    else
        store->fire(store->arg,
                    fx_nodes_get(&store->tree, path) ? "@introduceDomain"
                                                     : "@releaseDomain",
                    true);
}

static int apply_remove(const struct fx_store *store, struct fx_nodes *tree,
                        const struct op *op, uint64_t generation)
{
    const char *path = op_path(op);
    size_t at, end, i;

    if (!fx_nodes_find(tree, path, &at))
        return 0;
    end = fx_nodes_subtree_end(tree, at);
    for (i = at + 1; i < end; i++)
        fire(store, tree->nodes[i]->path, true);
    fx_nodes_cut(tree, at, end);
    fire(store, path, false);
    return touch_parent(tree, path, generation);
}

static int apply_op(const struct fx_store *store, struct fx_nodes *tree,
                    const struct op *op, uint64_t generation)
{
    int rc;

    if (op->kind == OP_REMOVE)
        return apply_remove(store, tree, op, generation);
    rc = apply_put(tree, op, generation);
    if (!rc && !(op->flags & (FX_OP_SILENT | FX_OP_IMAGE)))
        fire(store, op_path(op), false);
    return rc;
}

int fx_ops_apply(const struct fx_store *store, struct fx_nodes *tree,
                 const uint8_t *bytes, size_t len, uint64_t generation)
{
    const struct op *op;
    int rc = 0;

    while (!rc && len) {
        op = (const void *)bytes;
        if (!op_valid(op, len))
            return -EIO;
        bytes += op->length;
        len -= op->length;
        rc = apply_op(store, tree, op, generation);
    }
    return rc;
}

static void op_fill(struct op *op, const struct fx_node *node, uint8_t flags)
{
    uint8_t *at = (uint8_t *)(op + 1);
    size_t perms_bytes = node->nr_perms * sizeof(*node->perms);
    size_t length =
        op_length(node->nr_perms, node->path_bytes, node->data_bytes);

    memset(op, 0, length);
    *op = (struct op){.length = (uint32_t)length,
                      .kind = OP_PUT,
                      .flags = flags,
                      .nr_perms = (uint16_t)node->nr_perms,
                      .path_bytes = (uint32_t)node->path_bytes,
                      .data_bytes = (uint32_t)node->data_bytes};
    if (perms_bytes)
        memcpy(at, node->perms, perms_bytes);
    memcpy(at + perms_bytes, node->path, node->path_bytes);
    if (node->data_bytes)
        memcpy(at + perms_bytes + node->path_bytes, node->data,
               node->data_bytes);
}

int fx_ops_room(struct fx_ops *buffer, size_t bytes)
{
    size_t room = buffer->room ? buffer->room : 512;
    void *more;

    while (room - buffer->used < bytes)
        room *= 2;
    if (room == buffer->room)
        return 0;
    more = realloc(buffer->bytes, room);
    if (!more)
        return -ENOMEM;
    buffer->bytes = more;
    buffer->room = room;
    return 0;
}

int fx_ops_put(struct fx_ops *ops, const struct fx_node *node, uint8_t flags)
{
    size_t length =
        op_length(node->nr_perms, node->path_bytes, node->data_bytes);
    int rc = fx_ops_room(ops, length);

    if (rc)
        return rc;
    op_fill((void *)(ops->bytes + ops->used), node, flags);
    ops->used += length;
    return 0;
}

int fx_ops_remove(struct fx_ops *ops, const char *path)
{
    struct op op = {.kind = OP_REMOVE,
                    .path_bytes = (uint32_t)strlen(path) + 1};
    uint8_t *at;
    int rc;

    op.length = (uint32_t)op_length(0, op.path_bytes, 0);
    rc = fx_ops_room(ops, op.length);
    if (rc)
        return rc;
    at = ops->bytes + ops->used;
    memset(at, 0, op.length);
    memcpy(at, &op, sizeof(op));
    memcpy(at + sizeof(op), path, op.path_bytes);
    ops->used += op.length;
    return 0;
}

/* -- the log -- */

static uint8_t *half_of(const struct fx_store *store, uint64_t state)
{
    return (uint8_t *)store->header + FX_PAGE_SIZE +
           (state & HALF ? store->half_bytes : 0);
}

static uint64_t load_state(const struct fx_store *store)
{
    return __atomic_load_n(&store->header->state, __ATOMIC_ACQUIRE);
}

/* Makes everything that was written before count, at once. */
static void publish(struct fx_store *store, uint64_t state)
{
    __atomic_store_n(&store->header->state, state, __ATOMIC_RELEASE);
    fx_wake(store->host);
}

static uint32_t record_crc(const struct record *record)
{
    return (uint32_t)crc32(0, (const void *)&record->generation,
                           record->length -
                               (uInt)offsetof(struct record, generation));
}

/* Replays records [position, end) of the half into the tree. */
static int replay(struct fx_store *store, const struct fx_store *told,
                  struct fx_nodes *tree, const uint8_t *half, uint64_t position,
                  uint64_t end)
{
    const struct record *record;
    int rc;

    while (position < end) {
        record = (const void *)(half + position);
        if (end - position < sizeof(*record) ||
            record->length < sizeof(*record) || record->length & 7 ||
            record->length > end - position ||
            record->crc != record_crc(record))
            return -EIO;
        rc = fx_ops_apply(told, tree, (const void *)(record + 1),
                          record->length - sizeof(*record), record->generation);
        if (rc)
            return rc;
        if (record->generation > store->generation)
            store->generation = record->generation;
        position += record->length;
    }
    return 0;
}

/* Tells what is different between two trees, of which `now` is in force. */
static void fire_differences(const struct fx_store *store,
                             const struct fx_nodes *old,
                             const struct fx_nodes *now)
{
    size_t i = 0, j = 0, same;
    int order;

    while (i < old->nr || j < now->nr) {
        same = 0;
        order = i == old->nr   ? 1
                : j == now->nr ? -1
                               : fx_path_compare(old->nodes[i]->path,
                                                 now->nodes[j]->path, &same);
        if (order < 0)
            fire(store, old->nodes[i]->path, false);
        else if (order > 0 ||
                 old->nodes[i]->generation != now->nodes[j]->generation)
            fire(store, now->nodes[j]->path, false);
        i += order <= 0;
        j += order >= 0;
    }
}

/* Reads the whole of another image. */
static int reload(struct fx_store *store, uint64_t state)
{
    const uint8_t *half = half_of(store, state);
    struct fx_nodes old = store->tree, tree = {0};
    int rc;

    rc = replay(store, NULL, &tree, half, sizeof(struct half_header),
                state & ~HALF);
    if (rc) {
        fx_nodes_dispose(&tree);
        return rc;
    }
    store->tree = tree;
    if (store->epoch)
        fire_differences(store, &old, &store->tree);
    store->epoch = ((const struct half_header *)half)->epoch;
    store->position = state & ~HALF;
    fx_nodes_dispose(&old);
    return 0;
}

int fx_store_sync(struct fx_store *store)
{
    uint64_t state = load_state(store), end = state & ~HALF;
    const uint8_t *half = half_of(store, state);
    uint64_t position = store->position;
    int rc;

    if (end < sizeof(struct half_header) || end > store->half_bytes)
        return -EIO;
    if (((const struct half_header *)half)->epoch != store->epoch ||
        end < position)
        return reload(store, state);
    store->position = end;
    rc = replay(store, store, &store->tree, half, position, end);
    if (rc)
        store->epoch = 0; /* half applied: all of it again next time */
    return rc;
}

static void record_seal(struct record *record, size_t length,
                        uint64_t generation)
{
    record->length = (uint32_t)length;
    record->generation = generation;
    record->crc = record_crc(record);
}

static size_t image_bytes(const struct fx_nodes *tree)
{
    size_t i, bytes = sizeof(struct half_header);

    for (i = 0; i < tree->nr; i++)
        bytes += sizeof(struct record) + op_length(tree->nodes[i]->nr_perms,
                                                   tree->nodes[i]->path_bytes,
                                                   tree->nodes[i]->data_bytes);
    return bytes;
}

int fx_store_write_image(struct fx_store *store, const struct fx_nodes *tree)
{
    uint64_t state = load_state(store) ^ HALF;
    uint8_t *half = half_of(store, state);
    size_t i, at = sizeof(struct half_header);
    struct record *record;
    struct op *op;

    if (image_bytes(tree) > store->half_bytes)
        return -ENOSPC;
    ((struct half_header *)half)->epoch = store->epoch + 1;
    for (i = 0; i < tree->nr; i++) {
        record = (void *)(half + at);
        op = (void *)(record + 1);
        op_fill(op, tree->nodes[i], FX_OP_IMAGE);
        record_seal(record, sizeof(*record) + op->length,
                    tree->nodes[i]->generation);
        at += record->length;
    }
    publish(store, (state & HALF) | at);
    return 0;
}

/*
 * Everyone who opens the host replays the log: it is not to be much longer than
 * an image of the tree.
 */
static bool log_is_long(const struct fx_store *store, size_t used)
{
    return used > LOG_BYTES && used / 4 > image_bytes(&store->tree);
}

/* The log is full, or long: an image of what the tree will be. */
static int compact(struct fx_store *store, const struct fx_ops *ops)
{
    struct fx_nodes tree;
    int rc = fx_nodes_copy(&tree, &store->tree);

    if (!rc)
        rc = fx_ops_apply(NULL, &tree, ops->bytes, ops->used,
                          store->generation + 1);
    if (!rc)
        rc = fx_store_write_image(store, &tree);
    fx_nodes_dispose(&tree);
    return rc;
}

int fx_store_commit(struct fx_store *store, const struct fx_ops *ops)
{
    uint64_t state = load_state(store);
    size_t length = sizeof(struct record) + ops->used;
    struct record *record;
    int rc;

    if (!ops->used)
        return 0;
    if (length > store->half_bytes - (state & ~HALF) ||
        log_is_long(store, state & ~HALF)) {
        rc = compact(store, ops);
    } else {
        record = (void *)(half_of(store, state) + (state & ~HALF));
        memcpy(record + 1, ops->bytes, ops->used);
        record_seal(record, length, store->generation + 1);
        publish(store, state + length);
        rc = 0;
    }
    return rc ? rc : fx_store_sync(store);
}
