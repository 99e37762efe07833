/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.c - the host file: made, opened, locked.
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
#include <unistd.h>

#include "machine/alloc.h"
#include "recovery/audit.h"
#include "preload/foreign.h"
#include "machine/superblock.h"

static int explain(int rc, const char *path, const char *what, char *why,
                   size_t len)
{
    char reason[160];

    snprintf(reason, sizeof(reason), "%s", what);
    snprintf(why, len, "%s: %s", path, reason);
    return rc;
}

/* Far above what programs use, as some close or replace the first ones. */
#define HOST_FD 910

/* The same open file under a high number, if there is one. */
static int move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HOST_FD);

    if (high < 0)
        return fd;
    close(fd);
    return high;
}

static int open_file(const char *path, int *fd, char *why, size_t len)
{
    if (path)
        *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    else
        *fd = memfd_create("fakexen", MFD_CLOEXEC);
    if (*fd < 0)
        return explain(-errno, path ? path : "memory", strerror(errno), why,
                       len);
    *fd = move_up(*fd);
    return 0;
}

static int make_mutex(struct fx_super *super)
{
    pthread_mutexattr_t attr;
    int r;

    r = pthread_mutexattr_init(&attr);
    if (r)
        return -r;
    r = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (!r)
        r = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (!r)
        r = pthread_mutex_init(&super->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    return -r;
}

/* The parts of the mapped file, of whose superblock `layout` is a copy. */
static int map_file(struct fx_host *host, const struct fx_super *layout)
{
    uint8_t *base = mmap(NULL, layout->file_bytes, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_NORESERVE, host->fd, 0);

    if (base == MAP_FAILED)
        return -errno;
    host->super = (struct fx_super *)base;
    host->bytes = layout->file_bytes;
    host->frames = (struct fx_frame *)(base + layout->frames_at);
    host->m2p = (uint64_t *)(base + layout->m2p_at);
    host->compat_m2p = (uint32_t *)(base + layout->compat_m2p_at);
    host->mappings = (struct fx_mapping *)(base + layout->mappings_at);
    host->mapped_frames = (uint64_t *)(base + layout->mapped_frames_at);
    host->store = base + layout->store_at;
    host->memory = base + layout->memory_at;
    fx_free_map_attach(host, layout->nr_frames,
                       (uint64_t *)(base + layout->free_at));
    return 0;
}

static void init_domain0(struct fx_super *super)
{
    struct fx_domain *dom0 = &super->domain[0];

    dom0->exists = true;
    dom0->max_vcpus = 1;
    dom0->shared_info = dom0->state = FX_NO_MFN;
    dom0->evtchns = dom0->policy = FX_NO_MFN;
    super->next_domid = 1;
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
    rc = map_file(host, super);
    if (!rc)
        rc = make_mutex(host->super);
    if (rc) {
        explain(rc, path, strerror(-rc), why, len);
        goto out;
    }
    memcpy((uint8_t *)host->super + FX_MAGIC_BYTES,
           (uint8_t *)super + FX_MAGIC_BYTES, FX_STATIC_BYTES - FX_MAGIC_BYTES);
    init_domain0(host->super);
    fx_free_map_fill(host);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(host->super->magic, FX_MAGIC, FX_MAGIC_BYTES);
out:
    free(super);
    return rc;
}

/* Opens what another has made; checked before any of it is believed. */
static int adopt_file(struct fx_host *host, const char *path, char *why,
                      size_t len)
{
    struct fx_super *super = calloc(1, sizeof(*super));
    char reason[128];
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
    if (rc) {
        explain(rc, path, reason, why, len);
        goto out;
    }
    rc = map_file(host, super);
    if (rc) {
        explain(rc, path, strerror(-rc), why, len);
        goto out;
    }
out:
    free(super);
    return rc;
}

static int check_domains(struct fx_host *host, const char *path, char *why,
                         size_t len)
{
    char reason[128];
    int rc = fx_super_check_domains(host, reason, sizeof(reason));

    return rc ? explain(rc, path, reason, why, len) : 0;
}

/* With others at work on it: what they are half through with is not damage. */
static int open_among_others(struct fx_host *host, const char *path, char *why,
                             size_t len)
{
    int rc = adopt_file(host, path, why, len);

    if (rc)
        return rc;
    fx_lock(host);
    rc = check_domains(host, path, why, len);
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

/* With nobody else there: makes the file, or renews its mutex. */
static int open_alone(struct fx_host *host, const struct fx_options *options,
                      const char *path, char *why, size_t len)
{
    int rc;

    if (is_unmade(host->fd)) {
        rc = make_file(host, options, path, why, len);
    } else {
        rc = adopt_file(host, path, why, len);
        if (!rc)
            rc = check_domains(host, path, why, len);
        if (!rc)
            rc = make_mutex(host->super);
    }
    /* From here on one of many. */
    if (!rc && flock(host->fd, LOCK_SH))
        rc = explain(-errno, path, strerror(errno), why, len);
    return rc;
}

static int open_locked(struct fx_host *host, const struct fx_options *options,
                       const char *path, char *why, size_t len)
{
    for (;;) {
        if (!flock(host->fd, LOCK_EX | LOCK_NB))
            return open_alone(host, options, path, why, len);
        if (errno != EWOULDBLOCK && errno != EINTR)
            return explain(-errno, path, strerror(errno), why, len);
        /* Waits while one makes it, not while others use it. */
        if (flock(host->fd, LOCK_SH)) {
            if (errno == EINTR)
                continue;
            return explain(-errno, path, strerror(errno), why, len);
        }
        if (!is_unmade(host->fd))
            return open_among_others(host, path, why, len);
        /* Its maker died, or is between its two locks no more. */
        flock(host->fd, LOCK_UN);
    }
}

/* What is mapped read-only by it, no mprotect() makes writable; where /proc is
 * not there to open it by, we do without that. */
static int open_read_only(int fd)
{
    char path[32];
    int read_fd;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read_fd = open(path, O_RDONLY | O_CLOEXEC);
    return read_fd < 0 ? fd : move_up(read_fd);
}

int fx_host_open(const struct fx_options *options, struct fx_host **host,
                 char *why, size_t len)
{
    const char *path = options->path ? options->path : "memory";
    struct fx_host *h = calloc(1, sizeof(*h));
    char reason[128];
    int rc;

    *host = NULL;
    if (!h)
        return explain(-ENOMEM, path, strerror(ENOMEM), why, len);
    h->fd = h->read_fd = -1;
    rc = open_file(options->path, &h->fd, why, len);
    if (!rc)
        rc = open_locked(h, options, path, why, len);
    if (rc) {
        fx_host_close(h);
        return rc;
    }
    h->read_fd = open_read_only(h->fd);
    fx_lock(h);
    rc = fx_super_check_states(h, reason, sizeof(reason));
    if (!rc)
        fx_foreign_reap(h);
    fx_unlock(h);
    if (rc) {
        fx_host_close(h);
        return explain(rc, path, reason, why, len);
    }
    *host = h;
    return 0;
}

void fx_host_close(struct fx_host *host)
{
    if (!host)
        return;
    if (host->super)
        fx_raw_munmap(host->super, host->bytes);
    if (host->read_fd >= 0 && host->read_fd != host->fd)
        close(host->read_fd);
    if (host->fd >= 0)
        close(host->fd);
    free(host);
}

void fx_lock(struct fx_host *host)
{
    struct fx_super *super = host->super;

    if (pthread_mutex_lock(&super->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&super->lock);
    if (super->busy)
        fx_audit_repair(host);
    super->busy = true;
}

void fx_unlock(struct fx_host *host)
{
    fx_clear_freed(host);
    host->super->busy = false;
    pthread_mutex_unlock(&host->super->lock);
}

struct fx_frame *fx_frame(struct fx_host *host, uint64_t mfn)
{
    return fx_is_ram(host, mfn) ? &host->frames[mfn] : NULL;
}

void *fx_page(struct fx_host *host, uint64_t mfn)
{
    if (!fx_is_ram(host, mfn))
        return NULL;
    host->frames[mfn].flags |= FX_F_TOUCHED;
    return host->memory + mfn * FX_PAGE_SIZE;
}

void fx_m2p_set(struct fx_host *host, uint64_t mfn, uint64_t pfn)
{
    if (!fx_is_ram(host, mfn))
        return;
    host->m2p[mfn] = pfn;
    host->compat_m2p[mfn] = (uint32_t)pfn;
}

struct fx_domain *fx_domain(struct fx_host *host, uint32_t domid)
{
    struct fx_super *super = host->super;
    unsigned int i;

    if (domid == DOMID_SELF)
        domid = 0;
    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        if (super->domain[i].exists && super->domain[i].id == domid)
            return &super->domain[i];
    }
    return NULL;
}
