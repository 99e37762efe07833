/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log_dirty.c - XEN_DOMCTL_shadow_op, as far as a PV guest has to do with it:
 * which of its frames were written to since they were last asked for. A bit
 * for each PFN, which the M2P tells.
 *
 * On Xen the map takes frames from the domain's shadow pool, and there is none
 * where that is too small; so there is a pool here, though nothing is in it.
 */
#include "domain/log_dirty.h"

#include <errno.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#include "domain/state.h"
#include "machine/frames.h"
#include "machine/tlb.h"
#include "xen_versions.h"

/* A map takes four frames at first: one of each level. */
#define MAP_FRAMES 4

/* Xen keeps so many for shadows of page tables. */
static uint32_t reserved_pages(const struct fx_domain *domain)
{
    return domain->max_vcpus * 128;
}

static uint32_t least_pages(const struct fx_domain *domain)
{
    return reserved_pages(domain) + (uint32_t)(domain->tot_pages / 256);
}

static int grow_pool(struct fx_host *host, struct fx_domain_state *state,
                     uint32_t pages)
{
    while (state->shadow_pages < pages) {
        uint64_t mfn = fx_xen_frames(host, 0);

        if (mfn == FX_NO_MFN)
            return -ENOMEM;
        memcpy(fx_page(host, mfn), &state->shadow_pool, sizeof(mfn));
        state->shadow_pool = mfn;
        state->shadow_pages++;
    }
    return 0;
}

static void shrink_pool(struct fx_host *host, struct fx_domain_state *state,
                        uint32_t pages)
{
    while (state->shadow_pages > pages) {
        uint64_t mfn = state->shadow_pool;
        const struct fx_frame *frame = fx_frame(host, mfn);

        if (!frame || frame->owner != DOMID_XEN) { /* damaged: the audit's */
            state->shadow_pages = 0;
            return;
        }
        memcpy(&state->shadow_pool, fx_page(host, mfn), sizeof(mfn));
        state->shadow_pages--;
        fx_free_xen_frames(host, mfn, 0);
    }
}

/* More than none is at least what Xen can work with. */
static int set_pool(struct fx_host *host, const struct fx_domain *domain,
                    struct fx_domain_state *state, uint32_t pages)
{
    if (pages && pages < least_pages(domain))
        pages = least_pages(domain);
    shrink_pool(host, state, pages);
    return grow_pool(host, state, pages);
}

void fx_shadow_free(struct fx_host *host, struct fx_domain *domain)
{
    struct fx_domain_state *state = fx_domain_state(host, domain);

    if (state)
        shrink_pool(host, state, 0);
}

static long set_allocation(struct fx_host *host, const struct fx_domain *domain,
                           struct fx_domain_state *state,
                           struct xen_domctl_shadow_op *op)
{
    int rc;

    if (!op->mb && domain->log_dirty)
        return -EINVAL;
    /* 32 bits of pages, as on Xen */
    rc = set_pool(host, domain, state, op->mb << 8);
    op->mb = (state->shadow_pages + 255) >> 8;
    return rc;
}

/* The domain's first dirty frame at or behind that one; FX_NO_MFN: none. */
static uint64_t next_dirty(struct fx_host *host, const struct fx_domain *domain,
                           uint64_t mfn)
{
    if (!domain->dirty_pages)
        return FX_NO_MFN;
    for (; (mfn = fx_next_used(host, mfn)) != FX_NO_MFN; mfn++) {
        const struct fx_frame *frame = fx_frame(host, mfn);

        if (frame->owner == domain->id && frame->flags & FX_F_DIRTY)
            return mfn;
    }
    return FX_NO_MFN;
}

/* Forgets, or clears, every dirty frame of the domain. */
static void clean(struct fx_host *host, struct fx_domain *domain)
{
    uint64_t mfn;

    for (mfn = 0; (mfn = next_dirty(host, domain, mfn)) != FX_NO_MFN; mfn++)
        fx_forget_dirty(domain, fx_frame(host, mfn));
    domain->dirty_pages = 0;
}

static void fill_bitmap(struct fx_host *host, const struct fx_domain *domain,
                        uint8_t *bitmap, uint64_t pages)
{
    uint64_t mfn;

    for (mfn = 0; (mfn = next_dirty(host, domain, mfn)) != FX_NO_MFN; mfn++) {
        uint64_t pfn = host->m2p[mfn];

        if (pfn < pages)
            bitmap[pfn / 8] |= (uint8_t)(1u << (pfn % 8));
    }
}

static int copy_bitmap(const struct fx_caller *caller,
                       const struct fx_domain *domain,
                       const struct xen_domctl_shadow_op *op)
{
    uint64_t bytes = op->pages / 8 + !!(op->pages % 8);
    uint64_t at = (uint64_t)(uintptr_t)op->dirty_bitmap.p;
    const uint8_t none = 0;
    uint8_t *bitmap;
    int rc;

    if (!at || !bytes)
        return 0;
    /* As much memory is taken for it as the caller has. */
    if (fx_copy_out(caller, at + bytes - 1, &none, 1))
        return -EFAULT;
    bitmap = calloc(bytes, 1);
    if (!bitmap)
        return -ENOMEM;
    fill_bitmap(caller->host, domain, bitmap, op->pages);
    rc = fx_copy_out(caller, at, bitmap, bytes);
    free(bitmap);
    return rc;
}

static long clean_or_peek(const struct fx_caller *caller,
                          struct fx_domain *domain,
                          struct fx_domain_state *state,
                          struct xen_domctl_shadow_op *op)
{
    /* Xen's own map of dirty frames has room for so many. */
    const uint64_t most = UINT64_C(1) << 42;
    int rc;

    if (op->mode & ~XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL)
        return -EINVAL;
    if (op->pages > most)
        op->pages = most;
    if (domain->dirty_pages &&
        state->shadow_pages < reserved_pages(domain) + MAP_FRAMES)
        state->log_failed = true;
    if (state->log_failed)
        return -ENOMEM;
    /* A CPU that may write to a page already would not be seen to do it. */
    if (op->op == XEN_DOMCTL_SHADOW_OP_CLEAN)
        fx_tlb_shootdown(caller->host);
    op->stats.fault_count = (uint32_t)domain->dirty_pages;
    op->stats.dirty_count = (uint32_t)domain->dirty_pages;
    rc = copy_bitmap(caller, domain, op);
    if (!rc && op->op == XEN_DOMCTL_SHADOW_OP_CLEAN)
        clean(caller->host, domain);
    return rc;
}

static long enable(struct fx_host *host, struct fx_domain *domain,
                   struct fx_domain_state *state)
{
    if (domain->log_dirty)
        return -EINVAL;
    if (state->shadow_pages < least_pages(domain) &&
        set_pool(host, domain, state, 1)) {
        shrink_pool(host, state, 0);
        return -ENOMEM;
    }
    fx_tlb_shootdown(host);
    clean(host, domain);
    domain->log_dirty = true;
    return 0;
}

static void disable(struct fx_host *host, struct fx_domain *domain,
                    struct fx_domain_state *state)
{
    if (domain->log_dirty)
        shrink_pool(host, state, 0);
    state->log_failed = false;
    clean(host, domain);
    domain->log_dirty = false;
}

/*
 * A PV guest's writes are logged by its shadow page tables, and there are none
 * where Xen was built without CONFIG_SHADOW_PAGING (xen/arch/x86/mm/paging.c
 * and mm/shadow/none.c of 4.20.4).
 */
static long without_shadow(const struct fx_caller *caller,
                           struct fx_domain *domain,
                           struct fx_domain_state *state,
                           struct xen_domctl_shadow_op *op)
{
    switch (op->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        return op->mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY ? -EOPNOTSUPP
                                                             : -EINVAL;
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return -EOPNOTSUPP;
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK: /* nothing was written to */
        return clean_or_peek(caller, domain, state, op);
    default:
        return -EINVAL;
    }
}

long fx_shadow_op(const struct fx_caller *caller, struct fx_domain *domain,
                  struct xen_domctl_shadow_op *op)
{
    struct fx_host *host = caller->host;
    struct fx_domain_state *state = fx_domain_state(host, domain);

    if (domain == caller->domain)
        return -EINVAL;
    if (domain->dying)
        return XEN_NO_PAGING_OP_WHEN_DYING ? -EINVAL : 0;
    if (!state || !fx_vcpu_state(host, domain, 0))
        return -EINVAL;
    if (!host->super->shadow)
        return without_shadow(caller, domain, state, op);
    switch (op->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        if (!(op->mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY))
            return -EINVAL;
        return enable(host, domain, state);
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return enable(host, domain, state);
    case XEN_DOMCTL_SHADOW_OP_OFF:
        disable(host, domain, state);
        return 0;
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        return clean_or_peek(caller, domain, state, op);
    case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
        op->mb = (state->shadow_pages + 255) >> 8;
        return 0;
    case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
        return set_allocation(host, domain, state, op);
    default:
        return -EINVAL;
    }
}
