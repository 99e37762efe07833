/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.c - what Xen keeps of a domain and of its vCPUs in frames of its own.
 */
#include "domain/state.h"

#include <string.h>

#include "machine/frames.h"
#include "machine/space.h"

_Static_assert(sizeof(struct fx_domain_state) <= FX_PAGE_SIZE, "one frame");
_Static_assert(sizeof(struct fx_vcpu_state) <= FX_VCPU_FRAMES * FX_PAGE_SIZE,
               "a vCPU's frames");

/* What stands in frames is not covered by the file's checksum: a state with
 * counts that cannot be is none. */
struct fx_domain_state *fx_domain_state(struct fx_host *host,
                                        const struct fx_domain *domain)
{
    struct fx_domain_state *state;

    /* 0, which no domain is given: the control domain has none. */
    if (!domain->state || !fx_is_ram(host, domain->state))
        return NULL;
    state = fx_page(host, domain->state);
    return state && state->nr_grant_frames <= FX_MAX_GRANT_FRAMES &&
                   state->nr_vnodes <= FX_MAX_VNODES
               ? state
               : NULL;
}

struct fx_vcpu_state *fx_vcpu_state(struct fx_host *host,
                                    const struct fx_domain *domain,
                                    uint32_t vcpu)
{
    const struct fx_vcpu *slot = fx_vcpu(host, domain, vcpu);
    struct fx_vcpu_state *state;

    if (!slot || !slot->exists || !fx_is_ram(host, slot->context) ||
        !fx_is_ram(host, slot->context + FX_VCPU_FRAMES - 1))
        return NULL;
    state = fx_page(host, slot->context);
    return state && state->nr_msrs <= FX_VCPU_MSRS ? state : NULL;
}

/* Frames of Xen's own, zeroed. */
uint64_t fx_xen_frames(struct fx_host *host, unsigned int order)
{
    struct fx_alloc want = {.order = order, .node = FX_ANY_NODE};
    uint64_t mfn = FX_NO_MFN;

    if (fx_unclaimed(host, NULL, UINT64_C(1) << order))
        mfn = fx_alloc_frames(host, &want, DOMID_XEN);
    if (mfn == FX_NO_MFN)
        return mfn;
    if (fx_touch(host, mfn, UINT64_C(1) << order)) {
        fx_free_xen_frames(host, mfn, order);
        return FX_NO_MFN;
    }
    memset(fx_page(host, mfn), 0, FX_PAGE_SIZE << order);
    return mfn;
}

void fx_free_xen_frames(struct fx_host *host, uint64_t mfn, unsigned int order)
{
    uint64_t i;

    if (mfn == FX_NO_MFN)
        return;
    for (i = 0; i < UINT64_C(1) << order; i++) {
        struct fx_frame *frame = fx_frame(host, mfn + i);

        if (!frame)
            continue;
        frame->refs = 0;
        frame->type = 0;
        fx_free_frame(host, mfn + i);
    }
}

uint64_t fx_shared_frame(struct fx_host *host, const struct fx_domain *domain,
                         unsigned int bits)
{
    struct fx_alloc want = {.node = FX_ANY_NODE, .bits = bits};
    struct fx_frame *frame;
    uint64_t mfn;

    if (!fx_unclaimed(host, NULL, 1))
        return FX_NO_MFN;
    mfn = fx_alloc_frames(host, &want, domain->id);
    if (mfn == FX_NO_MFN)
        return mfn;
    frame = fx_frame(host, mfn);
    if (fx_touch(host, mfn, 1)) {
        frame->refs = 0;
        fx_free_frame(host, mfn);
        return FX_NO_MFN;
    }
    frame->flags |= FX_F_XENHEAP;
    frame->type = FX_T_MAKE(FX_WRITABLE) | FX_T_VALIDATED | 1;
    memset(fx_page(host, mfn), 0, FX_PAGE_SIZE);
    return mfn;
}
