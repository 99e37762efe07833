/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reservation.c - memory of domains, by extents.
 */
#include "hypercall/reservation.h"

#include <errno.h>

#include <xen/memory.h>

#include "hypercall/compat.h"
#include "hypercall/placement.h"
#include "machine/frames.h"
#include "memory/page_type.h"
#include "xen_versions.h"

struct reservation {
    struct fx_domain *domain;
    uint64_t list;
    uint64_t extents;
    uint64_t start; /* the first that is not done */
    struct fx_alloc want;
    bool is_put_off; /* what is not done */
};

/* Is extent `i` to be put off? */
static bool is_due(const struct fx_caller *caller, struct reservation *r,
                   uint64_t i)
{
    r->is_put_off = fx_preempt_due(caller, i - r->start);
    fx_work(caller->host, (uint64_t)FX_WORK_FRAME << r->want.order);
    return r->is_put_off;
}

/* May the domain have that many frames more, and does the host? */
static bool within_limits(const struct fx_host *host,
                          const struct fx_domain *domain, uint64_t pages)
{
    if (domain->dying || domain->tot_pages > domain->max_pages ||
        pages > domain->max_pages - domain->tot_pages)
        return false;
    return fx_unclaimed(host, domain, pages);
}

static uint64_t take_frames(struct fx_host *host, const struct reservation *r)
{
    uint64_t pages = UINT64_C(1) << r->want.order;
    uint64_t mfn;

    if (!within_limits(host, r->domain, pages))
        return FX_NO_MFN;
    mfn = fx_alloc_frames(host, &r->want, r->domain->id);
    if (mfn != FX_NO_MFN)
        fx_domain_adjust_pages(host, r->domain, (int64_t)pages);
    return mfn;
}

void fx_name_frames(struct fx_host *host, uint64_t mfn, uint64_t pfn,
                    uint64_t pages)
{
    uint64_t i;

    for (i = 0; i < pages; i++)
        fx_m2p_set(host, mfn + i, pfn + i);
}

/* Frames that were given stay given where the caller's list then fails. */
static uint64_t populate(const struct fx_caller *caller, struct reservation *r)
{
    struct fx_host *host = caller->host;
    uint64_t i;

    for (i = r->start; i < r->extents && !is_due(caller, r, i); i++) {
        uint64_t pfn, mfn;

        if (fx_word_in(caller, &pfn, r->list, i))
            break;
        mfn = take_frames(host, r);
        if (mfn == FX_NO_MFN)
            break;
        fx_name_frames(host, mfn, pfn, UINT64_C(1) << r->want.order);
        if (fx_word_out(caller, r->list, i, mfn))
            break;
    }
    return i;
}

static uint64_t increase(const struct fx_caller *caller, struct reservation *r)
{
    uint64_t i;

    for (i = r->start; i < r->extents && !is_due(caller, r, i); i++) {
        uint64_t mfn = take_frames(caller->host, r);

        if (mfn == FX_NO_MFN)
            break;
        if (r->list && fx_word_out(caller, r->list, i, mfn))
            break;
    }
    return i;
}

/* A frame whose allocation is dropped goes when its last user has. */
static int drop_frame(struct fx_host *host, struct fx_domain *domain,
                      uint64_t mfn)
{
    struct fx_frame *frame;
    int rc = fx_get_page(host, mfn, domain->id);

    if (rc)
        return rc;
    frame = fx_frame(host, mfn);
    if (frame->flags & FX_F_ALLOCATED && !(frame->flags & FX_F_XENHEAP)) {
        frame->flags &= (uint16_t)~FX_F_ALLOCATED;
        fx_put_page(host, mfn);
    }
    fx_put_page(host, mfn);
    return 0;
}

static uint64_t decrease(const struct fx_caller *caller, struct reservation *r)
{
    uint64_t pages = UINT64_C(1) << r->want.order;
    uint64_t i, j;

    for (i = r->start; i < r->extents && !is_due(caller, r, i); i++) {
        uint64_t mfn;

        if (fx_word_in(caller, &mfn, r->list, i))
            break;
        for (j = 0; j < pages; j++)
            if (drop_frame(caller->host, r->domain, mfn + j))
                return i;
    }
    return i;
}

static uint64_t all_extents(const struct fx_caller *caller,
                            unsigned int command, struct reservation *r)
{
    switch (command) {
    case XENMEM_increase_reservation:
        return increase(caller, r);
    case XENMEM_decrease_reservation:
        return decrease(caller, r);
    default:
        return populate(caller, r);
    }
}

/* All three answer the number of extents done, and never an error. */
long fx_reservation_op(const struct fx_caller *caller, unsigned int command,
                       uint64_t start, uint64_t at)
{
    struct reservation r = {.start = start, .want.node = FX_ANY_NODE};
    xen_memory_reservation_t asked;

    if (fx_struct_in(caller, FX_MEMORY_RESERVATION, &asked, at) ||
        asked.nr_extents > FX_MAX_EXTENTS || start >= asked.nr_extents ||
        asked.extent_order > fx_max_extent_order(caller))
        return (long)start;
    r.domain = fx_caller_domain(caller, asked.domid);
    if (!r.domain || !fx_may_target(caller, r.domain))
        return (long)start;
    r.list = (uint64_t)(uintptr_t)asked.extent_start.p;
    r.extents = asked.nr_extents;
    r.want.order = asked.extent_order;
    if (fx_place(caller->host, r.domain, &r.want, asked.mem_flags))
        return (long)start;
    /* Populate-on-demand is for HVM guests: Xen counts it as done. */
    if (command == XENMEM_populate_physmap &&
        asked.mem_flags & XENMEMF_populate_on_demand)
        return (long)(r.domain->id ? r.extents : start);
    start = all_extents(caller, command, &r);
    if (r.is_put_off)
        return fx_preempt(
            caller, (uint64_t[5]){command | start << FX_EXTENT_SHIFT, at});
    return (long)start;
}

long fx_claim_op(const struct fx_caller *caller, uint64_t at)
{
    struct fx_host *host = caller->host;
    struct fx_super *super = host->super;
    xen_memory_reservation_t asked;
    struct fx_domain *domain;
    uint64_t pages;

    if (fx_struct_in(caller, FX_MEMORY_RESERVATION, &asked, at))
        return -EFAULT;
    if (!fx_is_control(caller))
        return -EPERM;
    domain = fx_domain(host, asked.domid);
    if (asked.extent_start.p || asked.extent_order || asked.mem_flags ||
        !domain)
        return -EINVAL;
    pages = asked.nr_extents;
    if (!pages) {
        super->claimed_frames -= domain->claimed_pages;
        domain->claimed_pages = 0;
        return 0;
    }
    if (domain->claimed_pages || pages <= domain->tot_pages ||
        pages > domain->max_pages || (XEN_NO_CLAIM_WHEN_DYING && domain->dying))
        return -EINVAL;
    pages -= domain->tot_pages;
    if (super->claimed_frames + pages > fx_free_frames_count(host))
        return -ENOMEM;
    domain->claimed_pages = pages;
    super->claimed_frames += pages;
    return 0;
}
