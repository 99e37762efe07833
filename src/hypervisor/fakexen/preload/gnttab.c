/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gnttab.c - libxengnttab's symbols, all of them.
 *
 * Domain 0 maps what others grant it, as Linux's driver does.  It has no memory
 * of its own here, so it can grant none (xengntshr), nor share any with
 * devices (dmabuf).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/event_channel.h>
#include <xengnttab.h>

#include "domain/grants.h"
#include "domain/ports.h"
#include "hypercall/grant_copy.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "memory/mapping.h"
#include "preload/foreign_mapping.h"
#include "preload/process_host.h"
#include "preload/process_memory.h"
#include "preload/trace.h"

/* Pages of one call (Linux: its driver's module parameter "limit"). */
#define MAX_PAGES 65536

struct xengntdev_handle {
    struct fx_host *host;
    int fd;
};

/* What map_grant_ref_notify() asks for; xengnttab.h has -1 for none. */
struct notify {
    uint32_t offset, port;
};
#define NO_NOTIFY                                                              \
    {                                                                          \
        UINT32_MAX, UINT32_MAX                                                 \
    }

static int answer(long rc)
{
    if (rc >= 0)
        return (int)rc;
    errno = (int)-rc;
    return -1;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
                                 unsigned int open_flags)
{
    struct fx_host *host = fx_process_host();
    xengnttab_handle *xgt = host ? calloc(1, sizeof(*xgt)) : NULL;

    (void)logger;
    (void)open_flags; /* as the library: it has none */
    if (!xgt)
        return NULL;
    xgt->host = host;
    xgt->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (xgt->fd < 0) {
        free(xgt);
        return NULL;
    }
    return xgt;
}

/* What is mapped stays so until it is unmapped, or the process ends: Linux's
 * driver is closed with its last mapping, too. */
int xengnttab_close(xengnttab_handle *xgt)
{
    if (!xgt)
        return 0;
    close(xgt->fd);
    free(xgt);
    return 0;
}

int xengnttab_fd(xengnttab_handle *xgt)
{
    return xgt->fd;
}

/* Of no effect in Linux's driver, either. */
int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
    (void)xgt;
    (void)nr_grants;
    return 0;
}

/* That of the mapping at that address, with the lock held. */
static int set_notify(struct fx_host *host, uint64_t address,
                      const struct notify *notify)
{
    const struct fx_domain *control = &host->super->domain[FX_CONTROL_DOMID];
    struct fx_mapping *m = fx_mapping_of_grant(host, address);
    const struct fx_evtchn *port;

    if (host->unrepaired || !m)
        return -ENOMEM;
    if (notify->offset < FX_PAGE_SIZE && !m->writable)
        return -EINVAL;
    if (notify->port != UINT32_MAX) {
        port = fx_port(host, control, notify->port);
        if (!port || port->state == EVTCHNSTAT_closed)
            return -EINVAL;
        m->grant.notify_port = notify->port;
    }
    if (notify->offset < FX_PAGE_SIZE)
        m->grant.notify_byte = notify->offset + 1;
    return 0;
}

static int map_with_notify(struct fx_foreign *rq, void **address,
                           const struct notify *notify)
{
    int rc;

    rq->mfn = calloc(rq->pages, sizeof(*rq->mfn));
    rq->err = calloc(rq->pages, sizeof(*rq->err));
    rc = rq->mfn && rq->err ? fx_foreign_map(rq, address, 0, true) : -ENOMEM;
    free(rq->mfn);
    free(rq->err);
    if (rc)
        return rc;
    fx_lock(rq->host);
    rc = set_notify(rq->host, (uint64_t)*address, notify);
    fx_unlock(rq->host);
    if (rc)
        munmap(*address, rq->pages * FX_PAGE_SIZE);
    return rc;
}

/* Domain number i is domids[i * stride]. */
static void *map(xengnttab_handle *xgt, uint32_t count, const uint32_t *domids,
                 unsigned int stride, const uint32_t *refs, int prot,
                 struct notify notify)
{
    bool fits = count && count <= MAX_PAGES;
    struct fx_grant_name *grants = fits ? calloc(count, sizeof(*grants)) : NULL;
    struct fx_foreign rq = {
        .host = xgt->host,
        .prot = prot,
        .pages = count,
        .grant = grants,
    };
    void *address = NULL;
    struct fx_call call;
    int rc = fx_trace_begin(&call);
    uint32_t i;

    for (i = 0; grants && i < count; i++)
        grants[i] =
            (struct fx_grant_name){(uint16_t)domids[i * stride], refs[i]};
    if (!rc && !fits)
        rc = -EINVAL;
    if (!rc)
        rc = grants ? map_with_notify(&rq, &address, &notify) : -ENOMEM;
    fx_trace_mapping(&call, "map_grant", grants ? grants[0].domid : 0,
                     (uint64_t)(rc ? NULL : address), count, prot, rc);
    free(grants);
    return answer(rc) ? NULL : address;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid,
                              uint32_t ref, int prot)
{
    return map(xgt, 1, &domid, 0, &ref, prot, (struct notify)NO_NOTIFY);
}

void *xengnttab_map_grant_refs(xengnttab_handle *xgt, uint32_t count,
                               uint32_t *domids, uint32_t *refs, int prot)
{
    return map(xgt, count, domids, 1, refs, prot, (struct notify)NO_NOTIFY);
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count,
                                      uint32_t domid, uint32_t *refs, int prot)
{
    return map(xgt, count, &domid, 0, refs, prot, (struct notify)NO_NOTIFY);
}

void *xengnttab_map_grant_ref_notify(xengnttab_handle *xgt, uint32_t domid,
                                     uint32_t ref, int prot,
                                     uint32_t notify_offset,
                                     evtchn_port_t notify_port)
{
    return map(xgt, 1, &domid, 0, &ref, prot,
               (struct notify){notify_offset, notify_port});
}

/* All of what one call has mapped, and nothing else. */
static int check_unmap(struct fx_host *host, uint64_t address, uint32_t count)
{
    const struct fx_mapping *m;
    int rc = 0;

    fx_lock(host);
    m = fx_mapping_of_grant(host, address);
    if (!m || m->grant.first != address || m->grant.pages != count)
        rc = -EINVAL;
    fx_unlock(host);
    return rc;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
    int rc = check_unmap(xgt->host, (uint64_t)start_address, count);

    return rc ? answer(rc) : munmap(start_address, count * FX_PAGE_SIZE);
}

/* Granted at one end: the other is this process's memory. */
static int copy_granted(struct fx_host *host, xengnttab_grant_copy_segment_t *s)
{
    bool to = s->flags & GNTCOPY_dest_gref;
    const union xengnttab_copy_ptr *granted = to ? &s->dest : &s->source;
    const struct fx_grant_call call = {
        .domid = granted->foreign.domid,
        .ref = granted->foreign.ref,
        .wish = {.user = FX_CONTROL_DOMID, .writable = to, .is_copy = true},
    };
    uint64_t virt = (uint64_t)(to ? s->source.virt : s->dest.virt);
    struct fx_grant_hold hold;
    uint8_t *at;
    int rc;

    s->status = s->len ? fx_grant_hold(host, &call, &hold) : GNTST_okay;
    if (s->status || !s->len)
        return 0;
    at = fx_page(host, hold.mfn);
    if (at)
        at += granted->foreign.offset;
    rc = !at  ? -ENOMEM
         : to ? fx_copy_from(at, virt, s->len)
              : fx_copy_to(virt, at, s->len);
    fx_grant_release(host, &hold);
    return rc;
}

static int copy_between(struct fx_host *host, xengnttab_grant_copy_segment_t *s)
{
    const struct fx_caller caller = fx_process_caller(host);
    gnttab_copy_t op = {
        .source.u.ref = s->source.foreign.ref,
        .source.domid = s->source.foreign.domid,
        .source.offset = s->source.foreign.offset,
        .dest.u.ref = s->dest.foreign.ref,
        .dest.domid = s->dest.foreign.domid,
        .dest.offset = s->dest.foreign.offset,
        .len = s->len,
        .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref,
    };
    int rc = (int)fx_grant_copy_op(&caller, (uint64_t)&op, 1);

    s->status = op.status;
    return rc;
}

/* What Linux's driver asks of a segment. */
static bool fits(const xengnttab_grant_copy_segment_t *s)
{
    if (s->flags & GNTCOPY_source_gref &&
        s->source.foreign.offset + s->len > (int)FX_PAGE_SIZE)
        return false;
    if (s->flags & GNTCOPY_dest_gref &&
        s->dest.foreign.offset + s->len > (int)FX_PAGE_SIZE)
        return false;
    return s->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref);
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count,
                         xengnttab_grant_copy_segment_t *segs)
{
    const uint16_t both = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    struct fx_host *host = xgt->host;
    uint32_t i;
    int rc = 0;

    for (i = 0; i < count; i++)
        if (!fits(&segs[i]))
            return answer(-EINVAL);
    fx_lock(host);
    fx_mapping_reap(host); /* what the dead have in use is not */
    if (host->unrepaired)
        rc = -ENOMEM;
    for (i = 0; !rc && i < count; i++)
        rc = (segs[i].flags & both) == both ? copy_between(host, &segs[i])
                                            : copy_granted(host, &segs[i]);
    fx_unlock(host);
    return answer(rc);
}

/* As a driver answers that was built without them. */
int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *xgt, uint32_t domid,
                                   uint32_t flags, uint32_t count,
                                   const uint32_t *refs, uint32_t *fd)
{
    (void)xgt;
    (void)domid;
    (void)flags;
    (void)refs;
    (void)fd;
    return answer(count ? -ENOTTY : -EINVAL);
}

int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *xgt, uint32_t fd,
                                       uint32_t wait_to_ms)
{
    (void)xgt;
    (void)fd;
    (void)wait_to_ms;
    return answer(-ENOTTY);
}

int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *xgt, uint32_t domid,
                                 uint32_t fd, uint32_t count, uint32_t *refs)
{
    (void)xgt;
    (void)domid;
    (void)fd;
    (void)refs;
    return answer(count ? -ENOTTY : -EINVAL);
}

int xengnttab_dmabuf_imp_release(xengnttab_handle *xgt, uint32_t fd)
{
    (void)xgt;
    (void)fd;
    return answer(-ENOTTY);
}

/* There is no such device: nobody gets a handle. */
xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger,
                                 unsigned int open_flags)
{
    (void)logger;
    (void)open_flags;
    errno = ENOENT;
    return NULL;
}

int xengntshr_close(xengntshr_handle *xgs)
{
    return xgs ? answer(-EBADF) : 0;
}

int xengntshr_fd(xengntshr_handle *xgs)
{
    (void)xgs;
    return answer(-EBADF);
}

void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count,
                            uint32_t *refs, int writable)
{
    (void)xgs;
    (void)domid;
    (void)count;
    (void)refs;
    (void)writable;
    errno = EBADF;
    return NULL;
}

void *xengntshr_share_page_notify(xengntshr_handle *xgs, uint32_t domid,
                                  uint32_t *ref, int writable,
                                  uint32_t notify_offset,
                                  evtchn_port_t notify_port)
{
    (void)notify_offset;
    (void)notify_port;
    return xengntshr_share_pages(xgs, domid, 1, ref, writable);
}

int xengntshr_unshare(xengntshr_handle *xgs, void *start_address,
                      uint32_t count)
{
    (void)xgs;
    (void)start_address;
    (void)count;
    return answer(-EBADF);
}
