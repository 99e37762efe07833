/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_info.c - what a guest and Xen share.
 */
#include "domain/vcpu_info.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/foreign/x86_32.h>

#include "domain/event.h"
#include "domain/state.h"
#include "machine/frames.h"
#include "memory/page_type.h"

_Static_assert(sizeof(vcpu_info_t) == sizeof(vcpu_info_x86_32_t),
               "as long for both widths");
_Static_assert(offsetof(vcpu_info_t, evtchn_upcall_pending) ==
                       FX_UPCALL_PENDING &&
                   offsetof(vcpu_info_x86_32_t, evtchn_upcall_pending) ==
                       FX_UPCALL_PENDING,
               "vcpu_info");
_Static_assert(offsetof(vcpu_info_t, evtchn_upcall_mask) == FX_UPCALL_MASK &&
                   offsetof(vcpu_info_x86_32_t, evtchn_upcall_mask) ==
                       FX_UPCALL_MASK,
               "vcpu_info");

uint8_t *fx_shared_info(struct fx_host *host, const struct fx_domain *domain)
{
    return fx_is_ram(host, domain->shared_info)
               ? fx_page(host, domain->shared_info)
               : NULL;
}

uint8_t *fx_vcpu_info(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu)
{
    const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    uint8_t *page;

    if (!v)
        return NULL;
    if (v->info_mfn != FX_NO_MFN) {
        page = fx_is_ram(host, v->info_mfn) ? fx_page(host, v->info_mfn) : NULL;
        return page && v->info_offset <= FX_PAGE_SIZE - sizeof(vcpu_info_t)
                   ? page + v->info_offset
                   : NULL;
    }
    page = vcpu < XEN_LEGACY_MAX_VCPUS ? fx_shared_info(host, domain) : NULL;
    return page ? page + vcpu * sizeof(vcpu_info_t) : NULL;
}

void fx_vcpu_info_cr2(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu, uint64_t cr2)
{
    uint8_t *info = fx_vcpu_info(host, domain, vcpu);

    if (info && domain->is_32bit)
        memcpy(info + offsetof(vcpu_info_x86_32_t, arch.cr2), &cr2, 4);
    else if (info)
        memcpy(info + offsetof(vcpu_info_t, arch.cr2), &cr2, 8);
}

/* What was in the old place, or what a vCPU without one starts with. */
static void fill(struct fx_host *host, const struct fx_domain *domain,
                 uint32_t vcpu, uint8_t *to)
{
    const uint8_t *from = fx_vcpu_info(host, domain, vcpu);

    if (from) {
        memcpy(to, from, sizeof(vcpu_info_t));
    } else {
        memset(to, 0, sizeof(vcpu_info_t));
        to[FX_UPCALL_MASK] = 1;
    }
    if (domain->is_32bit)
        memset(to + offsetof(vcpu_info_x86_32_t, evtchn_pending_sel), 0xff, 4);
    else
        memset(to + offsetof(vcpu_info_t, evtchn_pending_sel), 0xff, 8);
}

int fx_map_vcpu_info(struct fx_host *host, struct fx_domain *domain,
                     uint32_t vcpu, bool own, uint64_t mfn, uint32_t offset)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    unsigned int alignment = domain->is_32bit ? 4 : 8;
    uint8_t *page;

    if (offset > FX_PAGE_SIZE - sizeof(vcpu_info_t) || offset % alignment)
        return -ENXIO;
    if (!v || v->info_mfn != FX_NO_MFN ||
        (!own && !fx_vcpu(host, domain, vcpu)->down) ||
        fx_get_page_and_type(host, mfn, domain->id, FX_WRITABLE, 0))
        return -EINVAL;
    page = fx_page(host, mfn);
    if (!page) {
        fx_put_page_and_type(host, mfn);
        return -ENOMEM;
    }
    fill(host, domain, vcpu, page + offset);
    fx_mark_dirty(domain, fx_frame(host, mfn));
    v->info_offset = offset;
    v->info_mfn = mfn;
    page[offset + FX_UPCALL_PENDING] = 1;
    fx_vcpu_wake(host, domain, vcpu);
    return 0;
}

void fx_unmap_vcpu_info(struct fx_host *host, const struct fx_domain *domain,
                        uint32_t vcpu)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    uint64_t mfn;

    if (!v || v->info_mfn == FX_NO_MFN)
        return;
    mfn = v->info_mfn;
    v->info_mfn = FX_NO_MFN;
    if (fx_is_ram(host, mfn))
        fx_put_page_and_type(host, mfn);
}
