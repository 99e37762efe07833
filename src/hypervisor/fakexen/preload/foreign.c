/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign.c - libxenforeignmemory's symbols, all of them.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xen/memory.h>

#include <xenforeignmemory.h>

#include "domain/grant_frames.h"
#include "domain/state.h"
#include "machine/lock.h"
#include "preload/foreign_mapping.h"
#include "preload/process_host.h"
#include "preload/process_memory.h"
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

static int start_request(struct fx_foreign *rq, const uint64_t *arr)
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

static void end_request(struct fx_foreign *rq)
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

static int map_request(const xenforeignmemory_handle *fmem,
                       struct fx_foreign *rq, void **address, int flags,
                       const xen_pfn_t arr[], int err[])
{
    int rc;

    if (fmem->restricted && rq->domid != fmem->domid)
        return -EPERM;
    rc = start_request(rq, arr);
    if (!rc)
        rc = fx_foreign_map(rq, address, flags, !err);
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
    struct fx_foreign rq = {
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
static int resource_frames(struct fx_foreign *rq, unsigned int type,
                           unsigned int id, uint64_t first)
{
    struct fx_domain *domain;
    uint64_t i;
    int rc = 0;

    fx_lock(rq->host);
    domain = fx_process_domain(rq->host, rq->domid);
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

static int map_resource(xenforeignmemory_handle *fmem, struct fx_foreign *rq,
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
    return rc ? rc : fx_foreign_map(rq, address, 0, true);
}

xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *fmem, domid_t domid,
                              unsigned int type, unsigned int id,
                              unsigned long frame, unsigned long nr_frames,
                              void **paddr, int prot, int flags)
{
    struct fx_foreign rq = {
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
    domain = fx_process_domain(host, domid);
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
