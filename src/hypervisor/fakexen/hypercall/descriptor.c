/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * descriptor.c - a guest's segment descriptors: its GDT's frames, one
 * descriptor in a table that is in use, and what one of them says.
 */
#include "hypercall/descriptor.h"

#include <errno.h>
#include <string.h>

#include "domain/context.h"
#include "domain/ldt.h"
#include "domain/state.h"
#include "hypercall/compat.h"
#include "machine/frames.h"
#include "memory/page_type.h"
#include "memory/segment.h"
#include "machine/tlb.h"

#define PER_FRAME (FX_PAGE_SIZE / sizeof(uint64_t))

/* Of a selector: the LDT is meant.  Of a descriptor: it is there, is code or
 * data, and code that cannot be read (Intel SDM, volume 3, 3.4.5). */
#define SELECTOR_LDT 4u
#define PRESENT      (UINT64_C(1) << 47)
#define CODE_DATA    (UINT64_C(1) << 44)
#define CODE         (UINT64_C(1) << 43)
#define READABLE     (UINT64_C(1) << 41)

long fx_set_gdt_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);
    unsigned int entries = (unsigned int)arg[1], i;
    unsigned long frames[FX_GDT_MAX / PER_FRAME];
    int rc;

    if (!v || entries > FX_GDT_MAX)
        return -EINVAL;
    for (i = 0; i * PER_FRAME < entries; i++)
        if (fx_word_in(caller, &frames[i], arg[0], i))
            return -EFAULT;
    rc = fx_set_gdt(caller->host, caller->domain, v, frames, entries);
    if (!rc)
        fx_tlb_flush(caller->domain);
    return rc;
}

/* A frame of descriptors stays one, any other becomes writable for the time. */
long fx_update_descriptor(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_host *host = caller->host;
    struct fx_domain *domain = caller->domain;
    uint64_t at = caller->is_32bit ? arg[1] << 32 | arg[0] : arg[0];
    uint64_t value = caller->is_32bit ? arg[3] << 32 | arg[2] : arg[1];
    uint64_t mfn = at >> FX_PAGE_SHIFT;
    enum fx_type type = FX_WRITABLE;
    int rc;

    if (at % sizeof(value) || !fx_check_descriptor(&value, caller->is_32bit))
        return -EINVAL;
    if (fx_get_page(host, mfn, domain->id))
        return -EINVAL;
    if (FX_T_TYPE(fx_frame(host, mfn)->type) == FX_SEG_DESC)
        type = FX_SEG_DESC;
    rc = fx_page(host, mfn) ? fx_get_type(host, mfn, type, 0) : -ENOMEM;
    if (!rc) {
        ((uint64_t *)fx_page(host, mfn))[at % FX_PAGE_SIZE / sizeof(value)] =
            value;
        fx_mark_dirty(domain, fx_frame(host, mfn));
        fx_put_type(host, mfn);
        fx_tlb_flush(domain);
    }
    fx_put_page(host, mfn);
    return rc;
}

/* The descriptor that a selector names; 0: none, or one that does not do for
 * data. */
static uint64_t descriptor_of(const struct fx_caller *caller,
                              const struct fx_vcpu_state *v, uint16_t selector)
{
    unsigned int index = selector >> 3;
    uint64_t value, mfn, *entries;

    if (selector & SELECTOR_LDT) {
        if (index >= v->context.ldt_ents)
            return 0;
        mfn = fx_ldt_page(caller->host, caller->domain, caller->vcpu,
                          index / PER_FRAME);
    } else {
        if (index >= v->context.gdt_ents || index >= FX_GDT_MAX)
            return 0;
        mfn = v->context.gdt_frames[index / PER_FRAME];
    }
    entries = fx_is_ram(caller->host, mfn) ? fx_page(caller->host, mfn) : NULL;
    value = entries ? entries[index % PER_FRAME] : 0;
    if (!(value & PRESENT) || !(value & CODE_DATA) ||
        (value & CODE && !(value & READABLE)))
        return 0;
    return value;
}

long fx_load_user_gs(const struct fx_caller *caller, uint16_t selector)
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);
    uint64_t value;

    if (!v)
        return 0;
    if (selector > 3)
        selector |= 3;
    value = selector > 3 ? descriptor_of(caller, v, selector) : 0;
    v->context.user_regs.gs = value ? selector : 0;
    v->context.gs_base_user =
        (value >> 32 & 0xff000000) | (value >> 16 & 0xffffff);
    return 0;
}
