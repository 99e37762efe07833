/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evtchn.c - libxenevtchn's symbols, all of them.
 *
 * A handle's descriptor is a pipe with the numbers of ports, as the kernel's
 * device gives them; one thread, which sleeps on the machine's word (wake.h),
 * feeds all handles of the process.  What was bound before a fork() is the
 * parent's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenevtchn.h>
#include <xen/event_channel.h>

#include "domain/control_ports.h"
#include "domain/event.h"
#include "domain/ports.h"
#include "hypercall/event_channel.h"
#include "machine/file.h"
#include "machine/lock.h"
#include "machine/wake.h"
#include "memory/mapping.h"
#include "preload/process_host.h"
#include "preload/process_memory.h"

#define UNRESTRICTED UINT32_MAX

struct xenevtchn_handle {
    struct xenevtchn_handle *next;
    struct fx_host *host;
    uint64_t id;         /* of this process's; control_ports.h */
    uint32_t restricted; /* to ports of that domain's */
    int pipe[2];
};

/* The process's; the mutex before the host's lock. */
static struct {
    pthread_mutex_t mutex;
    pthread_once_t once;
    bool has_thread;
    uint64_t last_id;
    struct xenevtchn_handle *handles;
} process = {.mutex = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void enter(struct fx_host *host)
{
    pthread_mutex_lock(&process.mutex);
    fx_lock(host);
}

static void leave(struct fx_host *host)
{
    int saved = errno;

    fx_unlock(host);
    pthread_mutex_unlock(&process.mutex);
    errno = saved;
}

static void before_fork(void)
{
    pthread_mutex_lock(&process.mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&process.mutex);
}

/* The handles are there to be closed, but nothing comes for them here. */
static void in_child(void)
{
    process.has_thread = false;
    after_fork();
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, in_child);
}

/* Tells the handles of all ports that are pending. A full pipe has more than
 * there are ports. */
static void feed(struct fx_host *host)
{
    struct xenevtchn_handle *h;
    evtchn_port_t port;
    uint64_t id;

    while ((port = fx_control_port_tell(host, &id))) {
        for (h = process.handles; h && h->id != id; h = h->next)
            ;
        if (h)
            (void)!write(h->pipe[1], &port, sizeof(port));
    }
}

static void *feed_thread(void *arg)
{
    struct fx_host *host = arg;
    uint32_t seen;

    while (!fx_file_is_gone(host)) {
        seen = fx_wake_count(host);
        enter(host);
        if (!host->unrepaired)
            feed(host);
        leave(host);
        fx_wake_wait(host, seen);
    }
    return NULL;
}

/* With the mutex held. */
static int start_thread(struct fx_host *host)
{
    pthread_t thread;
    sigset_t all, old;
    int r;

    if (process.has_thread)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    r = pthread_create(&thread, NULL, feed_thread, host);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r)
        return -r;
    pthread_detach(thread);
    process.has_thread = true;
    return 0;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    struct fx_host *host = fx_process_host();
    xenevtchn_handle *xce;

    (void)logger;
    if (flags & ~(unsigned int)XENEVTCHN_NO_CLOEXEC) {
        errno = EINVAL;
        return NULL;
    }
    if (!host)
        return NULL;
    pthread_once(&process.once, watch_forks);
    xce = calloc(1, sizeof(*xce));
    if (!xce)
        return NULL;
    xce->host = host;
    xce->restricted = UNRESTRICTED;
    if (pipe2(xce->pipe, flags & XENEVTCHN_NO_CLOEXEC ? 0 : O_CLOEXEC)) {
        free(xce);
        return NULL;
    }
    /* Who unmasks what he has not read may fill it, and nobody waits for him.
     */
    (void)fcntl(xce->pipe[1], F_SETFL, O_NONBLOCK);
    pthread_mutex_lock(&process.mutex);
    xce->id = ++process.last_id;
    xce->next = process.handles;
    process.handles = xce;
    pthread_mutex_unlock(&process.mutex);
    return xce;
}

/* There is no device that a descriptor could be of. */
xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
                                   unsigned int open_flags)
{
    (void)logger;
    (void)fd;
    errno = open_flags ? EINVAL : EOPNOTSUPP;
    return NULL;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    xenevtchn_handle **at;

    if (!xce)
        return 0;
    enter(xce->host);
    if (!xce->host->unrepaired)
        fx_control_ports_close(xce->host, xce->id);
    for (at = &process.handles; *at != xce; at = &(*at)->next)
        ;
    *at = xce->next;
    leave(xce->host);
    close(xce->pipe[0]);
    close(xce->pipe[1]);
    free(xce);
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return xce->pipe[0];
}

/* One of the handle's own ports; what the driver says of others. */
static long on_port(xenevtchn_handle *xce, int command, evtchn_port_t port)
{
    const struct fx_caller caller = fx_process_caller(xce->host);
    const uint64_t arg[5] = {(uint64_t)command, (uintptr_t)&port};

    if (xce->host->unrepaired)
        return -ENOMEM;
    if (!fx_control_port_is(xce->host, port, xce->id))
        return -ENOTCONN;
    return fx_event_channel_op(&caller, arg);
}

static int answer(long rc)
{
    if (rc >= 0)
        return (int)rc;
    errno = (int)-rc;
    return -1;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    long rc;

    enter(xce->host);
    rc = on_port(xce, EVTCHNOP_send, port);
    leave(xce->host);
    return answer(rc);
}

/* The driver takes any number that is written to it. */
int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    long rc;

    enter(xce->host);
    rc = on_port(xce, EVTCHNOP_unmask, port);
    leave(xce->host);
    return answer(rc == -ENOTCONN ? 0 : rc);
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    long rc;

    enter(xce->host);
    rc = on_port(xce, EVTCHNOP_close, port);
    leave(xce->host);
    return answer(rc);
}

/*
 * A new port, by an operation whose structure has it at `port`.  It is nobody
 * else's when it comes to be, as the lock is held throughout.
 */
static long bind_port(xenevtchn_handle *xce, int command, void *argument,
                      const evtchn_port_t *port)
{
    const struct fx_caller caller = fx_process_caller(xce->host);
    const uint64_t arg[5] = {(uint64_t)command, (uintptr_t)argument};
    long rc = -ENOMEM;

    enter(xce->host);
    if (!xce->host->unrepaired)
        rc = start_thread(xce->host);
    if (rc)
        goto out;
    fx_mapping_reap(xce->host); /* which may tell by ports that go next */
    fx_control_ports_reap(xce->host);
    rc = fx_event_channel_op(&caller, arg);
    if (rc)
        goto out;
    rc = fx_control_port_claim(xce->host, *port, xce->id);
    if (rc)
        (void)fx_close_port(xce->host, caller.domain, *port);
    else
        fx_wake(xce->host); /* it may be pending: the thread has to look */
out:
    leave(xce->host);
    return rc ? rc : (long)*port;
}

static bool permits(const xenevtchn_handle *xce, uint32_t domid)
{
    return xce->restricted == UNRESTRICTED || xce->restricted == domid;
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce,
                                                      uint32_t domid)
{
    evtchn_alloc_unbound_t asked = {.dom = DOMID_SELF,
                                    .remote_dom = (domid_t)domid};

    return answer(permits(xce, domid) ? bind_port(xce, EVTCHNOP_alloc_unbound,
                                                  &asked, &asked.port)
                                      : -EACCES);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
                                                     uint32_t domid,
                                                     evtchn_port_t remote_port)
{
    evtchn_bind_interdomain_t asked = {.remote_dom = (domid_t)domid,
                                       .remote_port = remote_port};

    return answer(permits(xce, domid)
                      ? bind_port(xce, EVTCHNOP_bind_interdomain, &asked,
                                  &asked.local_port)
                      : -EACCES);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
                                              unsigned int virq)
{
    evtchn_bind_virq_t asked = {.virq = virq};

    return answer(xce->restricted == UNRESTRICTED
                      ? bind_port(xce, EVTCHNOP_bind_virq, &asked, &asked.port)
                      : -EACCES);
}

/* As the library does it: a program may have made the descriptor non-blocking,
 * and a signal ends the wait. */
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    evtchn_port_t port;

    if (read(xce->pipe[0], &port, sizeof(port)) != sizeof(port))
        return -1;
    return (int)port;
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
    if (xce->restricted != UNRESTRICTED)
        return answer(-EACCES);
    if (!domid || domid >= DOMID_FIRST_RESERVED)
        return answer(-EINVAL);
    xce->restricted = domid;
    return 0;
}
