/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.c - the host file: made by one of many, and opened by the others.
 *
 * Everybody who has the file open holds a shared flock() on it.  Who gets the
 * exclusive one is therefore alone, and may make the file, or renew the mutex
 * in it: that one is cleaned up by the kernel when a process dies, but not when
 * the machine goes down.
 */
#include "machine/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "machine/alloc.h"
#include "machine/file.h"
#include "machine/lock.h"
#include "machine/process.h"

/* A machine without a name is reached by a descriptor of some process's. */
const char *fx_host_name(const struct fx_options *options)
{
    const char *path = options->path;

    return path && (strncmp(path, "/proc/", 6) || !strstr(path, "/fd/"))
               ? path
               : "the command's machine";
}

static int explain(int rc, const char *path, const char *what, char *why,
                   size_t len)
{
    char reason[300];

    snprintf(reason, sizeof(reason), "%s", what);
    snprintf(why, len, "%s: %s", path, reason);
    return rc;
}

static int open_file(struct fx_host *host, const struct fx_options *options,
                     const char *path, char *why, size_t len)
{
    struct stat st;
    int rc = fx_file_open(host, options->path);

    if (!rc && fstat(host->fd, &st))
        rc = -errno;
    if (rc)
        return explain(rc, path, strerror(-rc), why, len);
    return S_ISREG(st.st_mode)
               ? 0
               : explain(-EINVAL, path, FX_NOT_A_HOST, why, len);
}

/*
 * Makes the host in an empty file, which nobody else uses.  Until it is whole
 * it carries another magic, so that one whose maker was killed is made anew and
 * not taken for damaged.
 */
static int make_file(struct fx_host *host, const struct fx_options *options,
                     const char *path, char *why, size_t len)
{
    struct fx_super *super = calloc(1, sizeof(*super));
    int rc;

    if (!super)
        return explain(-ENOMEM, path, strerror(ENOMEM), why, len);
    rc = fx_super_make(super, options, why, len);
    if (rc)
        goto out;
    if (ftruncate(host->fd, 0) ||
        pwrite(host->fd, FX_MAGIC_MAKING, FX_MAGIC_BYTES, 0) < 0 ||
        ftruncate(host->fd, (off_t)super->file_bytes)) {
        rc = explain(-errno, path, strerror(errno), why, len);
        goto out;
    }
    rc = fx_file_map(host, super);
    if (!rc)
        rc = fx_space_init(host, super);
    if (!rc)
        rc = fx_space_for_all(host, super);
    if (!rc)
        rc = fx_lock_init(host->super);
    if (rc) {
        explain(rc, path, strerror(-rc), why, len);
        /* It is still one that is not made; what it has of the disk goes. */
        if (ftruncate(host->fd, 0))
            rc = explain(-errno, path, strerror(errno), why, len);
        goto out;
    }
    memcpy((uint8_t *)host->super + FX_MAGIC_BYTES,
           (uint8_t *)super + FX_MAGIC_BYTES, FX_STATIC_BYTES - FX_MAGIC_BYTES);
    fx_domain_table_init(host->super);
    fx_free_map_fill(host);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(host->super->magic, FX_MAGIC, FX_MAGIC_BYTES);
out:
    free(super);
    return rc;
}

/* Opens what another has made; checked before any of it is believed. */
static int adopt_file(struct fx_host *host, const struct fx_options *options,
                      const char *path, char *why, size_t len)
{
    struct fx_super *super = calloc(1, sizeof(*super));
    char reason[256];
    struct stat st;
    int rc;

    if (!super)
        return explain(-ENOMEM, path, strerror(ENOMEM), why, len);
    if (fstat(host->fd, &st) ||
        pread(host->fd, super, FX_STATIC_BYTES, 0) < 0) {
        rc = explain(-errno, path, strerror(errno), why, len);
        goto out;
    }
    rc = fx_super_check(super, (uint64_t)st.st_size, reason, sizeof(reason));
    if (!rc)
        rc = fx_super_agree(super, options, reason, sizeof(reason));
    if (rc) {
        explain(rc, path, reason, why, len);
        goto out;
    }
    rc = fx_file_map(host, super);
    if (!rc)
        rc = fx_space_init(host, super);
    if (rc) {
        explain(rc, path, strerror(-rc), why, len);
        goto out;
    }
out:
    free(super);
    return rc;
}

static int check(struct fx_host *host, const char *path, char *why, size_t len)
{
    char reason[128];
    int rc = host->hooks->check(host, reason, sizeof(reason));

    return rc ? explain(rc, path, reason, why, len) : 0;
}

typedef int (*opener)(struct fx_host *host, const struct fx_options *options,
                      const char *path, char *why, size_t len);

/* The file, and what `open_it` makes of it; or nothing is left of it here. */
static int open_as(const struct fx_options *options,
                   const struct fx_hooks *hooks, bool is_copy, opener open_it,
                   struct fx_host **host, char *why, size_t len)
{
    const char *path = fx_host_name(options);
    struct fx_host *h = calloc(1, sizeof(*h));
    int rc;

    *host = NULL;
    if (!h)
        return explain(-ENOMEM, path, strerror(ENOMEM), why, len);
    h->hooks = hooks;
    h->fd = h->read_fd = -1;
    h->is_copy = is_copy;
    rc = open_file(h, options, path, why, len);
    if (!rc)
        rc = open_it(h, options, path, why, len);
    if (rc) {
        fx_host_close(h);
        return rc;
    }
    *host = h;
    return 0;
}

/* With others at work on it: what they are half through with is not damage. */
static int open_among_others(struct fx_host *host,
                             const struct fx_options *options, const char *path,
                             char *why, size_t len)
{
    int rc = adopt_file(host, options, path, why, len);

    if (rc)
        return rc;
    fx_lock(host);
    rc = check(host, path, why, len);
    fx_unlock(host);
    return rc;
}

/* Is there no host in the file yet? */
static bool is_unmade(int fd)
{
    char magic[FX_MAGIC_BYTES];
    ssize_t n = pread(fd, magic, sizeof(magic), 0);

    return !n || (n == FX_MAGIC_BYTES &&
                  !memcmp(magic, FX_MAGIC_MAKING, FX_MAGIC_BYTES));
}

/* Whatever the last of its users left. */
static int make_usable(struct fx_host *host, const char *path, char *why,
                       size_t len)
{
    int rc = fx_space_for_all(host, host->super);

    if (!rc)
        rc = fx_lock_init(host->super);
    return rc ? explain(rc, path, strerror(-rc), why, len) : 0;
}

/* With nobody else there: makes the file, or renews its mutex. */
static int open_alone(struct fx_host *host, const struct fx_options *options,
                      const char *path, char *why, size_t len)
{
    int rc;

    if (is_unmade(host->fd) && fx_file_is_gone(host)) {
        rc = explain(-ENOENT, path, "whoever made it could not", why, len);
    } else if (is_unmade(host->fd)) {
        rc = make_file(host, options, path, why, len);
        if (rc)
            fx_file_unmake(host);
    } else {
        rc = adopt_file(host, options, path, why, len);
        if (!rc)
            rc = check(host, path, why, len);
        if (!rc)
            rc = make_usable(host, path, why, len);
    }
    /* From here on one of many. */
    while (!rc && flock(host->fd, LOCK_SH))
        if (errno != EINTR)
            rc = explain(-errno, path, strerror(errno), why, len);
    return rc;
}

static int open_locked(struct fx_host *host, const struct fx_options *options,
                       const char *path, char *why, size_t len)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    for (;;) {
        if (!flock(host->fd, LOCK_EX | LOCK_NB))
            return open_alone(host, options, path, why, len);
        if (errno != EWOULDBLOCK)
            return explain(-errno, path, strerror(errno), why, len);
        if (!flock(host->fd, LOCK_SH | LOCK_NB)) {
            if (!is_unmade(host->fd))
                return open_among_others(host, options, path, why, len);
            /* Its maker died, or is between its two locks no more. */
            flock(host->fd, LOCK_UN);
        } else if (errno != EWOULDBLOCK) {
            return explain(-errno, path, strerror(errno), why, len);
        }
        /* Somebody makes it, or looks at it first: who may not stay, and then
         * nobody has renewed the mutex yet. */
        nanosleep(&moment, NULL);
    }
}

int fx_machine_open(const struct fx_options *options,
                    const struct fx_hooks *hooks, struct fx_host **host,
                    char *why, size_t len)
{
    return open_as(options, hooks, false, open_locked, host, why, len);
}

void fx_host_close(struct fx_host *host)
{
    if (!host)
        return;
    fx_process_forget(host);
    fx_space_dispose(host);
    fx_file_close(host);
    free(host);
}

/* Is the copy one of a machine that nobody is at work on? */
static int settle_copy(struct fx_host *host)
{
    pthread_mutex_t *lock = &host->super->lock;
    int r;

    /* Without anybody there, it is none that is held, whatever it says. */
    if (!flock(host->fd, LOCK_EX | LOCK_NB)) {
        flock(host->fd, LOCK_UN); /* whoever opens it now is alone, too */
        return fx_lock_init(host->super);
    }
    r = pthread_mutex_trylock(lock);
    if (r == EOWNERDEAD)
        r = pthread_mutex_consistent(lock);
    /* It goes with the copy, and the C library has a list of those held. */
    return r ? -r : -pthread_mutex_unlock(lock);
}

/* As whoever comes next would find it. */
static int put_copy_in_order(struct fx_host *host, const char *path, char *why,
                             size_t len)
{
    int rc = settle_copy(host);

    if (rc)
        return explain(rc, path, strerror(-rc), why, len);
    rc = check(host, path, why, len);
    if (rc || !host->super->busy)
        return rc;
    rc = host->hooks->repair(host);
    return rc ? explain(rc, path, strerror(-rc), why, len) : 0;
}

bool fx_view_is_good(const struct fx_host *host)
{
    uint64_t locks;

    return pread(host->fd, &locks, sizeof(locks),
                 offsetof(struct fx_super, locks)) == sizeof(locks) &&
           locks == host->seen;
}

static int open_copy(struct fx_host *host, const struct fx_options *options,
                     const char *path, char *why, size_t len)
{
    int rc = adopt_file(host, options, path, why, len);

    if (rc)
        return rc;
    host->seen = __atomic_load_n(&host->super->locks, __ATOMIC_ACQUIRE);
    rc = put_copy_in_order(host, path, why, len);
    return rc && !fx_view_is_good(host) ? -EBUSY : rc;
}

int fx_machine_view(const struct fx_options *options,
                    const struct fx_hooks *hooks, struct fx_host **host,
                    char *why, size_t len)
{
    return open_as(options, hooks, true, open_copy, host, why, len);
}
