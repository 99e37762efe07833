/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console.c - the ring in the guest's memory (xen/io/console.h), and where its
 * text goes and comes from.
 */
#include "run/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <xen/io/console.h>

#include "domain/event.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/wake.h"

/* -- the ring -- */

/* A number below /local/domain/ID/console; false: there is none. */
static bool read_number(struct fx_console *c, const char *what, uint64_t *value)
{
    char path[64], *end;
    void *text;
    size_t len;

    snprintf(path, sizeof(path), "/local/domain/%u/console/%s", c->domid, what);
    if (fx_store_read(c->store, NULL, path, &text, &len))
        return false;
    *value = strtoull(text, &end, 10);
    end = len && !*end ? text : NULL;
    free(text);
    return end;
}

/* The page is the domain's, whatever xenstore says. */
static struct xencons_interface *ring_of(struct fx_console *c)
{
    const struct fx_domain *d = fx_domain(c->host, c->domid);
    const struct fx_frame *frame;
    uint64_t port;

    if (!d || d->dying)
        return NULL;
    if (c->mfn == FX_NO_MFN) {
        if (!read_number(c, "ring-ref", &c->mfn) ||
            !read_number(c, "port", &port)) {
            c->mfn = FX_NO_MFN;
            return NULL;
        }
        c->port = (uint32_t)port;
    }
    frame = fx_frame(c->host, c->mfn);
    if (!frame || !frame->refs || frame->owner != c->domid ||
        (FX_T_TYPE(frame->type) != FX_WRITABLE && FX_T_TYPE(frame->type)))
        return NULL;
    return fx_page(c->host, c->mfn);
}

static void tell_guest(struct fx_console *c)
{
    struct fx_domain *d = fx_domain(c->host, c->domid);

    if (d && c->port)
        fx_event_set_pending(c->host, d, c->port);
}

/* -- the terminal -- */

static void keep(struct fx_backlog *b, const char *text, size_t len)
{
    size_t drop;

    if (len > sizeof(b->text)) {
        text += len - sizeof(b->text);
        len = sizeof(b->text);
    }
    if (len > sizeof(b->text) - b->waiting) {
        drop = len - (sizeof(b->text) - b->waiting);
        memmove(b->text, b->text + drop, b->waiting - drop);
        b->waiting -= drop;
    }
    memcpy(b->text + b->waiting, text, len);
    b->waiting += len;
}

/* As much as fits: who reads it there comes later, or never, and nobody waits
 * for that with the lock. */
static void feed(struct fx_backlog *b, int fd)
{
    ssize_t n;

    while (fd >= 0 && b->waiting) {
        n = write(fd, b->text, b->waiting);
        if (n <= 0)
            return;
        b->waiting -= (size_t)n;
        memmove(b->text, b->text + n, b->waiting);
    }
}

/* A file takes what it has room for on the disk. */
static void put(int fd, const char *text, size_t len)
{
    ssize_t n;

    while (fd >= 0 && len) {
        n = write(fd, text, len);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

void fx_console_note(struct fx_console *c, const char *text, size_t len)
{
    if (c->output >= 0)
        keep(&c->to_output, text, len);
    feed(&c->to_output, c->output);
    put(c->log, text, len);
}

static void take(struct fx_console *c, struct xencons_interface *ring)
{
    XENCONS_RING_IDX cons = ring->out_cons;
    XENCONS_RING_IDX prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
    char text[sizeof(ring->out)];
    size_t n = 0;

    if (prod == cons)
        return;
    /* A guest that wrote nonsense loses it. */
    if (prod - cons > sizeof(ring->out))
        cons = prod - sizeof(ring->out);
    for (; cons != prod; cons++)
        text[n++] = ring->out[MASK_XENCONS_IDX(cons, ring->out)];
    __atomic_store_n(&ring->out_cons, cons, __ATOMIC_RELEASE);
    tell_guest(c);
    fx_console_note(c, text, n);
    if (c->master >= 0)
        keep(&c->to_terminal, text, n);
}

void fx_console_serve(struct fx_console *c)
{
    struct xencons_interface *ring = ring_of(c);

    if (ring)
        take(c, ring);
    feed(&c->to_terminal, c->master);
    feed(&c->to_output, c->output);
}

/* -- what is typed -- */

/* How much of it the ring takes. */
static size_t give(struct fx_console *c, const char *text, size_t len)
{
    struct xencons_interface *ring = ring_of(c);
    XENCONS_RING_IDX prod;
    size_t n = 0;

    if (!ring)
        return 0;
    prod = ring->in_prod;
    while (n < len && prod - ring->in_cons < sizeof(ring->in))
        ring->in[MASK_XENCONS_IDX(prod++, ring->in)] = text[n++];
    __atomic_store_n(&ring->in_prod, prod, __ATOMIC_RELEASE);
    if (n) {
        tell_guest(c);
        fx_wake(c->host);
    }
    return n;
}

/* A thread of its own waits at the terminal, and at the lock. */
static void *read_terminal(void *arg)
{
    struct fx_console *c = arg;
    char text[256];
    size_t done;
    ssize_t n;

    for (;;) {
        struct pollfd fd = {.fd = c->master, .events = POLLIN};

        poll(&fd, 1, -1);
        n = read(c->master, text, sizeof(text));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0)
            return NULL;
        for (done = 0; done < (size_t)n;) {
            /* Not to be cancelled with the lock. */
            pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
            fx_lock(c->host);
            if (!c->host->unrepaired)
                done += give(c, text + done, (size_t)n - done);
            fx_unlock(c->host);
            pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
            if (done < (size_t)n)
                usleep(10000);
        }
    }
}

static void start_reader(struct fx_console *c)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    c->reads = !pthread_create(&c->reader, NULL, read_terminal, c);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Its other end stays open here, or it would be hung up on when the first
 * reader goes. */
static void open_terminal(struct fx_console *c)
{
    struct termios raw;
    char name[64], path[64];

    c->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (c->master < 0)
        return;
    if (grantpt(c->master) || unlockpt(c->master) ||
        ptsname_r(c->master, name, sizeof(name)))
        goto fail;
    c->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (c->slave < 0 || tcgetattr(c->slave, &raw))
        goto fail;
    cfmakeraw(&raw);
    if (tcsetattr(c->slave, TCSANOW, &raw))
        goto fail;
    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", c->domid);
    if (!fx_store_write(c->store, NULL, path, name, strlen(name)))
        fx_wake(c->host);
    start_reader(c);
    return;

fail:
    close(c->master);
    c->master = -1;
}

void fx_console_open(struct fx_console *c, struct fx_host *host,
                     struct fx_store *store, uint16_t domid, int output,
                     int log)
{
    *c = (struct fx_console){
        .host = host,
        .store = store,
        .domid = domid,
        .mfn = FX_NO_MFN,
        .output = output,
        .log = log,
        .master = -1,
        .slave = -1,
    };
    if (store)
        open_terminal(c);
}

void fx_console_close(struct fx_console *c)
{
    if (c->reads) {
        pthread_cancel(c->reader);
        pthread_join(c->reader, NULL);
    }
    if (c->master >= 0)
        close(c->master);
    if (c->slave >= 0)
        close(c->slave);
    c->master = c->slave = -1;
    c->reads = false;
}
