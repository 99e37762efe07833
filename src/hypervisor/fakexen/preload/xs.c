/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxenstore's calls, answered from the store in the host's file.
 *
 * Locks: the process's own mutex, then the host's.  Watches of other processes'
 * changes are kept by one thread, which sleeps on the store's count of changes;
 * it exists once something is watched.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "machine/wake.h"
#include "store/store.h"
#include "preload/trace.h"

struct watch {
    struct watch *next;
    char *path, *token;
    size_t hidden; /* bytes of the path that a relative watch does not show */
};

struct event {
    struct event *next;
    char **vector; /* path and token, in one allocation: the caller's */
};

struct transaction {
    struct transaction *next;
    xs_transaction_t id;
    struct fx_txn *txn;
};

struct xs_handle {
    struct xs_handle *next;
    struct watch *watches;
    struct event *events;
    struct transaction *transactions;
    xs_transaction_t last_id;
    int pipe[2]; /* holds a byte while there are events; -1: nobody asked */
    bool filter; /* XS_UNWATCH_FILTER */
};

/* The process's: one store, all handles. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t fired;
    struct fx_host *host;
    struct fx_store *store;
    struct xs_handle *handles;
    bool has_thread, has_handlers;
    unsigned int console_of; /* a domain whose console changed; 0: none */
    uint32_t states[FX_MAX_DOMAINS]; /* as last seen: domain_state() */
} process = {.mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
             .fired = PTHREAD_COND_INITIALIZER};

static bool done(int rc)
{
    if (rc)
        errno = -rc;
    return !rc;
}

static void enter(void)
{
    pthread_mutex_lock(&process.mutex);
    fx_lock(process.host);
}

/*
 * What xenconsoled does, and libxl waits for: it names the terminal of a new
 * domain's console.  No guest runs here, so that nothing ever comes of it.
 */
static void name_console(unsigned int domid)
{
    static const char tty[] = "/dev/null";
    char port[64], name[64];
    size_t len = 0;
    void *value;

    snprintf(port, sizeof(port), "/local/domain/%u/console/port", domid);
    snprintf(name, sizeof(name), "/local/domain/%u/console/tty", domid);
    if (!fx_domain(process.host, domid) ||
        fx_store_read(process.store, NULL, port, &value, &len))
        return;
    free(value);
    len = 0;
    if (!fx_store_read(process.store, NULL, name, &value, &len))
        free(value);
    if (!len) /* a full store shows in what the caller does himself */
        (void)!fx_store_write(process.store, NULL, name, tty, strlen(tty));
}

static void leave(void)
{
    unsigned int domid = process.console_of;
    int saved = errno;

    if (domid)
        name_console(domid);
    process.console_of = 0;
    fx_unlock(process.host);
    pthread_mutex_unlock(&process.mutex);
    errno = saved;
}

/* -- requests: what is traced, and may have to fail -- */

struct request {
    struct fx_trace_request about; /* with the name, at least */
    struct fx_call call;
    struct fx_txn *txn; /* of the transaction in `about` */
    int rc;
};

/* 0 is none; -ENOENT for one that is not open. */
static int find_transaction(struct xs_handle *h, xs_transaction_t id,
                            struct fx_txn **txn)
{
    struct transaction *t = h->transactions;

    *txn = NULL;
    if (id == XBT_NULL)
        return 0;
    while (t && t->id != id)
        t = t->next;
    if (!t)
        return -ENOENT;
    *txn = t->txn;
    return 0;
}

/* Takes the locks.  False: the request is not to be answered, as `rc` says. */
static bool begin(struct request *rq, struct xs_handle *h)
{
    rq->rc = fx_trace_begin(&rq->call);
    enter();
    if (!rq->rc && rq->about.transaction)
        rq->rc = find_transaction(h, *rq->about.transaction, &rq->txn);
    return !rq->rc;
}

/* Gives the locks back, and tells what came of it. */
static bool end(const struct request *rq)
{
    leave();
    fx_trace_store(&rq->call, &rq->about, rq->rc);
    return done(rq->rc);
}

/* -- watches -- */

static char **make_vector(const char *path, const char *token)
{
    size_t path_bytes = strlen(path) + 1, token_bytes = strlen(token) + 1;
    char **vector = malloc(2 * sizeof(*vector) + path_bytes + token_bytes);

    if (!vector)
        return NULL;
    vector[XS_WATCH_PATH] = (char *)(vector + 2);
    vector[XS_WATCH_TOKEN] = vector[XS_WATCH_PATH] + path_bytes;
    memcpy(vector[XS_WATCH_PATH], path, path_bytes);
    memcpy(vector[XS_WATCH_TOKEN], token, token_bytes);
    return vector;
}

static void pipe_fill(const struct xs_handle *h)
{
    if (h->pipe[1] >= 0)
        (void)!write(h->pipe[1], "", 1);
}

static void pipe_drain(const struct xs_handle *h)
{
    char c;

    if (h->pipe[0] >= 0)
        (void)!read(h->pipe[0], &c, 1);
}

/* Queues an event; one that is the same as a pending one is lost, and so is one
 * without memory for it: xenstored can do no better either. */
static void queue(struct xs_handle *h, const struct watch *watch,
                  const char *path)
{
    struct event *event, **last = &h->events;
    const char *shown = *path == '@' ? path : path + watch->hidden;

    for (; *last; last = &(*last)->next)
        if (*path != '@' && !strcmp((*last)->vector[XS_WATCH_PATH], shown) &&
            !strcmp((*last)->vector[XS_WATCH_TOKEN], watch->token))
            return;
    event = calloc(1, sizeof(*event));
    if (!event)
        return;
    event->vector = make_vector(shown, watch->token);
    if (!event->vector) {
        free(event);
        return;
    }
    if (!h->events)
        pipe_fill(h);
    *last = event;
    pthread_cond_broadcast(&process.fired);
}

static bool watches(const struct watch *watch, const char *path, bool exact)
{
    if (exact)
        return !strcmp(watch->path, path);
    return !strcmp(watch->path, "/") ? *path == '/'
                                     : xs_path_is_subpath(watch->path, path);
}

static void fire(void *arg, const char *path, bool exact)
{
    struct xs_handle *h;
    struct watch *watch;
    unsigned int domid;
    int end = 0;

    (void)arg;
    if (sscanf(path, "/local/domain/%u/console/port%n", &domid, &end) == 1 &&
        end && !path[end])
        process.console_of = domid;
    for (h = process.handles; h; h = h->next)
        for (watch = h->watches; watch; watch = watch->next)
            if (watches(watch, path, exact))
                queue(h, watch, path);
}

/* Of which a change is told; 0: there is no domain. */
static uint32_t domain_state(const struct fx_domain *domain)
{
    if (!domain->exists)
        return 0;
    return 1u | domain->dying * 2u | domain->shutdown * 4u | domain->id * 8u;
}

/* As xenstored does on VIRQ_DOM_EXC. */
static void look_at_domains(void)
{
    const struct fx_domain *domain = process.host->super->domain;
    bool changed = false;
    uint32_t state;
    size_t i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        state = domain_state(&domain[i]);
        changed |= process.states[i] && process.states[i] != state;
        process.states[i] = state;
    }
    if (changed)
        fire(NULL, "@releaseDomain", true);
}

/* What others did. */
static int catch_up(void)
{
    look_at_domains();
    return fx_store_sync(process.store);
}

static void *watch_thread(void *arg)
{
    struct fx_host *host = arg;
    uint32_t seen;

    for (;;) {
        enter();
        seen = fx_wake_count(host);
        /* An error shows to the next caller who asks for something. */
        (void)!catch_up();
        leave();
        fx_wake_wait(host, seen);
    }
    return NULL;
}

/* With the process's mutex held. */
static int start_thread(void)
{
    pthread_t thread;
    sigset_t all, old;
    int r;

    if (process.has_thread)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    r = pthread_create(&thread, NULL, watch_thread, process.host);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r)
        return -r;
    pthread_detach(thread);
    process.has_thread = true;
    return 0;
}

static void before_fork(void)
{
    pthread_mutex_lock(&process.mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&process.mutex);
}

static void in_child(void)
{
    process.mutex = (pthread_mutex_t)PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    pthread_cond_init(&process.fired, NULL);
    process.has_thread = false;
}

/* The thread must not be stopped by exit() while it holds the host's lock.
 * Who exits may still close his handles: the mutex is recursive. */
static void at_exit(void)
{
    struct timespec limit;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec++;
    (void)!pthread_mutex_timedlock(&process.mutex, &limit);
}

static struct watch **find_watch(struct xs_handle *h, const char *path,
                                 const char *token)
{
    struct watch **at = &h->watches;

    while (*at && (strcmp((*at)->path, path) || strcmp((*at)->token, token)))
        at = &(*at)->next;
    return at;
}

static void watch_free(struct watch *watch)
{
    free(watch->path);
    free(watch->token);
    free(watch);
}

static int watch_make(const char *path, const char *token,
                      struct watch **result)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    int rc = -ENOMEM;

    if (!watch)
        return rc;
    watch->path = fx_store_canonical(path);
    watch->token = strdup(token);
    if (!watch->path || !watch->token)
        goto fail;
    rc = -EINVAL;
    if (*path == '@' ? strlen(path) > XENSTORE_REL_PATH_MAX
                     : !fx_store_valid_path(watch->path))
        goto fail;
    /* "/local/domain/0/" before a relative path */
    watch->hidden = strlen(watch->path) - strlen(path);
    *result = watch;
    return 0;

fail:
    watch_free(watch);
    return rc;
}

static int add_watch(struct xs_handle *h, const char *path, const char *token)
{
    struct watch *watch, **at;
    int rc = watch_make(path, token, &watch);

    if (rc)
        return rc;
    at = find_watch(h, watch->path, token);
    rc = *at ? -EEXIST : start_thread();
    if (!rc)
        rc = catch_up(); /* from here on */
    if (rc) {
        watch_free(watch);
        return rc;
    }
    *at = watch;
    queue(h, watch, watch->path);
    return 0;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    struct request rq = {.about = {.name = "xs_watch", .path = path}};

    if (begin(&rq, h))
        rq.rc = add_watch(h, path, token);
    return end(&rq);
}

/* Drops the pending events of a watch that is gone. */
static void filter_events(struct xs_handle *h, const char *path,
                          const char *token)
{
    struct event **at = &h->events, *event;
    bool had = h->events;

    while ((event = *at)) {
        if (strcmp(event->vector[XS_WATCH_TOKEN], token) ||
            !xs_path_is_subpath(path, event->vector[XS_WATCH_PATH])) {
            at = &event->next;
            continue;
        }
        *at = event->next;
        free(event->vector);
        free(event);
    }
    if (had && !h->events)
        pipe_drain(h);
}

static int remove_watch(struct xs_handle *h, const char *path,
                        const char *token)
{
    char *full = fx_store_canonical(path);
    struct watch **at, *watch;

    if (!full)
        return -ENOMEM;
    at = find_watch(h, full, token);
    watch = *at;
    free(full);
    if (watch) {
        *at = watch->next;
        watch_free(watch);
    }
    if (h->filter)
        filter_events(h, path, token);
    return watch ? 0 : -ENOENT;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    struct request rq = {.about = {.name = "xs_unwatch", .path = path}};

    if (begin(&rq, h))
        rq.rc = remove_watch(h, path, token);
    return end(&rq);
}

int xs_fileno(struct xs_handle *h)
{
    int fd;

    enter();
    if (h->pipe[0] < 0 && !pipe2(h->pipe, O_CLOEXEC | O_NONBLOCK) && h->events)
        pipe_fill(h);
    fd = h->pipe[0];
    leave();
    return fd;
}

/* The first event's vector; NULL: there is none. */
static char **take_event(struct xs_handle *h)
{
    struct event *event = h->events;
    char **vector;

    if (!event)
        return NULL;
    vector = event->vector;
    h->events = event->next;
    free(event);
    if (!h->events)
        pipe_drain(h);
    return vector;
}

char **xs_check_watch(struct xs_handle *h)
{
    char **vector;
    int rc;

    enter();
    rc = catch_up();
    vector = take_event(h);
    leave();
    if (!vector)
        errno = rc ? -rc : EAGAIN;
    return vector;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
    char **vector;

    pthread_mutex_lock(&process.mutex);
    while (!(vector = take_event(h)))
        pthread_cond_wait(&process.fired, &process.mutex);
    pthread_mutex_unlock(&process.mutex);
    *num = 2;
    return vector;
}

/* -- handles -- */

/* With the process's mutex held: the store, on first use. */
static int process_open(void)
{
    int rc;

    if (process.store)
        return 0;
    process.host = fx_process_host();
    if (!process.host)
        return -errno;
    fx_lock(process.host);
    rc = fx_store_open(process.host, fire, NULL, &process.store);
    fx_unlock(process.host);
    if (rc == -EIO)
        fprintf(stderr, "fakexen: the host file's xenstore is damaged\n");
    if (rc || process.has_handlers)
        return rc;
    pthread_atfork(before_fork, after_fork, in_child);
    atexit(at_exit);
    process.has_handlers = true;
    return 0;
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct request rq = {.about = {.name = "xs_open"}};
    struct xs_handle *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->pipe[0] = h->pipe[1] = -1;
    h->filter = flags & XS_UNWATCH_FILTER;
    rq.rc = fx_trace_begin(&rq.call);
    pthread_mutex_lock(&process.mutex);
    if (!rq.rc)
        rq.rc = process_open();
    if (!rq.rc) {
        h->next = process.handles;
        process.handles = h;
    }
    pthread_mutex_unlock(&process.mutex);
    fx_trace_store(&rq.call, &rq.about, rq.rc);
    if (done(rq.rc))
        return h;
    free(h);
    return NULL;
}

struct xs_handle *xs_daemon_open(void)
{
    return xs_open(0);
}

struct xs_handle *xs_domain_open(void)
{
    return xs_open(0);
}

struct xs_handle *xs_daemon_open_readonly(void)
{
    return xs_open(0);
}

static void free_transactions(struct xs_handle *h)
{
    struct transaction *t;

    while ((t = h->transactions)) {
        h->transactions = t->next;
        (void)!fx_store_end(process.store, t->txn, true);
        free(t);
    }
}

void xs_close(struct xs_handle *h)
{
    struct xs_handle **at = &process.handles;
    struct watch *watch;

    if (!h)
        return;
    enter();
    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
    free_transactions(h);
    while ((watch = h->watches)) {
        h->watches = watch->next;
        watch_free(watch);
    }
    if (h->pipe[0] >= 0) {
        close(h->pipe[0]);
        close(h->pipe[1]);
        h->pipe[0] = h->pipe[1] = -1;
    }
    while (h->events)
        free(take_event(h));
    leave();
    free(h);
}

void xs_daemon_close(struct xs_handle *h)
{
    xs_close(h);
}

void xs_daemon_destroy_postfork(struct xs_handle *h)
{
    xs_close(h);
}

bool xs_restrict(struct xs_handle *h, unsigned int domid)
{
    (void)h;
    (void)domid;
    return false; /* as libxenstore since Xen 4.9 */
}

/* -- transactions -- */

static int start_transaction(struct xs_handle *h, xs_transaction_t *id)
{
    struct transaction *t = calloc(1, sizeof(*t));
    struct fx_txn *other;
    int rc;

    if (!t)
        return -ENOMEM;
    rc = fx_store_begin(process.store, &t->txn);
    if (rc) {
        free(t);
        return rc;
    }
    do
        t->id = ++h->last_id;
    while (!t->id || !find_transaction(h, t->id, &other));
    *id = t->id;
    t->next = h->transactions;
    h->transactions = t;
    return 0;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    xs_transaction_t id = XBT_NULL;
    struct request rq = {
        .about = {.name = "xs_transaction_start", .transaction = &id}};

    if (begin(&rq, h))
        rq.rc = start_transaction(h, &id);
    return end(&rq) ? id : XBT_NULL;
}

static int end_transaction(struct xs_handle *h, xs_transaction_t id, bool abort)
{
    struct transaction **at = &h->transactions, *t;
    int rc;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    t = *at;
    if (!t)
        return -ENOENT;
    *at = t->next;
    rc = fx_store_end(process.store, t->txn, abort);
    free(t);
    return rc;
}

/* There is no transaction any more, even if its end fails. */
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t id, bool abort)
{
    struct request rq = {
        .about = {.name = "xs_transaction_end", .transaction = &id}};

    if (begin(&rq, h))
        rq.rc = end_transaction(h, id, abort);
    else
        (void)!end_transaction(h, id, true);
    return end(&rq);
}

/* -- nodes -- */

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    void *data = NULL;
    size_t bytes = 0;
    struct request rq = {.about = {.name = "xs_read",
                                   .path = path,
                                   .transaction = &t,
                                   .bytes = &bytes}};

    if (begin(&rq, h))
        rq.rc = fx_store_read(process.store, rq.txn, path, &data, &bytes);
    if (len)
        *len = (unsigned int)bytes;
    return end(&rq) ? data : NULL;
}

/* The names as callers get them: an array of pointers, and what they point to
 * behind it. */
static char **make_directory(const char *names, size_t bytes, unsigned int *num)
{
    size_t i, nr = 0;
    char **vector, *name;

    for (i = 0; i < bytes; i++)
        nr += !names[i];
    vector = malloc(nr * sizeof(*vector) + bytes + 1);
    if (!vector)
        return NULL;
    name = memcpy(vector + nr, names, bytes);
    for (i = 0; i < nr; i++, name += strlen(name) + 1)
        vector[i] = name;
    *num = (unsigned int)nr;
    return vector;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    char *names = NULL, **vector = NULL;
    size_t bytes = 0;
    struct request rq = {.about = {.name = "xs_directory",
                                   .path = path,
                                   .transaction = &t,
                                   .bytes = &bytes}};

    if (begin(&rq, h))
        rq.rc = fx_store_directory(process.store, rq.txn, path, &names, &bytes);
    if (end(&rq))
        vector = make_directory(names, bytes, num);
    free(names);
    return vector;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    size_t bytes = len;
    struct request rq = {.about = {.name = "xs_write",
                                   .path = path,
                                   .transaction = &t,
                                   .bytes = &bytes}};

    if (begin(&rq, h))
        rq.rc = fx_store_write(process.store, rq.txn, path, data, len);
    return end(&rq);
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct request rq = {
        .about = {.name = "xs_mkdir", .path = path, .transaction = &t}};

    if (begin(&rq, h))
        rq.rc = fx_store_mkdir(process.store, rq.txn, path);
    return end(&rq);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct request rq = {
        .about = {.name = "xs_rm", .path = path, .transaction = &t}};

    if (begin(&rq, h))
        rq.rc = fx_store_rm(process.store, rq.txn, path);
    return end(&rq);
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h,
                                          xs_transaction_t t, const char *path,
                                          unsigned int *num)
{
    struct xs_permissions *perms = NULL;
    struct request rq = {.about = {.name = "xs_get_permissions",
                                   .path = path,
                                   .transaction = &t}};

    if (begin(&rq, h))
        rq.rc = fx_store_get_perms(process.store, rq.txn, path, &perms, num);
    return end(&rq) ? perms : NULL;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    struct request rq = {.about = {.name = "xs_set_permissions",
                                   .path = path,
                                   .transaction = &t}};

    if (begin(&rq, h))
        rq.rc =
            fx_store_set_perms(process.store, rq.txn, path, perms, num_perms);
    return end(&rq);
}

/* -- domains -- */

/* xenstored maps the domain's ring, which takes a domain. */
bool xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                         unsigned long mfn, unsigned int eventchn)
{
    struct request rq = {
        .about = {.name = "xs_introduce_domain", .domid = &domid}};

    (void)mfn;
    if (begin(&rq, h))
        rq.rc = (int)eventchn <= 0 || !fx_domain(process.host, domid)
                    ? -EINVAL
                    : fx_store_introduce(process.store, domid);
    return end(&rq);
}

static bool introduced(unsigned int domid)
{
    return domid == 0 || domid == DOMID_SELF ||
           (fx_domain(process.host, domid) &&
            fx_store_is_introduced(process.store, domid));
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    struct request rq = {
        .about = {.name = "xs_is_domain_introduced", .domid = &domid}};
    bool is = begin(&rq, h) && introduced(domid);

    return end(&rq) && is;
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    struct request rq = {
        .about = {.name = "xs_release_domain", .domid = &domid}};

    if (begin(&rq, h))
        rq.rc = domid ? fx_store_release(process.store, domid) : -EINVAL;
    return end(&rq);
}

/* There are no rings to be resumed, and no device models to have targets. */
bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    struct request rq = {
        .about = {.name = "xs_resume_domain", .domid = &domid}};

    if (begin(&rq, h))
        rq.rc = !domid ? -EINVAL : introduced(domid) ? 0 : -ENOENT;
    return end(&rq);
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
    struct request rq = {.about = {.name = "xs_set_target", .domid = &domid}};

    if (begin(&rq, h))
        rq.rc = introduced(domid) && introduced(target) ? 0 : -ENOENT;
    return end(&rq);
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    struct request rq = {
        .about = {.name = "xs_get_domain_path", .domid = &domid}};
    char *path = NULL;

    if (begin(&rq, h) && asprintf(&path, "/local/domain/%u", domid) < 0)
        rq.rc = -ENOMEM;
    return end(&rq) ? path : NULL;
}

int xs_suspend_evtchn_port(int domid)
{
    struct xs_handle *h = xs_open(0);
    char path[80], *value;
    unsigned int len;
    int port = -1;

    if (!h)
        return -1;
    snprintf(path, sizeof(path),
             "/local/domain/%d/device/suspend/event-channel", domid);
    value = xs_read(h, XBT_NULL, path, &len);
    if (value && len)
        port = atoi(value);
    free(value);
    xs_close(h);
    return port;
}

/* xenstored's own controls: there is no daemon to be controlled. */
char *xs_control_command(struct xs_handle *h, const char *cmd, void *data,
                         unsigned int len)
{
    struct request rq = {.about = {.name = "xs_control_command"}};

    (void)cmd;
    (void)data;
    (void)len;
    if (begin(&rq, h))
        rq.rc = -ENOSYS;
    (void)end(&rq);
    return NULL;
}

char *xs_debug_command(struct xs_handle *h, const char *cmd, void *data,
                       unsigned int len)
{
    return xs_control_command(h, cmd, data, len);
}

/* -- helpers that need no store -- */

bool xs_path_is_subpath(const char *parent, const char *child)
{
    size_t len = strlen(parent);

    return !strncmp(child, parent, len) && (!child[len] || child[len] == '/');
}

const char *xs_daemon_rundir(void)
{
    const char *dir = getenv("XENSTORED_RUNDIR");

    return dir ? dir : "/run/xenstored";
}

const char *xs_daemon_socket(void)
{
    const char *path = getenv("XENSTORED_PATH");

    return path ? path : "/run/xenstored/socket";
}

const char *xs_daemon_socket_ro(void)
{
    return xs_daemon_socket();
}

bool xs_write_all(int fd, const void *data, unsigned int len)
{
    const char *at = data;
    ssize_t n;

    while (len) {
        n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (unsigned int)n;
    }
    return true;
}

/* "r5": the domain 5 may read. */
bool xs_strings_to_perms(struct xs_permissions *perms, unsigned int num,
                         const char *strings)
{
    static const char letters[] = "nrwb"; /* by XS_PERM_READ, XS_PERM_WRITE */
    const char *letter;
    char *end;
    unsigned int i;

    for (i = 0; i < num; i++) {
        letter = *strings ? strchr(letters, *strings) : NULL;
        perms[i].id = (unsigned int)strtol(strings + !!letter, &end, 0);
        if (!letter || end == strings + 1 || *end)
            return done(-EINVAL);
        perms[i].perms = (unsigned int)(letter - letters);
        strings = end + 1;
    }
    return true;
}
