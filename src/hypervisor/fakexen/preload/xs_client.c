/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxenstore's handles, and its helpers that need none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "machine/lock.h"
#include "preload/process_host.h"
#include "preload/xs_request.h"
#include "preload/xs_transactions.h"
#include "preload/xs_watches.h"

static void before_fork(void)
{
    pthread_mutex_lock(&fx_client()->mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&fx_client()->mutex);
}

static void in_child(void)
{
    fx_client()->mutex =
        (pthread_mutex_t)PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    fx_watches_after_fork();
}

/* The thread must not be stopped by exit() while it holds the host's lock.
 * Who exits may still close his handles: the mutex is recursive. */
static void at_exit(void)
{
    struct timespec limit;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec++;
    (void)!pthread_mutex_timedlock(&fx_client()->mutex, &limit);
}

/* -- handles -- */

/* With the process's mutex held: the store, on first use. */
static int open_store(struct fx_client *client)
{
    int rc;

    if (client->store)
        return 0;
    client->host = fx_process_host();
    if (!client->host)
        return -errno;
    fx_lock(client->host);
    rc = fx_store_open(client->host, fx_watches_fire, NULL, &client->store);
    fx_unlock(client->host);
    if (rc == -EIO)
        fprintf(stderr, "fakexen: the host file's xenstore is damaged\n");
    if (rc)
        return rc;
    pthread_atfork(before_fork, after_fork, in_child);
    atexit(at_exit);
    return 0;
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct fx_request rq = {.about = {.name = "xs_open"}};
    struct xs_handle *h = calloc(1, sizeof(*h));
    struct fx_client *client = fx_client();

    if (!h)
        return NULL;
    h->pipe[0] = h->pipe[1] = -1;
    h->filter = flags & XS_UNWATCH_FILTER;
    rq.rc = fx_trace_begin(&rq.call);
    pthread_mutex_lock(&client->mutex);
    if (!rq.rc)
        rq.rc = open_store(client);
    if (!rq.rc) {
        h->next = client->handles;
        client->handles = h;
    }
    pthread_mutex_unlock(&client->mutex);
    fx_trace_store(&rq.call, &rq.about, rq.rc);
    if (fx_client_done(rq.rc))
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

void xs_close(struct xs_handle *h)
{
    struct xs_handle **at = &fx_client()->handles;

    if (!h)
        return;
    fx_client_enter();
    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
    fx_transactions_free(h);
    fx_watches_free(h);
    fx_client_leave();
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
            return fx_client_done(-EINVAL);
        perms[i].perms = (unsigned int)(letter - letters);
        strings = end + 1;
    }
    return true;
}
