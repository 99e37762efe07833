/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches of other processes' changes are kept by one thread, which sleeps on
 * the store's count of changes; it exists once something is watched.
 */
#include "preload/xs_watches.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/file.h"
#include "machine/wake.h"
#include "preload/xs_console.h"
#include "preload/xs_request.h"
#include "preload/xs_unserved.h"
#include "store/store_domains.h"
#include "store/store_path.h"

struct fx_watch {
    struct fx_watch *next;
    char *path, *token;
    size_t hidden; /* bytes of the path that a relative watch does not show */
};

struct fx_watch_event {
    struct fx_watch_event *next;
    char **vector; /* path and token, in one allocation: the caller's */
};

/* The process's. */
static struct {
    pthread_cond_t fired;
    bool has_thread;
    bool is_over; /* the machine's file is gone: nothing will ever happen */
    uint32_t shut_down[FX_MAX_DOMAINS]; /* by slot, ID + 1 of one that was */
} process = {.fired = PTHREAD_COND_INITIALIZER};

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

    if (h->pipe[0] >= 0 && !process.is_over)
        (void)!read(h->pipe[0], &c, 1);
}

/* Queues an event; one that is the same as a pending one is lost, and so is one
 * without memory for it: xenstored can do no better either. */
static void queue(struct xs_handle *h, const struct fx_watch *watch,
                  const char *path)
{
    struct fx_watch_event *event, **last = &h->events;
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

static bool watches(const struct fx_watch *watch, const char *path, bool exact)
{
    if (exact)
        return !strcmp(watch->path, path);
    return !strcmp(watch->path, "/") ? *path == '/'
                                     : xs_path_is_subpath(watch->path, path);
}

void fx_watches_fire(void *arg, const char *path, bool exact)
{
    struct xs_handle *h;
    struct fx_watch *watch;

    (void)arg;
    fx_console_saw(path);
    for (h = fx_client()->handles; h; h = h->next)
        for (watch = h->watches; watch; watch = watch->next)
            if (watches(watch, path, exact))
                queue(h, watch, path);
}

/* Of those that were shut down since the last look; xenstored tells of that,
 * too, if they are connected. */
static void look_at_domains(struct fx_client *client)
{
    const struct fx_domain *domain = client->host->super->domain;
    bool fire = false;
    size_t i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        uint32_t seen = process.shut_down[i], now = 0;

        if (domain[i].exists && domain[i].shutdown && !domain[i].dying)
            now = domain[i].id + 1u;
        process.shut_down[i] = now;
        fire |= now && now != seen &&
                fx_store_is_introduced(client->store, domain[i].id);
    }
    if (fire)
        fx_watches_fire(NULL, "@releaseDomain", true);
}

/* What others did. */
static int catch_up(void)
{
    look_at_domains(fx_client());
    return fx_store_bury(fx_client()->store);
}

/* Whoever waits, and whoever will, is told. */
static void end_all_waiting(void)
{
    struct xs_handle *h;

    fprintf(stderr, "fakexen: the machine's file was removed\n");
    fx_client_enter();
    for (h = fx_client()->handles; h; h = h->next)
        if (!h->events)
            pipe_fill(h);
    process.is_over = true;
    pthread_cond_broadcast(&process.fired);
    fx_client_leave();
}

static void *watch_thread(void *arg)
{
    struct fx_host *host = arg;
    uint32_t seen;

    while (!fx_file_is_gone(host)) {
        fx_client_enter();
        seen = fx_wake_count(host);
        /* An error shows to the next caller who asks for something. */
        (void)!catch_up();
        fx_client_leave();
        fx_wake_wait(host, seen);
    }
    end_all_waiting();
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
    r = pthread_create(&thread, NULL, watch_thread, fx_client()->host);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r)
        return -r;
    pthread_detach(thread);
    process.has_thread = true;
    return 0;
}

static struct fx_watch **find_watch(struct xs_handle *h, const char *path,
                                    const char *token)
{
    struct fx_watch **at = &h->watches;

    while (*at && (strcmp((*at)->path, path) || strcmp((*at)->token, token)))
        at = &(*at)->next;
    return at;
}

static void watch_free(struct fx_watch *watch)
{
    free(watch->path);
    free(watch->token);
    free(watch);
}

static int watch_make(const char *path, const char *token,
                      struct fx_watch **result)
{
    struct fx_watch *watch = calloc(1, sizeof(*watch));
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
    struct fx_watch *watch, **at;
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
    struct fx_request rq = {.about = {.name = "xs_watch", .path = path}};

    if (fx_request_begin(&rq, h))
        rq.rc = add_watch(h, path, token);
    if (!fx_request_end(&rq))
        return false;
    fx_unserved_watch(path);
    return true;
}

/* Drops the pending events of a watch that is gone. */
static void filter_events(struct xs_handle *h, const char *path,
                          const char *token)
{
    struct fx_watch_event **at = &h->events, *event;
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
    struct fx_watch **at, *watch;

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
    struct fx_request rq = {.about = {.name = "xs_unwatch", .path = path}};

    if (fx_request_begin(&rq, h))
        rq.rc = remove_watch(h, path, token);
    return fx_request_end(&rq);
}

int xs_fileno(struct xs_handle *h)
{
    int fd;

    fx_client_enter();
    if (h->pipe[0] < 0 && !pipe2(h->pipe, O_CLOEXEC | O_NONBLOCK) &&
        (h->events || process.is_over))
        pipe_fill(h);
    fd = h->pipe[0];
    fx_client_leave();
    return fd;
}

/* The first event's vector; NULL: there is none. */
static char **take_event(struct xs_handle *h)
{
    struct fx_watch_event *event = h->events;
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

    fx_client_enter();
    rc = catch_up();
    vector = take_event(h);
    if (!rc)
        rc = process.is_over ? -EIO : -EAGAIN;
    fx_client_leave();
    if (!vector)
        errno = -rc;
    return vector;
}

static void unlock(void *mutex)
{
    pthread_mutex_unlock(mutex);
}

/* A thread that waits may be cancelled, as with libxenstore's. */
char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
    char **vector;
    int rc;

    pthread_mutex_lock(&fx_client()->mutex);
    pthread_cleanup_push(unlock, &fx_client()->mutex);
    rc = start_thread(); /* it is who ends this */
    while (!(vector = take_event(h)) && !rc && !process.is_over)
        pthread_cond_wait(&process.fired, &fx_client()->mutex);
    pthread_cleanup_pop(true);
    if (!vector)
        errno = rc ? -rc : EIO;
    *num = 2;
    return vector;
}

void fx_watches_free(struct xs_handle *h)
{
    struct fx_watch *watch;

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
}

void fx_watches_after_fork(void)
{
    struct xs_handle *h;

    pthread_cond_init(&process.fired, NULL);
    process.has_thread = false;
    /* The pipes are the parent's, which would hear of what is not for it. */
    for (h = fx_client()->handles; h; h = h->next)
        fx_watches_free(h);
}
