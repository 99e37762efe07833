/* SPDX-License-Identifier: GPL-2.0-only */
#include "domain/ldt.h"

#include "domain/guest_memory.h"
#include "domain/state.h"
#include "machine/tlb.h"
#include "memory/page_type.h"
#include "memory/pt_entry.h"

#define PER_PAGE (FX_PAGE_SIZE / 8)

/* The frame that the guest's kernel has there. */
static uint64_t frame_at(const struct fx_caller *caller, uint64_t address)
{
    const uint64_t *entry;
    uint64_t table = fx_guest_l1(caller, address);

    if (table == FX_NO_MFN)
        return FX_NO_MFN;
    entry = fx_entry_in(caller->host, table, 1, address);
    return entry && *entry & FX_PRESENT ? fx_entry_mfn(*entry) : FX_NO_MFN;
}

uint64_t fx_ldt_page(struct fx_host *host, struct fx_domain *domain,
                     uint32_t vcpu, unsigned int page)
{
    const struct fx_caller caller = fx_guest_caller(host, domain, vcpu);
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    uint64_t mfn;

    if (!v || page >= FX_LDT_PAGES || page * PER_PAGE >= v->context.ldt_ents)
        return FX_NO_MFN;
    if (v->ldt_frame[page] != FX_NO_MFN)
        return v->ldt_frame[page];
    mfn = frame_at(&caller, v->context.ldt_base + page * FX_PAGE_SIZE);
    if (mfn == FX_NO_MFN ||
        fx_get_page_and_type(host, mfn, domain->id, FX_SEG_DESC, 0))
        return FX_NO_MFN;
    v->ldt_frame[page] = mfn;
    return mfn;
}

void fx_put_ldt(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    unsigned int i;

    for (i = 0; v && i < FX_LDT_PAGES; i++) {
        uint64_t mfn = v->ldt_frame[i];

        if (mfn == FX_NO_MFN)
            continue;
        v->ldt_frame[i] = FX_NO_MFN;
        fx_tlb_flush(domain);
        if (fx_is_ram(host, mfn))
            fx_put_page_and_type(host, mfn);
    }
}
