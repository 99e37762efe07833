/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/store_ring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "domain/event.h"
#include "machine/frames.h"
#include "machine/wake.h"
#include "run/store_request.h"
#include "store/store.h"

/* As xenstored has them for guests (quotas), roughly. */
#define MAX_WATCHES      128
#define MAX_TRANSACTIONS 10
#define MAX_NODES        1000
#define MAX_VALUE        2048
#define MAX_PERMS        5
#define MAX_QUEUE        (1u << 20) /* bytes of answers and events */
#define MAX_PATH         3072       /* XENSTORE_ABS_PATH_MAX */

struct watch {
    struct watch *next;
    bool relative; /* to the guest's home, as its events' paths are then */
    char *path, *token;
};

struct transaction {
    struct transaction *next;
    uint32_t id;
    struct fx_txn *txn;
};

struct fx_store_ring {
    struct fx_host *host;
    struct fx_store *store;
    uint16_t domid;
    char home[32];
    uint64_t mfn; /* of its page; or FX_NO_MFN: there is none yet */
    uint32_t port;
    struct watch *watches;
    struct transaction *transactions;
    uint32_t last_id;
    struct fx_store_request request;
    bool dead; /* the guest wrote what nobody could: it is not listened to */
    /* What the ring had no room for yet. */
    char *queue;
    size_t queued;
};

/* One request. */
struct request {
    struct fx_store_ring *ring;
    struct xsd_sockmsg head;
    char *payload; /* NUL-terminated */
    struct fx_txn *txn;
    char path[MAX_PATH + 64];
};

/* -- answers -- */

static void queue(struct fx_store_ring *r, const void *data, size_t len)
{
    char *more;

    if (!len || r->queued + len > MAX_QUEUE)
        return;
    more = realloc(r->queue, r->queued + len);
    if (!more)
        return;
    memcpy(more + r->queued, data, len);
    r->queue = more;
    r->queued += len;
}

static void send(struct fx_store_ring *r, struct xsd_sockmsg head,
                 const void *data, size_t len)
{
    head.len = (uint32_t)len;
    if (r->queued + sizeof(head) + len > MAX_QUEUE)
        return;
    queue(r, &head, sizeof(head));
    queue(r, data, len);
}

static void answer(const struct request *q, const void *data, size_t len)
{
    send(q->ring, q->head, data, len);
}

static void answer_ok(const struct request *q)
{
    answer(q, "OK", sizeof("OK"));
}

static void answer_error(const struct request *q, int rc)
{
    struct xsd_sockmsg head = q->head;
    const char *name = "EINVAL";
    size_t i;

    for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (xsd_errors[i].errnum == -rc)
            name = xsd_errors[i].errstring;
    head.type = XS_ERROR;
    send(q->ring, head, name, strlen(name) + 1);
}

/* -- what the guest may -- */

static int absolute(const struct request *q, const char *path, char *full,
                    size_t len)
{
    int n;

    if (strlen(path) > MAX_PATH)
        return -EINVAL;
    n = *path == '/' || *path == '@'
            ? snprintf(full, len, "%s", path)
            : snprintf(full, len, "%s/%s", q->ring->home, path);
    return n > 0 && (size_t)n < len ? 0 : -EINVAL;
}

/* The owner has all; whom no entry names has what the first one says. */
static unsigned int perms_for(const struct xs_permissions *perms,
                              unsigned int nr, uint16_t domid)
{
    unsigned int i;

    if (nr && perms[0].id == domid)
        return XS_PERM_READ | XS_PERM_WRITE | XS_PERM_OWNER;
    for (i = 1; i < nr; i++)
        if (perms[i].id == domid)
            return perms[i].perms;
    return nr ? perms[0].perms : XS_PERM_NONE;
}

/*
 * All of `wanted` of the node.  Where there is none, -ENOENT for who has any of
 * it of the next one above that there is, as xenstored has it: others are not
 * to learn what there is.
 */
static int may(const struct request *q, unsigned int wanted)
{
    char path[sizeof(q->path)], *slash;
    struct xs_permissions *perms;
    bool missing = false;
    unsigned int nr, has;
    int rc;

    strcpy(path, q->path);
    for (;;) {
        rc = fx_store_get_perms(q->ring->store, q->txn, path, &perms, &nr);
        slash = strrchr(path, '/');
        if (rc != -ENOENT || !slash || !slash[1])
            break;
        missing = true;
        slash[slash == path] = '\0';
    }
    if (rc)
        return rc;
    has = perms_for(perms, nr, q->ring->domid);
    free(perms);
    if (missing)
        return has & wanted ? -ENOENT : -EACCES;
    return (has & wanted) == wanted ? 0 : -EACCES;
}

/* -- requests -- */

static void do_read(struct request *q)
{
    void *data = NULL;
    size_t len = 0;
    int rc = may(q, XS_PERM_READ);

    if (!rc)
        rc = fx_store_read(q->ring->store, q->txn, q->path, &data, &len);
    if (rc)
        answer_error(q, rc);
    else
        answer(q, data, len);
    free(data);
}

static void do_directory(struct request *q)
{
    char *names = NULL;
    size_t len = 0;
    int rc = may(q, XS_PERM_READ);

    if (!rc)
        rc = fx_store_directory(q->ring->store, q->txn, q->path, &names, &len);
    if (!rc && len > XENSTORE_PAYLOAD_MAX)
        rc = -E2BIG;
    if (rc)
        answer_error(q, rc);
    else
        answer(q, names, len);
    free(names);
}

static void finish(const struct request *q, int rc)
{
    if (rc) {
        answer_error(q, rc);
        return;
    }
    if (!q->txn)
        fx_wake(q->ring->host);
    answer_ok(q);
}

/* What it makes is its own. */
static int own(const struct request *q)
{
    struct xs_permissions *perms;
    unsigned int nr;
    int rc = fx_store_get_perms(q->ring->store, q->txn, q->path, &perms, &nr);

    if (rc)
        return rc;
    if (nr && perms[0].id != q->ring->domid) {
        perms[0].id = q->ring->domid;
        rc = fx_store_set_perms(q->ring->store, q->txn, q->path, perms, nr);
    }
    free(perms);
    return rc;
}

/* The node may be written, or made: then *makes.  A guest may have so many
 * nodes, and no more. */
static int may_write(const struct request *q, bool *makes)
{
    int rc = may(q, XS_PERM_WRITE);

    *makes = rc == -ENOENT;
    if (!*makes)
        return rc;
    return fx_store_owned(q->ring->store, q->txn, q->ring->domid) < MAX_NODES
               ? 0
               : -ENOSPC;
}

static void do_write(struct request *q)
{
    size_t name = strlen(q->payload) + 1;
    bool makes = false;
    int rc = name > q->head.len ? -EINVAL : may_write(q, &makes);

    if (!rc && q->head.len - name > MAX_VALUE)
        rc = -ENOSPC;
    if (!rc)
        rc = fx_store_write(q->ring->store, q->txn, q->path, q->payload + name,
                            q->head.len - name);
    if (!rc && makes)
        rc = own(q);
    finish(q, rc);
}

static void do_mkdir(struct request *q)
{
    bool makes;
    int rc = may_write(q, &makes);

    if (!rc)
        rc = fx_store_mkdir(q->ring->store, q->txn, q->path);
    if (!rc && makes)
        rc = own(q);
    finish(q, rc);
}

static void do_rm(struct request *q)
{
    int rc = may(q, XS_PERM_WRITE);

    /* What is not there is gone, if there is where it would be. */
    if (!rc || rc == -ENOENT)
        rc = fx_store_rm(q->ring->store, q->txn, q->path);
    finish(q, rc);
}

static const char letters[] = {
    [XS_PERM_NONE] = 'n',
    [XS_PERM_READ] = 'r',
    [XS_PERM_WRITE] = 'w',
    [XS_PERM_READ | XS_PERM_WRITE] = 'b',
};

static void do_get_perms(struct request *q)
{
    struct xs_permissions *perms = NULL;
    char text[XENSTORE_PAYLOAD_MAX];
    unsigned int nr = 0, i;
    size_t len = 0;
    int rc = may(q, XS_PERM_READ);

    if (!rc)
        rc = fx_store_get_perms(q->ring->store, q->txn, q->path, &perms, &nr);
    for (i = 0; !rc && i < nr && len + 16 < sizeof(text); i++)
        len += (size_t)snprintf(text + len, 16, "%c%u",
                                letters[perms[i].perms & 3], perms[i].id) +
               1;
    if (rc)
        answer_error(q, rc);
    else
        answer(q, text, len);
    free(perms);
}

/* Its owner's alone to say. */
static void do_set_perms(struct request *q)
{
    struct xs_permissions perms[MAX_PERMS], *old = NULL;
    const char *at = q->payload + strlen(q->payload) + 1;
    const char *end = q->payload + q->head.len;
    unsigned int nr = 0, old_nr = 0;
    int rc;

    for (; at < end && nr < MAX_PERMS; at += strlen(at) + 1) {
        const char *letter = memchr(letters, *at, sizeof(letters));
        char *after;

        if (!*at || !letter || !at[1])
            break;
        perms[nr].perms = (unsigned int)(letter - letters);
        perms[nr].id = (unsigned int)strtol(at + 1, &after, 0);
        if (*after)
            break;
        nr++;
    }
    rc = nr && at >= end ? 0 : nr == MAX_PERMS ? -ENOSPC : -EINVAL;
    if (!rc)
        rc = may(q, XS_PERM_WRITE | XS_PERM_OWNER);
    if (!rc)
        rc = fx_store_get_perms(q->ring->store, q->txn, q->path, &old, &old_nr);
    /* And to whom it belongs is not even the owner's. */
    if (!rc && perms[0].id != old[0].id)
        rc = -EPERM;
    if (!rc)
        rc = fx_store_set_perms(q->ring->store, q->txn, q->path, perms, nr);
    free(old);
    finish(q, rc);
}

/* -- transactions -- */

static struct transaction **find_transaction(struct fx_store_ring *r,
                                             uint32_t id)
{
    struct transaction **at = &r->transactions;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void do_transaction_start(struct request *q)
{
    struct fx_store_ring *r = q->ring;
    struct transaction *t;
    unsigned int nr = 0;
    char text[16];
    int rc;

    for (t = r->transactions; t; t = t->next)
        nr++;
    t = nr < MAX_TRANSACTIONS ? calloc(1, sizeof(*t)) : NULL;
    rc = t ? fx_store_begin(r->store, &t->txn) : -ENOSPC;
    if (rc) {
        free(t);
        answer_error(q, rc);
        return;
    }
    do
        t->id = ++r->last_id;
    while (!t->id || *find_transaction(r, t->id));
    t->next = r->transactions;
    r->transactions = t;
    snprintf(text, sizeof(text), "%u", t->id);
    answer(q, text, strlen(text) + 1);
}

static void do_transaction_end(struct request *q)
{
    struct transaction **at = find_transaction(q->ring, q->head.tx_id);
    struct transaction *t = *at;
    int rc;

    if (!t || (strcmp(q->payload, "T") != 0 && strcmp(q->payload, "F") != 0)) {
        answer_error(q, t ? -EINVAL : -ENOENT);
        return;
    }
    *at = t->next;
    rc = fx_store_end(q->ring->store, t->txn, *q->payload == 'F');
    free(t);
    q->txn = NULL;
    finish(q, rc);
}

/* -- watches -- */

static void send_event(struct fx_store_ring *r, const struct watch *w,
                       const char *path)
{
    const struct xsd_sockmsg head = {.type = XS_WATCH_EVENT};
    char text[XENSTORE_PAYLOAD_MAX];
    size_t home = strlen(r->home), token = strlen(w->token) + 1, len;

    if (w->relative && !strncmp(path, r->home, home) && path[home] == '/')
        path += home + 1;
    len = strlen(path) + 1;
    if (len + token > sizeof(text))
        return;
    memcpy(text, path, len);
    memcpy(text + len, w->token, token);
    send(r, head, text, len + token);
}

static bool is_below(const char *path, const char *top)
{
    size_t len = strlen(top);

    return !strncmp(path, top, len) &&
           (!path[len] || path[len] == '/' || (len && top[len - 1] == '/'));
}

static void fire(void *arg, const char *path, bool exact)
{
    struct fx_store_ring *r = arg;
    const struct watch *w;

    for (w = r->watches; w; w = w->next)
        if (exact ? !strcmp(path, w->path) : is_below(path, w->path))
            send_event(r, w, path);
}

static void free_watch(struct watch *w)
{
    free(w->path);
    free(w->token);
    free(w);
}

static struct watch **find_watch(struct fx_store_ring *r, const char *path,
                                 const char *token)
{
    struct watch **at = &r->watches;

    while (*at && (strcmp((*at)->path, path) || strcmp((*at)->token, token)))
        at = &(*at)->next;
    return at;
}

/* The token behind the path; NULL: there is none. */
static const char *token_of(const struct request *q)
{
    size_t name = strlen(q->payload) + 1;

    return name < q->head.len ? q->payload + name : NULL;
}

static void do_watch(struct request *q)
{
    struct fx_store_ring *r = q->ring;
    const char *token = token_of(q);
    struct watch *w, *other;
    unsigned int nr = 0;

    for (other = r->watches; other; other = other->next)
        nr++;
    if (!token || nr >= MAX_WATCHES || *find_watch(r, q->path, token)) {
        answer_error(q, !token              ? -EINVAL
                        : nr >= MAX_WATCHES ? -E2BIG
                                            : -EEXIST);
        return;
    }
    w = calloc(1, sizeof(*w));
    if (w) {
        w->relative = *q->payload != '/' && *q->payload != '@';
        w->path = strdup(q->path);
        w->token = strdup(token);
    }
    if (!w || !w->path || !w->token) {
        if (w)
            free_watch(w);
        answer_error(q, -ENOMEM);
        return;
    }
    w->next = r->watches;
    r->watches = w;
    answer_ok(q);
    send_event(r, w, w->path);
}

static void do_unwatch(struct request *q)
{
    const char *token = token_of(q);
    struct watch **at = token ? find_watch(q->ring, q->path, token) : NULL;
    struct watch *w = at ? *at : NULL;

    if (!w) {
        answer_error(q, -ENOENT);
        return;
    }
    *at = w->next;
    free_watch(w);
    answer_ok(q);
}

static void forget_all(struct fx_store_ring *r)
{
    struct transaction *t;
    struct watch *w;

    while ((w = r->watches)) {
        r->watches = w->next;
        free_watch(w);
    }
    while ((t = r->transactions)) {
        r->transactions = t->next;
        (void)!fx_store_end(r->store, t->txn, true);
        free(t);
    }
}

static void do_reset_watches(struct request *q)
{
    forget_all(q->ring);
    q->txn = NULL;
    answer_ok(q);
}

static void do_get_domain_path(struct request *q)
{
    char text[64];

    snprintf(text, sizeof(text), "/local/domain/%lu",
             strtoul(q->payload, NULL, 10));
    answer(q, text, strlen(text) + 1);
}

static const struct {
    void (*function)(struct request *q);
    bool has_path;
} requests[] = {
    [XS_READ] = {do_read, true},
    [XS_DIRECTORY] = {do_directory, true},
    [XS_WRITE] = {do_write, true},
    [XS_MKDIR] = {do_mkdir, true},
    [XS_RM] = {do_rm, true},
    [XS_GET_PERMS] = {do_get_perms, true},
    [XS_SET_PERMS] = {do_set_perms, true},
    [XS_WATCH] = {do_watch, true},
    [XS_UNWATCH] = {do_unwatch, true},
    [XS_TRANSACTION_START] = {do_transaction_start, false},
    [XS_TRANSACTION_END] = {do_transaction_end, false},
    [XS_GET_DOMAIN_PATH] = {do_get_domain_path, false},
    [XS_RESET_WATCHES] = {do_reset_watches, false},
};
#define N_REQUESTS (sizeof(requests) / sizeof(requests[0]))

/* Others are for domain 0, or unknown. */
static void handle(struct fx_store_ring *r)
{
    struct request q = {.ring = r};
    int rc = 0;

    memcpy(&q.head, r->request.bytes, sizeof(q.head));
    q.payload = r->request.bytes + sizeof(q.head);
    q.payload[q.head.len] = '\0';
    if (q.head.type >= N_REQUESTS || !requests[q.head.type].function) {
        answer_error(&q, q.head.type < XS_TYPE_COUNT ? -EACCES : -ENOSYS);
        return;
    }
    if (q.head.tx_id) {
        struct transaction *t = *find_transaction(r, q.head.tx_id);

        if (t)
            q.txn = t->txn;
        else
            rc = -ENOENT;
    }
    if (!rc && requests[q.head.type].has_path)
        rc = absolute(&q, q.payload, q.path, sizeof(q.path));
    if (rc)
        answer_error(&q, rc);
    else
        requests[q.head.type].function(&q);
}

/* -- the ring -- */

/* A number below /local/domain/ID/store; false: there is none. */
static bool read_number(struct fx_store_ring *r, const char *what,
                        uint64_t *value)
{
    char path[64], *end;
    void *text;
    size_t len;

    snprintf(path, sizeof(path), "%s/store/%s", r->home, what);
    if (fx_store_read(r->store, NULL, path, &text, &len))
        return false;
    *value = strtoull(text, &end, 10);
    end = len && !*end ? text : NULL;
    free(text);
    return end;
}

/* The page is the domain's, whatever xenstore says. */
static struct xenstore_domain_interface *page_of(struct fx_store_ring *r)
{
    const struct fx_frame *frame;
    uint64_t port;

    if (r->mfn == FX_NO_MFN) {
        if (!read_number(r, "ring-ref", &r->mfn) ||
            !read_number(r, "port", &port)) {
            r->mfn = FX_NO_MFN;
            return NULL;
        }
        r->port = (uint32_t)port;
    }
    frame = fx_frame(r->host, r->mfn);
    if (!frame || !frame->refs || frame->owner != r->domid ||
        (FX_T_TYPE(frame->type) != FX_WRITABLE && FX_T_TYPE(frame->type)))
        return NULL;
    return fx_page(r->host, r->mfn);
}

static bool put_answers(struct fx_store_ring *r,
                        struct xenstore_domain_interface *page)
{
    XENSTORE_RING_IDX cons = __atomic_load_n(&page->rsp_cons, __ATOMIC_ACQUIRE);
    XENSTORE_RING_IDX prod = page->rsp_prod;
    size_t n = 0;

    if (prod - cons > XENSTORE_RING_SIZE) {
        r->dead = true;
        return false;
    }
    while (n < r->queued && prod - cons < XENSTORE_RING_SIZE)
        page->rsp[MASK_XENSTORE_IDX(prod++)] = r->queue[n++];
    __atomic_store_n(&page->rsp_prod, prod, __ATOMIC_RELEASE);
    r->queued -= n;
    memmove(r->queue, r->queue + n, r->queued);
    return n;
}

void fx_store_ring_serve(struct fx_store_ring *r)
{
    struct xenstore_domain_interface *page = page_of(r);
    struct fx_domain *d = fx_domain(r->host, r->domid);
    enum fx_store_taken taken = FX_STORE_WHOLE;
    bool moved = false;

    if (!page || !d || r->dead || fx_store_sync(r->store))
        return;
    while (r->queued < MAX_QUEUE / 2) {
        taken = fx_store_take(&r->request, page);
        if (taken != FX_STORE_WHOLE)
            break;
        handle(r);
        r->request.got = 0;
        moved = true;
    }
    r->dead = taken == FX_STORE_BAD;
    if (r->queued)
        moved |= put_answers(r, page);
    if (moved)
        fx_event_set_pending(r->host, d, r->port);
}

struct fx_store *fx_store_ring_store(const struct fx_store_ring *ring)
{
    return ring->store;
}

int fx_store_ring_open(struct fx_host *host, uint16_t domid,
                       struct fx_store_ring **ring)
{
    struct fx_store_ring *r = calloc(1, sizeof(*r));
    int rc;

    if (!r)
        return -ENOMEM;
    r->host = host;
    r->domid = domid;
    r->mfn = FX_NO_MFN;
    snprintf(r->home, sizeof(r->home), "/local/domain/%u", domid);
    rc = fx_store_open(host, fire, r, &r->store);
    if (rc) {
        free(r);
        return rc;
    }
    *ring = r;
    return 0;
}

void fx_store_ring_close(struct fx_store_ring *r)
{
    if (!r)
        return;
    forget_all(r);
    fx_store_close(r->store);
    free(r->queue);
    free(r);
}
