/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/foreign_mapping.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "domain/grants.h"
#include "machine/file.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/space.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "preload/process_memory.h"

static struct fx_host *mapped_host;

struct fx_host *fx_foreign_host(void)
{
    return __atomic_load_n(&mapped_host, __ATOMIC_ACQUIRE);
}

int fx_raw_munmap(void *address, size_t size)
{
    return (int)syscall(SYS_munmap, address, size);
}

void *fx_raw_mmap(void *address, size_t size, int prot, int flags, int fd,
                  uint64_t offset)
{
    return (void *)syscall(SYS_mmap, address, size, prot, flags, fd, offset);
}

/* Where a frame lies in the file; the M2P's have numbers beyond all RAM. */
static uint64_t file_offset(const struct fx_host *host, uint64_t mfn)
{
    const struct fx_super *super = host->super;

    if (mfn >= fx_compat_m2p_mfn(super))
        return super->compat_m2p_at +
               (mfn - fx_compat_m2p_mfn(super)) * FX_PAGE_SIZE;
    if (mfn >= fx_m2p_mfn(super))
        return super->m2p_at + (mfn - fx_m2p_mfn(super)) * FX_PAGE_SIZE;
    return super->memory_at + mfn * FX_PAGE_SIZE;
}

/* DOMID_XEN's are the M2P's frames, which nobody may write to. */
static int check_m2p(const struct fx_host *host, uint64_t mfn, bool writable)
{
    const struct fx_super *super = host->super;
    uint64_t first = fx_m2p_mfn(super);
    uint64_t end =
        fx_compat_m2p_mfn(super) + fx_m2p_frames(super, sizeof(uint32_t));

    if (mfn < first || mfn >= end)
        return fx_is_ram(host, mfn) ? -EBUSY : -EPERM;
    return writable ? -EBUSY : 0;
}

/* The references for the request's frames; how many failed. */
static uint64_t get_frames(struct fx_foreign *rq, uint16_t owner,
                           uint64_t *kept)
{
    bool writable = rq->prot & PROT_WRITE, reaped = false;
    uint64_t failed = 0, i;

    for (i = 0; i < rq->pages; i++) {
        int rc = fx_get_mapping(rq->host, 0, owner, rq->mfn[i], writable);

        if (rc == -EBUSY && !reaped) {
            reaped = true;
            if (fx_mapping_reap(rq->host))
                rc = fx_get_mapping(rq->host, 0, owner, rq->mfn[i], writable);
        }
        rq->err[i] = rc;
        if (rc) {
            failed++;
            continue;
        }
        kept[i] = rq->mfn[i];
    }
    return failed;
}

/* Page i of the request is not mapped, for want of room on the disk. */
static void give_up(struct fx_foreign *rq, uint64_t i, uint64_t *kept)
{
    kept[i] = FX_NO_MFN;
    rq->err[i] = -ENOMEM;
    if (rq->prot & PROT_WRITE)
        fx_put_page_and_type(rq->host, rq->mfn[i]);
    else
        fx_put_page(rq->host, rq->mfn[i]);
}

/* Room for the frames that are mapped, neighbours together; how many failed. */
static uint64_t touch_frames(struct fx_foreign *rq, uint64_t *kept)
{
    uint64_t failed = 0, i, end;
    int rc;

    for (i = 0; i < rq->pages; i = end) {
        end = i + 1;
        if (rq->err[i])
            continue;
        while (end < rq->pages && !rq->err[end] &&
               rq->mfn[end] == rq->mfn[i] + (end - i))
            end++;
        rc = rq->prot & PROT_WRITE
                 ? fx_touch(rq->host, rq->mfn[i], end - i)
                 : fx_touch_to_read(rq->host, rq->mfn[i], end - i);
        for (; rc && i < end; i++, failed++)
            give_up(rq, i, kept);
    }
    return failed;
}

/* The M2P's page there. */
static int get_m2p(const struct fx_foreign *rq, uint64_t mfn)
{
    struct fx_host *host = rq->host;
    int rc = check_m2p(host, mfn, rq->prot & PROT_WRITE);

    if (rc || !host->space.reads_take_room)
        return rc;
    return fx_space_for(host, (uint8_t *)host->super + file_offset(host, mfn),
                        FX_PAGE_SIZE);
}

/* Each page by itself.  What is wrong with a grant is EINVAL to the driver. */
static int record_grants(struct fx_foreign *rq, uint64_t address,
                         uint64_t *failed)
{
    struct fx_grant_hold hold = {.mfn = FX_NO_MFN};
    uint64_t i;

    fx_mapping_reap(rq->host); /* it may be used up by the dead */
    for (i = 0; i < rq->pages; i++) {
        const struct fx_grant_call call = {
            .domid = rq->grant[i].domid,
            .ref = rq->grant[i].ref,
            .wish = {.user = FX_CONTROL_DOMID,
                     .writable = rq->prot & PROT_WRITE},
            .address = address + i * FX_PAGE_SIZE,
            .first = address,
            .pages = rq->pages,
        };
        int16_t status = fx_grant_hold(rq->host, &call, &hold);

        if (status == GNTST_no_space)
            return -ENOMEM;
        rq->err[i] = status ? -EINVAL : 0;
        rq->mfn[i] = hold.mfn;
        *failed += !!status;
    }
    return 0;
}

/* Takes what the mapping needs and records it; with the lock held. */
static int record(struct fx_foreign *rq, uint64_t address, uint64_t *failed)
{
    struct fx_domain *domain;
    uint64_t *kept, i;
    int rc;

    *failed = 0;
    if (rq->grant)
        return record_grants(rq, address, failed);
    if (rq->domid == DOMID_XEN) {
        for (i = 0; i < rq->pages; i++) {
            rq->err[i] = get_m2p(rq, rq->mfn[i]);
            *failed += !!rq->err[i];
        }
        return 0;
    }
    domain = fx_process_domain(rq->host, rq->domid);
    if (!domain) {
        for (i = 0; i < rq->pages; i++)
            rq->err[i] = -ESRCH;
        *failed = rq->pages;
        return 0;
    }
    rc = fx_mapping_add(rq->host, address, rq->pages, domain->id,
                        rq->prot & PROT_WRITE, &kept);
    if (rc)
        return rc;
    *failed = get_frames(rq, domain->id, kept);
    *failed += touch_frames(rq, kept);
    return 0;
}

/* Frames of a mapping that are fetched at once: 256 MiB. */
#define FX_POPULATE_MAX (UINT64_C(1) << 16)

/* Maps the frames that may be, neighbours together. */
static int map_frames(const struct fx_foreign *rq, uint8_t *address)
{
    int fd = rq->prot & PROT_WRITE ? fx_file_fd(rq->host)
                                   : fx_file_read_fd(rq->host);
    uint64_t i, n;

    if (fd < 0)
        return fd;
    for (i = 0; i < rq->pages; i += n) {
        n = 1;
        if (rq->err[i])
            continue;
        while (i + n < rq->pages && !rq->err[i + n] &&
               rq->mfn[i + n] == rq->mfn[i] + n)
            n++;
        if (fx_raw_mmap(address + i * FX_PAGE_SIZE, n * FX_PAGE_SIZE, rq->prot,
                        MAP_SHARED | MAP_FIXED, fd,
                        file_offset(rq->host, rq->mfn[i])) == MAP_FAILED)
            return -errno;
    }
    madvise(address, rq->pages * FX_PAGE_SIZE, MADV_DONTFORK);
    /* As privcmd does, not page by page when touched; who maps to read may look
     * at much that was never written, and would fill the file's holes. More
     * than this takes long on a disk, and the caller cannot be interrupted. */
    if (rq->prot & PROT_WRITE && rq->pages <= FX_POPULATE_MAX)
        madvise(address, rq->pages * FX_PAGE_SIZE, MADV_POPULATE_WRITE);
    return 0;
}

int fx_foreign_unmap(struct fx_host *host, void *address, size_t size,
                     int64_t *dropped)
{
    uint64_t first = (uint64_t)address;
    uint64_t end = first + ((size + FX_PAGE_SIZE - 1) & ~(FX_PAGE_SIZE - 1));
    int rc = 0;

    fx_lock(host);
    if (!fx_mapping_can_drop(host, first, end))
        rc = -ENOMEM;
    else if (fx_raw_munmap(address, size))
        rc = -errno;
    else
        *dropped = fx_mapping_drop(host, first, end);
    fx_unlock(host);
    return rc;
}

void *fx_foreign_replace(struct fx_host *host, void *address, size_t size,
                         int prot, int flags, int fd, uint64_t offset)
{
    uint64_t first = (uint64_t)address;
    uint64_t end = first + ((size + FX_PAGE_SIZE - 1) & ~(FX_PAGE_SIZE - 1));
    void *result = MAP_FAILED;
    int error = ENOMEM, saved = errno;

    fx_lock(host);
    if (fx_mapping_can_drop(host, first, end)) {
        result = fx_raw_mmap(address, size, prot, flags, fd, offset);
        error = errno;
    }
    if (result != MAP_FAILED)
        fx_mapping_drop(host, first, end);
    fx_unlock(host);
    errno = result == MAP_FAILED ? error : saved;
    return result;
}

/* A place for the mapping, whose pages are not to be touched yet. */
static int reserve(struct fx_host *host, void **address, size_t size, int flags)
{
    int wanted = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

    wanted |= flags & (MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT);
    *address =
        flags & MAP_FIXED
            ? fx_foreign_replace(host, *address, size, PROT_NONE, wanted, -1, 0)
            : fx_raw_mmap(*address, size, PROT_NONE, wanted, -1, 0);
    return *address == MAP_FAILED ? -errno : 0;
}

/*
 * A child must not have a mapping, as it would have no references.  So nobody
 * forks while one is made, which for some time is like any other.
 */
static pthread_rwlock_t no_fork = PTHREAD_RWLOCK_INITIALIZER;

static void before_fork(void)
{
    pthread_rwlock_wrlock(&no_fork);
}

static void after_fork(void)
{
    pthread_rwlock_unlock(&no_fork);
}

static void in_child(void)
{
    no_fork = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, in_child);
}

static int map_without_fork(struct fx_foreign *rq, void **address, int flags,
                            bool all)
{
    size_t size = rq->pages * FX_PAGE_SIZE;
    uint64_t failed, i;
    int64_t dropped;
    int rc;

    rc = reserve(rq->host, address, size, flags);
    if (rc)
        return rc;
    __atomic_store_n(&mapped_host, rq->host, __ATOMIC_RELEASE);
    fx_lock(rq->host);
    rc = rq->host->unrepaired ? -ENOMEM
                              : record(rq, (uint64_t)*address, &failed);
    fx_unlock(rq->host);
    for (i = 0; !rc && failed && all && i < rq->pages; i++)
        rc = rq->err[i];
    if (!rc)
        rc = map_frames(rq, *address);
    if (rc && fx_foreign_unmap(rq->host, *address, size, &dropped))
        fx_raw_munmap(*address, size);
    return rc;
}

int fx_foreign_map(struct fx_foreign *rq, void **address, int flags, bool all)
{
    static pthread_once_t watched = PTHREAD_ONCE_INIT;
    int rc;

    pthread_once(&watched, watch_forks);
    pthread_rwlock_rdlock(&no_fork);
    rc = map_without_fork(rq, address, flags, all);
    pthread_rwlock_unlock(&no_fork);
    return rc;
}
