/* SPDX-License-Identifier: GPL-2.0-only */
#include "hypercall/grant_copy.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "domain/grants.h"
#include "hypercall/compat.h"
#include "machine/frames.h"
#include "memory/page_type.h"

/* One end of a copy, which is written to or read. */
struct end {
    struct fx_domain *domain;
    bool is_granted, writable;
    struct fx_grant_hold hold; /* of its own: mfn alone */
};

/* By its number, a frame must be the caller's own: DOMID_SELF. */
static int16_t find_domain(const struct fx_caller *caller,
                           const struct gnttab_copy_ptr *ptr, struct end *end)
{
    if (ptr->domid != DOMID_SELF && !end->is_granted)
        return GNTST_permission_denied;
    end->domain = fx_caller_domain(caller, ptr->domid);
    return end->domain ? GNTST_okay : GNTST_bad_domain;
}

static int16_t claim_own(struct fx_host *host, uint64_t mfn, struct end *end)
{
    if (fx_get_page(host, mfn, end->domain->id))
        return GNTST_bad_page;
    if (end->writable && fx_get_type(host, mfn, FX_WRITABLE, 0)) {
        fx_put_page(host, mfn);
        return GNTST_general_error;
    }
    end->hold.mfn = mfn;
    return GNTST_okay;
}

static int16_t claim(const struct fx_caller *caller,
                     const struct gnttab_copy_ptr *ptr, struct end *end)
{
    const struct fx_grant_call call = {
        .domid = end->domain->id,
        .ref = ptr->u.ref,
        .wish = {.user = caller->domain->id,
                 .writable = end->writable,
                 .is_copy = true},
    };

    return end->is_granted ? fx_grant_hold(caller->host, &call, &end->hold)
                           : claim_own(caller->host, ptr->u.gmfn, end);
}

static void release(struct fx_host *host, const struct end *end)
{
    if (end->is_granted)
        fx_grant_release(host, &end->hold);
    else if (end->writable)
        fx_put_page_and_type(host, end->hold.mfn);
    else
        fx_put_page(host, end->hold.mfn);
}

static int16_t copy_pages(struct fx_host *host, const gnttab_copy_t *op,
                          const struct end *source, const struct end *dest)
{
    const uint8_t *from = fx_page(host, source->hold.mfn);
    uint8_t *to = fx_page(host, dest->hold.mfn);
    struct fx_frame *frame = fx_frame(host, dest->hold.mfn);

    if ((uint32_t)op->source.offset + op->len > FX_PAGE_SIZE ||
        (uint32_t)op->dest.offset + op->len > FX_PAGE_SIZE)
        return GNTST_bad_copy_arg;
    if (!from || !to)
        return GNTST_general_error;
    memmove(to + op->dest.offset, from + op->source.offset, op->len);
    if (!(frame->flags & FX_F_XENHEAP))
        fx_mark_dirty(dest->domain, frame);
    return GNTST_okay;
}

static int16_t copy_one(const struct fx_caller *caller, const gnttab_copy_t *op)
{
    struct end source = {.is_granted = op->flags & GNTCOPY_source_gref};
    struct end dest = {.is_granted = op->flags & GNTCOPY_dest_gref,
                       .writable = true};
    int16_t status;

    if (!op->len)
        return GNTST_okay;
    status = find_domain(caller, &op->source, &source);
    if (!status)
        status = find_domain(caller, &op->dest, &dest);
    if (!status)
        status = claim(caller, &op->source, &source);
    if (status)
        return status;
    status = claim(caller, &op->dest, &dest);
    if (!status) {
        status = copy_pages(caller->host, op, &source, &dest);
        release(caller->host, &dest);
    }
    release(caller->host, &source);
    return status;
}

long fx_grant_copy_op(const struct fx_caller *caller, uint64_t at,
                      uint32_t count)
{
    uint64_t bytes = fx_struct_bytes(caller, FX_GNTTAB_COPY);
    gnttab_copy_t op;
    uint32_t i;

    for (i = 0; i < count; i++, at += bytes) {
        if (fx_preempt_due(caller, i))
            return fx_preempt(caller,
                              (uint64_t[5]){GNTTABOP_copy, at, count - i});
        if (fx_struct_in(caller, FX_GNTTAB_COPY, &op, at))
            return -EFAULT;
        op.status = copy_one(caller, &op);
        /* Alone, as all else is the guest's; both widths have it there. */
        if (fx_copy_out(caller, at + bytes - 4, &op.status, sizeof(op.status)))
            return -EFAULT;
    }
    return 0;
}
