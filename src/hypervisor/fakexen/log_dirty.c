/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log_dirty.c - XEN_DOMCTL_shadow_op, as far as a PV guest has to do with it:
 * which of its frames were written to since they were last asked for. A bit
 * for each PFN, which the M2P tells.
 */
#include <errno.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#include "domain.h"
#include "guest.h"

/* Forgets, or clears, every dirty frame of the domain. */
static void clean(struct fx_host *host, struct fx_domain *domain)
{
    uint64_t mfn;

    for (mfn = 0; domain->dirty_pages && mfn < host->super->nr_frames; mfn++) {
        struct fx_frame *frame = &host->frames[mfn];

        if (frame->owner != domain->id || !(frame->flags & FX_F_DIRTY))
            continue;
        frame->flags &= (uint16_t)~FX_F_DIRTY;
        domain->dirty_pages--;
    }
    domain->dirty_pages = 0;
}

static void fill_bitmap(struct fx_host *host, const struct fx_domain *domain,
                        uint8_t *bitmap, uint64_t pages)
{
    uint64_t left = domain->dirty_pages;
    uint64_t mfn;

    for (mfn = 0; left && mfn < host->super->nr_frames; mfn++) {
        const struct fx_frame *frame = &host->frames[mfn];
        uint64_t pfn = host->m2p[mfn];

        if (frame->owner != domain->id || !(frame->flags & FX_F_DIRTY))
            continue;
        left--;
        if (pfn < pages)
            bitmap[pfn / 8] |= (uint8_t)(1u << (pfn % 8));
    }
}

static int copy_bitmap(struct fx_host *host, const struct fx_domain *domain,
                       const struct xen_domctl_shadow_op *op)
{
    uint64_t bytes = op->pages / 8 + !!(op->pages % 8);
    uint64_t at = (uint64_t)(uintptr_t)op->dirty_bitmap.p;
    uint8_t *bitmap;
    int rc;

    if (!at)
        return 0;
    bitmap = calloc(bytes + 1, 1);
    if (!bitmap)
        return -ENOMEM;
    fill_bitmap(host, domain, bitmap, op->pages);
    rc = bytes ? fx_copy_to(at, bitmap, bytes) : 0;
    free(bitmap);
    return rc;
}

static long clean_or_peek(struct fx_host *host, struct fx_domain *domain,
                          struct xen_domctl_shadow_op *op)
{
    /* Xen's own map of dirty frames has room for so many. */
    const uint64_t most = UINT64_C(1) << 42;
    int rc;

    if (op->mode & ~XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL)
        return -EINVAL;
    if (op->pages > most)
        op->pages = most;
    op->stats.fault_count = (uint32_t)domain->dirty_pages;
    op->stats.dirty_count = (uint32_t)domain->dirty_pages;
    rc = copy_bitmap(host, domain, op);
    if (!rc && op->op == XEN_DOMCTL_SHADOW_OP_CLEAN)
        clean(host, domain);
    return rc;
}

static long enable(struct fx_host *host, struct fx_domain *domain)
{
    if (domain->log_dirty)
        return -EINVAL;
    clean(host, domain);
    domain->log_dirty = true;
    return 0;
}

long fx_shadow_op(struct fx_host *host, struct fx_domain *domain,
                  struct xen_domctl_shadow_op *op)
{
    if (!domain->id)
        return -EINVAL;
    if (domain->dying)
        return 0;
    if (!fx_vcpu_state(host, domain, 0))
        return -EINVAL;
    switch (op->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        if (!(op->mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY))
            return -EINVAL;
        return enable(host, domain);
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return enable(host, domain);
    case XEN_DOMCTL_SHADOW_OP_OFF:
        clean(host, domain);
        domain->log_dirty = false;
        return 0;
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        return clean_or_peek(host, domain, op);
    case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
        op->mb = 0;
        return 0;
    default:
        return -EINVAL;
    }
}
