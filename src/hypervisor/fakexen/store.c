/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's area in the file:
 *
 *   struct header, padded to a page
 *   half 0, half 1: each struct half_header, then records
 *
 * A record is struct record, then operations up to its length; an operation is
 * struct op, permissions, path and value.  Everything is a multiple of eight
 * bytes long.
 */
#include "store.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC    UINT64_C(0x65726f7473786601) /* ends in the format's number */
#define HALF     (UINT64_C(1) << 63)          /* of header.state */
#define ROUND(n) (((n) + 7) & ~(size_t)7)

/* Connected domains are nodes beside the tree, which no client can name. */
#define DOMAINS "@domain/"

struct header {
    uint64_t magic;
    uint64_t state;   /* the half in use (HALF: the second), its length */
    uint32_t changes; /* moves with `state`; a futex */
};

struct half_header {
    uint64_t epoch; /* of which image this is */
};

struct record {
    uint32_t length; /* all of it */
    uint32_t crc;    /* of what follows */
    uint64_t generation;
};

enum { OP_PUT, OP_REMOVE };

#define OP_SILENT (1u << 0) /* fires no watch: a parent made on the way */
#define OP_IMAGE  (1u << 1) /* of an image: the parent does not change */

struct op {
    uint32_t length;
    uint8_t kind, flags;
    uint16_t nr_perms;
    uint32_t path_bytes; /* with the NUL */
    uint32_t data_bytes;
};

/* A node never changes: a change puts another in its place, so that a snapshot
 * is a list of references. */
struct node {
    unsigned int refs;
    uint64_t generation; /* of its value, permissions and list of children */
    unsigned int nr_perms;
    size_t path_bytes, data_bytes;
    struct xs_permissions *perms;
    char *path, *data; /* all in one allocation */
};

/* In order of path_compare(), so that what is below a node follows it. */
struct tree {
    struct node **nodes;
    size_t nr, room;
};

struct buffer {
    uint8_t *bytes;
    size_t used, room;
};

struct fx_txn {
    struct tree base, tree; /* as at the start, and as it is now */
    struct tree touched;    /* nodes by the path, each of which was looked at */
    struct buffer ops;
};

struct fx_store {
    struct header *header;
    size_t half_bytes;
    fx_store_fire fire;
    void *arg;
    uint64_t epoch, position; /* what `tree` has replayed */
    uint64_t generation;
    struct tree tree;
};

/* -- paths -- */

/* As strcmp(), but '/' before all else: a subtree is one run. */
static int path_compare(const char *a, const char *b)
{
    unsigned char ca, cb;

    while (*a && *a == *b)
        a++, b++;
    ca = *a == '/' ? 1 : (unsigned char)*a;
    cb = *b == '/' ? 1 : (unsigned char)*b;
    return (int)ca - (int)cb;
}

/* The length of the prefix that all paths below `path` have. */
static size_t prefix_length(const char *path)
{
    return path[1] ? strlen(path) : 0;
}

static bool is_below(const char *path, const char *above)
{
    size_t len = prefix_length(above);

    return !strncmp(path, above, len) && path[len] == '/' && path[len + 1];
}

bool fx_store_valid_path(const char *path)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "0123456789-/_@";
    size_t len = strlen(path);
    unsigned int domid;
    int home = 0;

    if (*path != '/' || (len > 1 && path[len - 1] == '/') ||
        strstr(path, "//") || path[strspn(path, allowed)])
        return false;
    /* What is relative to a domain's home has the whole length to itself. */
    if (sscanf(path, "/local/domain/%5u/%n", &domid, &home) != 1)
        home = 0;
    return len <= (size_t)home + XENSTORE_REL_PATH_MAX;
}

char *fx_store_canonical(const char *path)
{
    char *full;

    if (*path == '/' || *path == '@')
        return strdup(path);
    return asprintf(&full, "/local/domain/0/%s", path) < 0 ? NULL : full;
}

/* Shortens the path to its parent's; false if it is the root. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (!path[1])
        return false;
    slash[slash == path] = '\0';
    return true;
}

/* -- nodes and trees -- */

static struct node *node_make(const char *path, const struct op *op,
                              const void *perms, const void *data,
                              uint64_t generation)
{
    size_t perms_bytes = op->nr_perms * sizeof(struct xs_permissions);
    struct node *node =
        malloc(sizeof(*node) + perms_bytes + op->path_bytes + op->data_bytes);

    if (!node)
        return NULL;
    *node = (struct node){.refs = 1,
                          .generation = generation,
                          .nr_perms = op->nr_perms,
                          .path_bytes = op->path_bytes,
                          .data_bytes = op->data_bytes,
                          .perms = (void *)(node + 1)};
    node->path = (char *)node->perms + perms_bytes;
    node->data = node->path + op->path_bytes;
    memcpy(node->path, path, op->path_bytes);
    if (perms_bytes)
        memcpy(node->perms, perms, perms_bytes);
    if (op->data_bytes)
        memcpy(node->data, data, op->data_bytes);
    return node;
}

static void node_put(struct node *node)
{
    if (!--node->refs)
        free(node);
}

/* Where the path is, or would be; true if it is. */
static bool tree_find(const struct tree *tree, const char *path, size_t *at)
{
    size_t low = 0, high = tree->nr, middle;
    int order;

    while (low < high) {
        middle = low + (high - low) / 2;
        order = path_compare(tree->nodes[middle]->path, path);
        if (!order) {
            *at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

static struct node *tree_get(const struct tree *tree, const char *path)
{
    size_t at;

    return tree_find(tree, path, &at) ? tree->nodes[at] : NULL;
}

/* Takes over the caller's reference, and on failure drops it. */
static int tree_set(struct tree *tree, struct node *node)
{
    size_t at;

    if (tree_find(tree, node->path, &at)) {
        node_put(tree->nodes[at]);
        tree->nodes[at] = node;
        return 0;
    }
    if (tree->nr == tree->room) {
        size_t room = tree->room ? tree->room * 2 : 64;
        void *nodes = reallocarray(tree->nodes, room, sizeof(*tree->nodes));

        if (!nodes) {
            node_put(node);
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

/* One past the last node of the subtree at `at`. */
static size_t subtree_end(const struct tree *tree, size_t at)
{
    const char *path = tree->nodes[at]->path;

    do
        at++;
    while (at < tree->nr && is_below(tree->nodes[at]->path, path));
    return at;
}

static void tree_cut(struct tree *tree, size_t first, size_t end)
{
    size_t i;

    for (i = first; i < end; i++)
        node_put(tree->nodes[i]);
    if (tree->nr > end)
        memmove(tree->nodes + first, tree->nodes + end,
                (tree->nr - end) * sizeof(*tree->nodes));
    tree->nr -= end - first;
}

static void tree_dispose(struct tree *tree)
{
    tree_cut(tree, 0, tree->nr);
    free(tree->nodes);
    *tree = (struct tree){0};
}

static int tree_copy(struct tree *to, const struct tree *from)
{
    size_t i;

    *to = (struct tree){.nr = from->nr, .room = from->nr};
    if (!from->nr)
        return 0;
    to->nodes = reallocarray(NULL, from->nr, sizeof(*to->nodes));
    if (!to->nodes) {
        *to = (struct tree){0};
        return -ENOMEM;
    }
    for (i = 0; i < from->nr; i++) {
        to->nodes[i] = from->nodes[i];
        to->nodes[i]->refs++;
    }
    return 0;
}

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
    return !strncmp(path, DOMAINS, strlen(DOMAINS)) ||
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
static int touch_parent(struct tree *tree, const char *path,
                        uint64_t generation)
{
    char parent[XENSTORE_ABS_PATH_MAX + 1];
    struct node *old, *node;
    struct op like = {0};

    if (*path != '/' || strlen(path) >= sizeof(parent))
        return 0;
    strcpy(parent, path);
    if (!to_parent(parent))
        return 0;
    old = tree_get(tree, parent);
    if (!old)
        return -EIO;
    like.nr_perms = (uint16_t)old->nr_perms;
    like.path_bytes = (uint32_t)old->path_bytes;
    like.data_bytes = (uint32_t)old->data_bytes;
    node = node_make(old->path, &like, old->perms, old->data, generation);
    return node ? tree_set(tree, node) : -ENOMEM;
}

static int apply_put(struct tree *tree, const struct op *op,
                     uint64_t generation)
{
    const char *path = op_path(op);
    struct node *node;
    int rc = 0;

    if (!(op->flags & OP_IMAGE) && !tree_get(tree, path))
        rc = touch_parent(tree, path, generation);
    if (rc)
        return rc;
    node = node_make(path, op, op_perms(op), op_data(op), generation);
    return node ? tree_set(tree, node) : -ENOMEM;
}

/* `store` NULL: nobody is to be told. */
static void fire(const struct fx_store *store, const char *path, bool exact)
{
    if (!store || !store->fire)
        return;
    if (strncmp(path, DOMAINS, strlen(DOMAINS)))
        store->fire(store->arg, path, exact);
    else
        store->fire(store->arg,
                    tree_get(&store->tree, path) ? "@introduceDomain"
                                                 : "@releaseDomain",
                    true);
}

static int apply_remove(const struct fx_store *store, struct tree *tree,
                        const struct op *op, uint64_t generation)
{
    const char *path = op_path(op);
    size_t at, end, i;

    if (!tree_find(tree, path, &at))
        return 0;
    end = subtree_end(tree, at);
    for (i = at + 1; i < end; i++)
        fire(store, tree->nodes[i]->path, true);
    tree_cut(tree, at, end);
    fire(store, path, false);
    return touch_parent(tree, path, generation);
}

static int apply_op(const struct fx_store *store, struct tree *tree,
                    const struct op *op, uint64_t generation)
{
    int rc;

    if (op->kind == OP_REMOVE)
        return apply_remove(store, tree, op, generation);
    rc = apply_put(tree, op, generation);
    if (!rc && !(op->flags & (OP_SILENT | OP_IMAGE)))
        fire(store, op_path(op), false);
    return rc;
}

/* All of them; the bytes may be a damaged file's. */
static int apply_ops(const struct fx_store *store, struct tree *tree,
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

static void wake(struct header *header)
{
    __atomic_fetch_add(&header->changes, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &header->changes, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void fx_store_poke(struct fx_host *host)
{
    wake((struct header *)host->store);
}

/* Makes everything that was written before count, at once. */
static void publish(struct fx_store *store, uint64_t state)
{
    __atomic_store_n(&store->header->state, state, __ATOMIC_RELEASE);
    wake(store->header);
}

static uint32_t record_crc(const struct record *record)
{
    return (uint32_t)crc32(0, (const void *)&record->generation,
                           record->length -
                               (uInt)offsetof(struct record, generation));
}

/* Replays records [position, end) of the half into the tree. */
static int replay(struct fx_store *store, const struct fx_store *told,
                  struct tree *tree, const uint8_t *half, uint64_t position,
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
        rc = apply_ops(told, tree, (const void *)(record + 1),
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
                             const struct tree *old, const struct tree *now)
{
    size_t i = 0, j = 0;
    int order;

    while (i < old->nr || j < now->nr) {
        order = i == old->nr ? 1
                : j == now->nr
                    ? -1
                    : path_compare(old->nodes[i]->path, now->nodes[j]->path);
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
    struct tree old = store->tree, tree = {0};
    int rc;

    rc = replay(store, NULL, &tree, half, sizeof(struct half_header),
                state & ~HALF);
    if (rc) {
        tree_dispose(&tree);
        return rc;
    }
    store->tree = tree;
    if (store->epoch)
        fire_differences(store, &old, &store->tree);
    store->epoch = ((const struct half_header *)half)->epoch;
    store->position = state & ~HALF;
    tree_dispose(&old);
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

static size_t image_bytes(const struct tree *tree)
{
    size_t i, bytes = sizeof(struct half_header);

    for (i = 0; i < tree->nr; i++)
        bytes += sizeof(struct record) + op_length(tree->nodes[i]->nr_perms,
                                                   tree->nodes[i]->path_bytes,
                                                   tree->nodes[i]->data_bytes);
    return bytes;
}

static void op_fill(struct op *op, const struct node *node, uint8_t flags)
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

/* Writes the tree into the half that is not in use, and switches to it. */
static int write_image(struct fx_store *store, const struct tree *tree)
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
        op_fill(op, tree->nodes[i], OP_IMAGE);
        record_seal(record, sizeof(*record) + op->length,
                    tree->nodes[i]->generation);
        at += record->length;
    }
    publish(store, (state & HALF) | at);
    return 0;
}

/* The log is full: an image of what the tree will be. */
static int compact(struct fx_store *store, const struct buffer *ops)
{
    struct tree tree;
    int rc = tree_copy(&tree, &store->tree);

    if (!rc)
        rc = apply_ops(NULL, &tree, ops->bytes, ops->used,
                       store->generation + 1);
    if (!rc)
        rc = write_image(store, &tree);
    tree_dispose(&tree);
    return rc;
}

/* Makes the operations happen, all or none; `store` is in step with the log. */
static int commit(struct fx_store *store, const struct buffer *ops)
{
    uint64_t state = load_state(store);
    size_t length = sizeof(struct record) + ops->used;
    struct record *record;
    int rc;

    if (!ops->used)
        return 0;
    if (length > store->half_bytes - (state & ~HALF)) {
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

/* -- changes, in a transaction or at once -- */

static int buffer_room(struct buffer *buffer, size_t bytes)
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

static int add_put(struct buffer *ops, const struct node *node, uint8_t flags)
{
    size_t length =
        op_length(node->nr_perms, node->path_bytes, node->data_bytes);
    int rc = buffer_room(ops, length);

    if (rc)
        return rc;
    op_fill((void *)(ops->bytes + ops->used), node, flags);
    ops->used += length;
    return 0;
}

static int add_remove(struct buffer *ops, const char *path)
{
    struct op op = {.kind = OP_REMOVE,
                    .path_bytes = (uint32_t)strlen(path) + 1};
    uint8_t *at;
    int rc;

    op.length = (uint32_t)op_length(0, op.path_bytes, 0);
    rc = buffer_room(ops, op.length);
    if (rc)
        return rc;
    at = ops->bytes + ops->used;
    memset(at, 0, op.length);
    memcpy(at, &op, sizeof(op));
    memcpy(at + sizeof(op), path, op.path_bytes);
    ops->used += op.length;
    return 0;
}

/* Does the operations: to the transaction's tree, or for all to see. */
static int perform(struct fx_store *store, struct fx_txn *txn,
                   const struct buffer *ops)
{
    int rc;

    if (!txn)
        return commit(store, ops);
    if (!ops->used)
        return 0;
    /* More can never be committed. */
    if (txn->ops.used + ops->used > store->half_bytes)
        return -ENOSPC;
    rc = buffer_room(&txn->ops, ops->used);
    if (!rc)
        rc = apply_ops(NULL, &txn->tree, ops->bytes, ops->used, UINT64_MAX);
    if (rc)
        return rc;
    memcpy(txn->ops.bytes + txn->ops.used, ops->bytes, ops->used);
    txn->ops.used += ops->used;
    return 0;
}

/* The transaction depends on the node, or on its absence. */
static int touch(struct fx_txn *txn, const char *path)
{
    struct op name = {.path_bytes = (uint32_t)strlen(path) + 1};
    struct node *node;

    if (!txn || tree_get(&txn->touched, path))
        return 0;
    node = node_make(path, &name, NULL, NULL, 0);
    return node ? tree_set(&txn->touched, node) : -ENOMEM;
}

/*
 * What each call starts with: the path as xenstored reads it, the store in
 * step, the node.  -ENOENT without one, but then *full is set too.
 */
static int lookup(struct fx_store *store, struct fx_txn *txn, const char *path,
                  char **full, struct node **node)
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
    rc = touch(txn, *full);
    if (rc)
        return rc;
    *node = tree_get(txn ? &txn->tree : &store->tree, *full);
    return *node ? 0 : -ENOENT;
}

int fx_store_read(struct fx_store *store, struct fx_txn *txn, const char *path,
                  void **data, size_t *len)
{
    struct node *node;
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
    const struct tree *tree = txn ? &txn->tree : &store->tree;
    struct buffer out = {0};
    struct node *node;
    size_t at, end, bytes, skip;
    char *full;
    int rc = lookup(store, txn, path, &full, &node);

    if (rc)
        goto out;
    skip = prefix_length(full) + 1;
    if (!tree_find(tree, full, &at))
        goto out;
    end = subtree_end(tree, at);
    rc = buffer_room(&out, 1);
    for (at++; !rc && at < end; at++) {
        if (strchr(tree->nodes[at]->path + skip, '/'))
            continue;
        bytes = tree->nodes[at]->path_bytes - skip;
        rc = buffer_room(&out, bytes);
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
static struct node node_like(const struct node *of, char *path)
{
    return (struct node){.nr_perms = of->nr_perms,
                         .perms = of->perms,
                         .path_bytes = strlen(path) + 1,
                         .path = path};
}

/* The operations that make the node at `full`, and what is missing above. */
static int add_missing(struct fx_store *store, struct fx_txn *txn,
                       const char *full, const void *data, size_t len,
                       struct buffer *ops)
{
    const struct tree *tree = txn ? &txn->tree : &store->tree;
    const struct node *above = NULL;
    char *path = strdup(full);
    struct node node;
    size_t at;
    int rc = path ? 0 : -ENOMEM;

    while (!rc && !above) {
        rc = to_parent(path) ? touch(txn, path) : -EIO;
        above = rc ? NULL : tree_get(tree, path);
    }
    if (rc)
        goto out;
    /* Down again, a component at a time; new nodes inherit permissions. */
    at = prefix_length(path);
    while (!rc && full[at]) {
        at += 1 + strcspn(full + at + 1, "/");
        memcpy(path, full, at);
        path[at] = '\0';
        node = node_like(above, path);
        if (!full[at]) {
            node.data = (char *)data;
            node.data_bytes = len;
        }
        rc = add_put(ops, &node, full[at] ? OP_SILENT : 0);
    }
out:
    free(path);
    return rc;
}

int fx_store_write(struct fx_store *store, struct fx_txn *txn, const char *path,
                   const void *data, size_t len)
{
    struct buffer ops = {0};
    struct node *old, node;
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
        rc = add_put(&ops, &node, 0);
    }
    if (!rc)
        rc = perform(store, txn, &ops);
    free(ops.bytes);
    free(full);
    return rc;
}

int fx_store_mkdir(struct fx_store *store, struct fx_txn *txn, const char *path)
{
    struct buffer ops = {0};
    struct node *old;
    char *full;
    int rc = lookup(store, txn, path, &full, &old);

    if (rc == -ENOENT) {
        rc = add_missing(store, txn, full, NULL, 0, &ops);
        if (!rc)
            rc = perform(store, txn, &ops);
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

    if (!txn || !tree_find(&txn->tree, full, &at))
        return 0;
    parent = strdup(full);
    if (!parent)
        return -ENOMEM;
    if (to_parent(parent))
        rc = touch(txn, parent);
    free(parent);
    end = subtree_end(&txn->tree, at);
    for (; !rc && at < end; at++)
        rc = touch(txn, txn->tree.nodes[at]->path);
    return rc;
}

/* The node is not there: fine if its parent is. */
static int rm_missing(struct fx_store *store, struct fx_txn *txn, char *full)
{
    int rc = to_parent(full) ? touch(txn, full) : -EIO;

    if (rc)
        return rc;
    return tree_get(txn ? &txn->tree : &store->tree, full) ? 0 : -ENOENT;
}

int fx_store_rm(struct fx_store *store, struct fx_txn *txn, const char *path)
{
    struct buffer ops = {0};
    struct node *node;
    char *full;
    int rc = lookup(store, txn, path, &full, &node);

    if (rc == -ENOENT)
        rc = rm_missing(store, txn, full);
    else if (!rc && !full[1])
        rc = -EINVAL; /* the root stays */
    else if (!rc)
        rc = touch_subtree(txn, full);
    if (!rc && node)
        rc = add_remove(&ops, full);
    if (!rc)
        rc = perform(store, txn, &ops);
    free(ops.bytes);
    free(full);
    return rc;
}

int fx_store_get_perms(struct fx_store *store, struct fx_txn *txn,
                       const char *path, struct xs_permissions **perms,
                       unsigned int *nr)
{
    struct node *node;
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
    struct buffer ops = {0};
    struct node *old, node;
    char *full = NULL;
    unsigned int i;
    int rc;

    if (!nr)
        return -EINVAL;
    if (nr > XENSTORE_PAYLOAD_MAX / 3) /* each is "r0" at least, and a NUL */
        return -E2BIG;
    for (i = 0; i < nr; i++)
        if (perms[i].perms & ~(XS_PERM_READ | XS_PERM_WRITE))
            return -EINVAL;
    rc = lookup(store, txn, path, &full, &old);
    if (!rc) {
        node = *old;
        node.perms = (struct xs_permissions *)perms;
        node.nr_perms = nr;
        rc = add_put(&ops, &node, 0);
    }
    if (!rc)
        rc = perform(store, txn, &ops);
    free(ops.bytes);
    free(full);
    return rc;
}

/* -- transactions -- */

static void txn_free(struct fx_txn *txn)
{
    if (!txn)
        return;
    tree_dispose(&txn->base);
    tree_dispose(&txn->tree);
    tree_dispose(&txn->touched);
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
    rc = tree_copy(&new->base, &store->tree);
    if (!rc)
        rc = tree_copy(&new->tree, &store->tree);
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
    const struct node *then, *now;
    size_t i;

    for (i = 0; i < txn->touched.nr; i++) {
        then = tree_get(&txn->base, txn->touched.nodes[i]->path);
        now = tree_get(&store->tree, txn->touched.nodes[i]->path);
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
            rc = txn_holds(store, txn) ? commit(store, &txn->ops) : -EAGAIN;
    }
    txn_free(txn);
    return rc;
}

/* -- connected domains -- */

#define DOMAIN_NAME (sizeof(DOMAINS) + 10)

static char *domain_name(char buf[DOMAIN_NAME], unsigned int domid)
{
    snprintf(buf, DOMAIN_NAME, DOMAINS "%u", domid);
    return buf;
}

int fx_store_introduce(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];
    struct xs_permissions perms = {0};
    struct node node = {.perms = &perms, .nr_perms = 1, .path = name};
    struct buffer ops = {0};
    int rc = fx_store_sync(store);

    node.path_bytes = strlen(domain_name(name, domid)) + 1;
    if (rc || tree_get(&store->tree, name))
        return rc;
    rc = add_put(&ops, &node, 0);
    if (!rc)
        rc = commit(store, &ops);
    free(ops.bytes);
    return rc;
}

int fx_store_release(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];
    struct buffer ops = {0};
    int rc = fx_store_sync(store);

    if (rc)
        return rc;
    if (!tree_get(&store->tree, domain_name(name, domid)))
        return -ENOENT;
    rc = add_remove(&ops, name);
    if (!rc)
        rc = commit(store, &ops);
    free(ops.bytes);
    return rc;
}

bool fx_store_is_introduced(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];

    return !fx_store_sync(store) &&
           tree_get(&store->tree, domain_name(name, domid));
}

/* -- a process's view -- */

uint32_t fx_store_changes(const struct fx_store *store)
{
    return __atomic_load_n(&store->header->changes, __ATOMIC_ACQUIRE);
}

void fx_store_wait(const struct fx_store *store, uint32_t seen)
{
    struct timespec second = {.tv_sec = 1};

    syscall(SYS_futex, &store->header->changes, FUTEX_WAIT, seen, &second, NULL,
            0);
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
    struct tree tree = {0};
    struct node *node;
    struct op op;
    size_t i;
    int rc = 0;

    for (i = 0; !rc && i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        op = (struct op){.nr_perms = 1,
                         .path_bytes = (uint32_t)strlen(nodes[i].path) + 1,
                         .data_bytes = (uint32_t)strlen(nodes[i].value)};
        node = node_make(nodes[i].path, &op, &perms, nodes[i].value, 1);
        rc = node ? tree_set(&tree, node) : -ENOMEM;
    }
    if (!rc)
        rc = write_image(store, &tree);
    tree_dispose(&tree);
    if (!rc) /* not before the image is there */
        __atomic_store_n(&store->header->magic, MAGIC, __ATOMIC_RELEASE);
    return rc;
}

int fx_store_open(struct fx_host *host, fx_store_fire fire_watch, void *arg,
                  struct fx_store **store)
{
    struct fx_store *new = calloc(1, sizeof(*new));
    int rc = 0;

    if (!new)
        return -ENOMEM;
    *new = (struct fx_store){
        .header = (void *)host->store, .fire = fire_watch, .arg = arg};
    if (host->super->store_bytes >= 4 * FX_PAGE_SIZE)
        new->half_bytes =
            (host->super->store_bytes - FX_PAGE_SIZE) / 2 & ~(size_t)7;
    if (!new->half_bytes || new->half_bytes > UINT32_MAX)
        rc = -EIO;
    else if (!new->header->magic)
        rc = first_image(new);
    else if (new->header->magic != MAGIC)
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
    tree_dispose(&store->tree);
    free(store);
}
