/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exchange.c - XENMEM_exchange: frames for others.
 */
#include "hypercall/exchange.h"

#include <errno.h>
#include <stdlib.h>

#include <xen/memory.h>

#include "hypercall/compat.h"
#include "hypercall/placement.h"
#include "hypercall/reservation.h"
#include "machine/frames.h"

/*
 * An exchange goes chunk by chunk, the larger of both orders at once; a chunk
 * that fails leaves the domain's memory as it was, and those before it done.
 */
struct exchange {
    struct fx_domain *domain;
    xen_memory_exchange_t args;
    unsigned int chunk_order;
    struct fx_alloc want;
    uint64_t *in, *out; /* the extents of one chunk */
};

static uint64_t extents_at(const struct xen_memory_reservation *list)
{
    return (uint64_t)(uintptr_t)list->extent_start.p;
}

/* A frame that nobody uses: its allocation is its only reference. */
static bool can_steal(struct fx_host *host, const struct fx_domain *domain,
                      uint64_t mfn)
{
    const struct fx_frame *frame = fx_frame(host, mfn);

    return frame && frame->owner == domain->id && frame->refs == 1 &&
           frame->flags & FX_F_ALLOCATED && !(frame->flags & FX_F_XENHEAP);
}

/* Of a chunk's frames, the one of that number. */
static struct fx_frame *input_frame(struct fx_host *host,
                                    const struct exchange *x, uint64_t number)
{
    unsigned int order = x->args.in.extent_order;

    return fx_frame(host, x->in[number >> order] +
                              (number & ((UINT64_C(1) << order) - 1)));
}

/* The same frame twice would be stolen twice: each of `marked` gets, when it is
 * seen, a reference that can_steal() then does not find. */
static int mark_input(const struct fx_caller *caller, struct exchange *x,
                      uint64_t chunk, uint64_t *marked)
{
    struct fx_host *host = caller->host;
    unsigned int order = x->args.in.extent_order;
    uint64_t extents = UINT64_C(1) << (x->chunk_order - order), i, j;
    int rc;

    for (i = 0; i < extents; i++) {
        rc = fx_word_in(caller, &x->in[i], extents_at(&x->args.in),
                        chunk * extents + i);
        if (rc)
            return rc;
        for (j = 0; j < UINT64_C(1) << order; j++) {
            if (!can_steal(host, x->domain, x->in[i] + j))
                return -EINVAL;
            fx_frame(host, x->in[i] + j)->refs++;
            ++*marked;
        }
    }
    return 0;
}

static void unmark_input(struct fx_host *host, const struct exchange *x,
                         uint64_t marked)
{
    while (marked--)
        input_frame(host, x, marked)->refs--;
}

static void free_input(struct fx_host *host, const struct exchange *x)
{
    unsigned int order = x->args.in.extent_order;
    uint64_t i, j;

    for (i = 0; i < UINT64_C(1) << (x->chunk_order - order); i++)
        for (j = 0; j < UINT64_C(1) << order; j++) {
            struct fx_frame *frame = fx_frame(host, x->in[i] + j);

            fx_forget_dirty(x->domain, frame);
            frame->refs = 0;
            fx_free_frame(host, x->in[i] + j);
        }
}

/* Not out of the domain's claim, which is for memory that it has not got. */
static int alloc_output(struct fx_host *host, const struct exchange *x,
                        uint64_t extents)
{
    uint64_t *mfns = x->out, i, j;

    for (i = 0; i < extents; i++) {
        mfns[i] = FX_NO_MFN;
        if (fx_unclaimed(host, NULL, UINT64_C(1) << x->want.order))
            mfns[i] = fx_alloc_frames(host, &x->want, x->domain->id);
        if (mfns[i] == FX_NO_MFN)
            break;
    }
    if (i == extents)
        return 0;
    while (i--)
        for (j = 0; j < UINT64_C(1) << x->want.order; j++) {
            fx_frame(host, mfns[i] + j)->refs = 0;
            fx_free_frame(host, mfns[i] + j);
        }
    return -ENOMEM;
}

/* Past the point of no return: a bad list then costs names, not frames. */
static int give_output(const struct fx_caller *caller, const struct exchange *x,
                       uint64_t chunk, uint64_t extents)
{
    const uint64_t *mfns = x->out;
    uint64_t i, pfn;
    int rc = 0;

    for (i = 0; i < extents; i++) {
        uint64_t index = chunk * extents + i;

        if (fx_word_in(caller, &pfn, extents_at(&x->args.out), index)) {
            rc = -EFAULT;
            continue;
        }
        fx_name_frames(caller->host, mfns[i], pfn,
                       UINT64_C(1) << x->want.order);
        if (fx_word_out(caller, extents_at(&x->args.out), index, mfns[i]))
            rc = -EFAULT;
    }
    return rc;
}

static int exchange_chunk(const struct fx_caller *caller, struct exchange *x,
                          uint64_t chunk)
{
    struct fx_host *host = caller->host;
    uint64_t extents = UINT64_C(1)
                       << (x->chunk_order - x->args.out.extent_order);
    uint64_t marked = 0;
    int rc;

    fx_work(host, 2 * (uint64_t)FX_WORK_FRAME << x->chunk_order);
    rc = mark_input(caller, x, chunk, &marked);

    if (!rc)
        rc = alloc_output(host, x, extents);
    if (rc) {
        unmark_input(host, x, marked);
        return rc;
    }
    free_input(host, x);
    return give_output(caller, x, chunk, extents);
}

static int check_exchange(const struct fx_caller *caller, struct exchange *x)
{
    struct fx_host *host = caller->host;
    struct xen_memory_reservation *in = &x->args.in, *out = &x->args.out;
    unsigned int bits = XENMEMF_get_address_bits(out->mem_flags);
    int rc;

    if (in->extent_order > fx_max_extent_order(caller) ||
        out->extent_order > fx_max_extent_order(caller))
        return -EPERM;
    if (x->args.nr_exchanged > in->nr_extents || in->domid != out->domid ||
        UINT64_MAX >> in->extent_order < in->nr_extents ||
        UINT64_MAX >> out->extent_order < out->nr_extents ||
        in->nr_extents << in->extent_order != out->nr_extents
                                                  << out->extent_order)
        return -EINVAL;
    x->chunk_order = in->extent_order > out->extent_order ? in->extent_order
                                                          : out->extent_order;
    x->want =
        (struct fx_alloc){.order = out->extent_order, .node = FX_ANY_NODE};
    rc = fx_place_on_node(host, &x->want, out->mem_flags);
    if (rc)
        return rc;
    x->domain = fx_caller_domain(caller, in->domid);
    if (!x->domain)
        return -ESRCH;
    if (!fx_may_target(caller, x->domain))
        return -EPERM;
    x->want.bits = fx_clamp_bits(host, x->domain, bits);
    return 0;
}

long fx_exchange_op(const struct fx_caller *caller, uint64_t at)
{
    struct exchange x = {0};
    uint64_t chunk, first, end;
    bool is_due = false;
    unsigned int shift;
    int rc;

    if (fx_struct_in(caller, FX_MEMORY_EXCHANGE, &x.args, at))
        return -EFAULT;
    rc = check_exchange(caller, &x);
    if (rc)
        goto out;
    x.in = calloc(UINT64_C(1) << (x.chunk_order - x.args.in.extent_order),
                  sizeof(*x.in));
    x.out = calloc(UINT64_C(1) << (x.chunk_order - x.args.out.extent_order),
                   sizeof(*x.out));
    if (!x.in || !x.out) {
        rc = -ENOMEM;
        goto out;
    }
    shift = x.chunk_order - x.args.in.extent_order;
    end = x.args.in.nr_extents >> shift;
    first = x.args.nr_exchanged >> shift;
    for (chunk = first; chunk < end; chunk++) {
        is_due = fx_preempt_due(caller, chunk - first);
        rc = is_due ? 0 : exchange_chunk(caller, &x, chunk);
        if (rc || is_due)
            break;
    }
    x.args.nr_exchanged = chunk < end ? chunk << shift : x.args.in.nr_extents;
out:
    /* The last of the structure's fields, and the only one that changes. */
    if (fx_word_out(caller,
                    at + fx_struct_bytes(caller, FX_MEMORY_EXCHANGE) -
                        fx_word_bytes(caller),
                    0, x.args.nr_exchanged))
        rc = -EFAULT;
    free(x.in);
    free(x.out);
    return is_due && !rc
               ? fx_preempt(caller, (uint64_t[5]){XENMEM_exchange, at})
               : rc;
}
