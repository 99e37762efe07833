/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign.c - libxenforeignmemory's symbols, all of them, over the host file.
 *
 * A frame that is mapped is a page of that file.  Programs let go of mappings
 * by plain munmap(), which is therefore watched.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xen/memory.h>

#include <xenforeignmemory.h>

#include "domain/grant_frames.h"
#include "domain/state.h"
#include "machine/file.h"
#include "machine/space.h"
#include "preload/process_host.h"
#include "preload/process_memory.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "preload/trace.h"

struct xenforeignmemory_handle {
    struct fx_host *host;
    bool restricted;
    domid_t domid; /* then the only one to be mapped */
};

struct xenforeignmemory_resource_handle {
    void *address;
    size_t bytes;
};

/* One call's worth of mapping. */
struct request {
    struct fx_host *host;
    uint32_t domid;
    int prot;
    uint64_t pages;
    uint64_t *mfn; /* a copy of the caller's */
    int *err;      /* for each; 0 or a negative errno */
};

/* The host of whose frames this process has mapped some: munmap() is called by
 * programs that know nothing of Xen, and must not open one. */
static struct fx_host *mapped_host;

static int raw_munmap(void *address, size_t size)
{
    return (int)syscall(SYS_munmap, address, size);
}

static void *raw_mmap(void *address, size_t size, int prot, int flags, int fd,
                      uint64_t offset)
{
    return (void *)syscall(SYS_mmap, address, size, prot, flags, fd, offset);
}

/* The domain that is meant: DOMID_SELF is this process's. */
static struct fx_domain *target(struct fx_host *host, uint32_t domid)
{
    const struct fx_caller caller = fx_process_caller(host);

    return fx_caller_domain(&caller, domid);
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
static uint64_t get_frames(struct request *rq, uint16_t owner, uint64_t *kept)
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
static void give_up(struct request *rq, uint64_t i, uint64_t *kept)
{
    kept[i] = FX_NO_MFN;
    rq->err[i] = -ENOMEM;
    if (rq->prot & PROT_WRITE)
        fx_put_page_and_type(rq->host, rq->mfn[i]);
    else
        fx_put_page(rq->host, rq->mfn[i]);
}

/* Room for the frames that are mapped, neighbours together; how many failed. */
static uint64_t touch_frames(struct request *rq, uint64_t *kept)
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
static int get_m2p(const struct request *rq, uint64_t mfn)
{
    struct fx_host *host = rq->host;
    int rc = check_m2p(host, mfn, rq->prot & PROT_WRITE);

    if (rc || !host->space.reads_take_room)
        return rc;
    return fx_space_for(host, (uint8_t *)host->super + file_offset(host, mfn),
                        FX_PAGE_SIZE);
}

/* Takes what the mapping needs and records it; with the lock held. */
static int record(struct request *rq, uint64_t address, uint64_t *failed)
{
    struct fx_domain *domain;
    uint64_t *kept, i;
    int rc;

    *failed = 0;
    if (rq->domid == DOMID_XEN) {
        for (i = 0; i < rq->pages; i++) {
            rq->err[i] = get_m2p(rq, rq->mfn[i]);
            *failed += !!rq->err[i];
        }
        return 0;
    }
    domain = target(rq->host, rq->domid);
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
static int map_frames(const struct request *rq, uint8_t *address)
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
        if (raw_mmap(address + i * FX_PAGE_SIZE, n * FX_PAGE_SIZE, rq->prot,
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

/* Unmaps, and drops the references that were for it; under one lock, lest
 * somebody else's new mapping at that address be taken for the old one. */
static int unmap(struct fx_host *host, void *address, size_t size,
                 int64_t *dropped)
{
    uint64_t first = (uint64_t)address;
    uint64_t end = first + ((size + FX_PAGE_SIZE - 1) & ~(FX_PAGE_SIZE - 1));
    int rc = 0;

    fx_lock(host);
    if (!fx_mapping_can_drop(host, first, end))
        rc = -ENOMEM;
    else if (raw_munmap(address, size))
        rc = -errno;
    else
        *dropped = fx_mapping_drop(host, first, end);
    fx_unlock(host);
    return rc;
}

/* Something in the place of mappings, whose references go: in one step, lest
 * what another thread maps meanwhile lie there. */
static void *replace(struct fx_host *host, void *address, size_t size, int prot,
                     int flags, int fd, uint64_t offset)
{
    uint64_t first = (uint64_t)address;
    uint64_t end = first + ((size + FX_PAGE_SIZE - 1) & ~(FX_PAGE_SIZE - 1));
    void *result = MAP_FAILED;
    int error = ENOMEM, saved = errno;

    fx_lock(host);
    if (fx_mapping_can_drop(host, first, end)) {
        result = raw_mmap(address, size, prot, flags, fd, offset);
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
    *address = flags & MAP_FIXED
                   ? replace(host, *address, size, PROT_NONE, wanted, -1, 0)
                   : raw_mmap(*address, size, PROT_NONE, wanted, -1, 0);
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

/*
 * Maps the request's frames at *address, or wherever there is room.  `all`: one
 * that fails is the failure of all.
 */
static int map_without_fork(struct request *rq, void **address, int flags,
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
    if (rc && unmap(rq->host, *address, size, &dropped))
        raw_munmap(*address, size);
    return rc;
}

static int map(struct request *rq, void **address, int flags, bool all)
{
    static pthread_once_t watched = PTHREAD_ONCE_INIT;
    int rc;

    pthread_once(&watched, watch_forks);
    pthread_rwlock_rdlock(&no_fork);
    rc = map_without_fork(rq, address, flags, all);
    pthread_rwlock_unlock(&no_fork);
    return rc;
}

static int start_request(struct request *rq, const uint64_t *arr)
{
    int rc = -ENOMEM;

    if (!rq->pages)
        return -EINVAL;
    if (rq->pages > SIZE_MAX >> (FX_PAGE_SHIFT + 8))
        return -ENOMEM;
    rq->mfn = malloc(rq->pages * sizeof(*rq->mfn));
    rq->err = calloc(rq->pages, sizeof(*rq->err));
    if (rq->mfn && rq->err)
        rc = fx_copy_from(rq->mfn, (uint64_t)arr, rq->pages * sizeof(*rq->mfn));
    return rc;
}

static void end_request(struct request *rq)
{
    free(rq->mfn);
    free(rq->err);
}

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
                                               unsigned int open_flags)
{
    xenforeignmemory_handle *fmem = calloc(1, sizeof(*fmem));

    (void)logger;
    (void)open_flags;
    if (!fmem)
        return NULL;
    fmem->host = fx_process_host();
    if (!fmem->host) {
        free(fmem);
        return NULL;
    }
    return fmem;
}

int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
    free(fmem);
    return 0;
}

int xenforeignmemory_restrict(xenforeignmemory_handle *fmem, domid_t domid)
{
    if (fmem->restricted && fmem->domid != domid) {
        errno = EINVAL;
        return -1;
    }
    fmem->restricted = true;
    fmem->domid = domid;
    return 0;
}

static int map_request(const xenforeignmemory_handle *fmem, struct request *rq,
                       void **address, int flags, const xen_pfn_t arr[],
                       int err[])
{
    int rc;

    if (fmem->restricted && rq->domid != fmem->domid)
        return -EPERM;
    rc = start_request(rq, arr);
    if (!rc)
        rc = map(rq, address, flags, !err);
    if (!rc && err &&
        fx_copy_to((uint64_t)err, rq->err, rq->pages * sizeof(*err))) {
        xenforeignmemory_unmap(NULL, *address, rq->pages);
        rc = -EFAULT;
    }
    return rc;
}

void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom,
                            void *addr, int prot, int flags, size_t pages,
                            const xen_pfn_t arr[], int err[])
{
    struct request rq = {
        .host = fmem->host,
        .domid = dom,
        .prot = prot,
        .pages = pages,
    };
    struct fx_call call;
    int rc = fx_trace_begin(&call);

    if (!rc)
        rc = map_request(fmem, &rq, &addr, flags, arr, err);
    end_request(&rq);
    fx_trace_mapping(&call, "map", dom, (uint64_t)(rc ? NULL : addr), pages,
                     prot, rc);
    if (rc) {
        errno = -rc;
        return NULL;
    }
    return addr;
}

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom,
                           int prot, size_t pages, const xen_pfn_t arr[],
                           int err[])
{
    return xenforeignmemory_map2(fmem, dom, NULL, prot, 0, pages, arr, err);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr,
                           size_t pages)
{
    (void)fmem;
    return munmap(addr, pages << FX_PAGE_SHIFT);
}

/* The resource's frames, made where they do not exist yet. */
static int resource_frames(struct request *rq, unsigned int type,
                           unsigned int id, uint64_t first)
{
    struct fx_domain *domain;
    uint64_t i;
    int rc = 0;

    fx_lock(rq->host);
    domain = target(rq->host, rq->domid);
    if (rq->host->unrepaired)
        rc = -ENOMEM;
    else if (!domain)
        rc = -ESRCH;
    else if (type != XENMEM_resource_grant_table)
        rc = -EOPNOTSUPP;
    else if (id != XENMEM_resource_grant_table_id_shared ||
             first > FX_MAX_GRANT_FRAMES || rq->pages > FX_MAX_GRANT_FRAMES)
        rc = -EINVAL;
    /* From the last down, as the table has all below one that it has. */
    for (i = rq->pages; !rc && i--;)
        rc = fx_grant_frame(rq->host, domain, (uint32_t)(first + i),
                            &rq->mfn[i]);
    fx_unlock(rq->host);
    return rc;
}

static int map_resource(xenforeignmemory_handle *fmem, struct request *rq,
                        unsigned int type, unsigned int id, uint64_t first,
                        void **address, int flags)
{
    int rc;

    if (flags & ~(MAP_SHARED | MAP_PRIVATE) || rq->pages > FX_MAX_GRANT_FRAMES)
        return -EINVAL;
    if (fmem->restricted && rq->domid != fmem->domid)
        return -EPERM;
    if (!rq->pages) /* only a question, whose answer nobody gets */
        return 0;
    rq->mfn = calloc(rq->pages, sizeof(*rq->mfn));
    rq->err = calloc(rq->pages, sizeof(*rq->err));
    if (!rq->mfn || !rq->err)
        return -ENOMEM;
    rc = resource_frames(rq, type, id, first);
    return rc ? rc : map(rq, address, 0, true);
}

xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *fmem, domid_t domid,
                              unsigned int type, unsigned int id,
                              unsigned long frame, unsigned long nr_frames,
                              void **paddr, int prot, int flags)
{
    struct request rq = {
        .host = fmem->host,
        .domid = domid,
        .prot = prot,
        .pages = nr_frames,
    };
    xenforeignmemory_resource_handle *fres = calloc(1, sizeof(*fres));
    void *address = *paddr;
    struct fx_call call;
    int rc = fx_trace_begin(&call);

    if (!rc && !fres)
        rc = -ENOMEM;
    if (!rc)
        rc = map_resource(fmem, &rq, type, id, frame, &address, flags);
    end_request(&rq);
    fx_trace_mapping(&call, "map_resource", domid,
                     (uint64_t)(rc ? NULL : address), nr_frames, prot, rc);
    if (rc) {
        free(fres);
        errno = -rc;
        return NULL;
    }
    fres->address = *paddr = address;
    fres->bytes = nr_frames * FX_PAGE_SIZE;
    return fres;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem,
                                    xenforeignmemory_resource_handle *fres)
{
    int rc = 0;

    (void)fmem;
    if (fres && fres->bytes)
        rc = munmap(fres->address, fres->bytes);
    free(fres);
    return rc;
}

int xenforeignmemory_resource_size(xenforeignmemory_handle *fmem, domid_t domid,
                                   unsigned int type, unsigned int id,
                                   size_t *size)
{
    struct fx_host *host = fmem->host;
    struct fx_domain *domain;
    int rc = 0;

    fx_lock(host);
    domain = target(host, domid);
    if (!domain)
        rc = ESRCH;
    else if (type != XENMEM_resource_grant_table)
        rc = EOPNOTSUPP;
    else if (id != XENMEM_resource_grant_table_id_shared || !domain->id ||
             !fx_domain_state(host, domain))
        rc = EINVAL;
    else
        *size = fx_domain_state(host, domain)->max_grant_frames * FX_PAGE_SIZE;
    fx_unlock(host);
    if (!rc)
        return 0;
    errno = rc;
    return -1;
}

/* The program's munmap(), which may be the end of a mapping or of a part. */
int munmap(void *addr, size_t size)
{
    struct fx_host *host = __atomic_load_n(&mapped_host, __ATOMIC_ACQUIRE);
    struct fx_call call;
    int64_t dropped = 0;
    int saved = errno, rc;

    /* The rest of what is wrong with a call is for the kernel to say. */
    if (!host || (uint64_t)addr + size + FX_PAGE_SIZE < (uint64_t)addr)
        return raw_munmap(addr, size);
    fx_trace_begin_uncounted(&call);
    rc = unmap(host, addr, size, &dropped);
    if (dropped > 0)
        fx_trace_mapping(&call, "unmap", 0, (uint64_t)addr, (uint64_t)dropped,
                         0, rc);
    /* To clear frames may fail, and be done in another way. */
    errno = rc ? -rc : saved;
    return rc ? -1 : 0;
}

/* A new mapping may take the place of an old one. */
void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    struct fx_host *host = __atomic_load_n(&mapped_host, __ATOMIC_ACQUIRE);

    if (!host || !(flags & MAP_FIXED) ||
        (uint64_t)addr + size + FX_PAGE_SIZE < (uint64_t)addr)
        return raw_mmap(addr, size, prot, flags, fd, (uint64_t)offset);
    return replace(host, addr, size, prot, flags, fd, (uint64_t)offset);
}

void *mmap64(void *addr, size_t size, int prot, int flags, int fd,
             off64_t offset)
{
    return mmap(addr, size, prot, flags, fd, (off_t)offset);
}
