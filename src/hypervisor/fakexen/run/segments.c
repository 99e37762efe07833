/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * segments.c - segments' hidden parts, from the tables that the guest has.
 */
#include "run/vcpu.h"

#include <string.h>

#include "domain/guest_memory.h"
#include "machine/frames.h"

#define SELECTOR_LDT 4u
#define DESCRIPTOR   8u
#define GDT_BYTES    (14u * 4096) /* of the guest; Xen's own follow */

/* Flat segments (xen/arch-x86/xen-x86_{32,64}.h: FLAT_*), accessed; by the slot
 * in Xen's page. */
void fx_write_xens_descriptors(uint64_t *page, bool is_32bit)
{
    memset(page, 0, FX_PAGE_SIZE);
    if (is_32bit) {
        page[3] = UINT64_C(0x00cfbb000000ffff); /* ring 1: code */
        page[4] = UINT64_C(0x00cfb3000000ffff); /* and data */
        page[5] = UINT64_C(0x00cffb000000ffff); /* ring 3: code */
        page[6] = UINT64_C(0x00cff3000000ffff); /* and data */
    } else {
        page[4] = UINT64_C(0x00cffb000000ffff); /* ring 3: 32-bit code, */
        page[5] = UINT64_C(0x00cff3000000ffff); /* data, */
        page[6] = UINT64_C(0x00affb000000ffff); /* 64-bit code */
    }
}

static bool from_gdt(const struct fx_vcpu_run *r, uint16_t selector,
                     uint64_t *descriptor)
{
    uint32_t at = selector & ~7u;
    uint64_t mfn = fx_window_frame(r, fx_window(r) + at);
    const uint8_t *page;

    if (at >= GDT_BYTES && at < GDT_BYTES + FX_PAGE_SIZE)
        page = r->own;
    else if (at / DESCRIPTOR < fx_state_of(r)->context.gdt_ents)
        page = fx_page(r->host, mfn);
    else
        return false;
    if (page)
        memcpy(descriptor, page + at % FX_PAGE_SIZE, sizeof(*descriptor));
    return page;
}

static bool from_ldt(const struct fx_vcpu_run *r, uint16_t selector,
                     uint64_t *descriptor)
{
    uint32_t at = selector & ~7u;
    uint64_t mfn = at / DESCRIPTOR < fx_state_of(r)->context.ldt_ents
                       ? fx_ldt_page(r->host, r->domain, r->id,
                                     at / (uint32_t)FX_PAGE_SIZE)
                       : FX_NO_MFN;
    const uint8_t *page =
        fx_is_ram(r->host, mfn) ? fx_page(r->host, mfn) : NULL;

    if (page)
        memcpy(descriptor, page + at % FX_PAGE_SIZE, sizeof(*descriptor));
    return page;
}

static void unpack(struct fx_cpu_segment *s, uint64_t d)
{
    uint32_t high = (uint32_t)(d >> 32);

    s->flags = high & 0x00f0ff00;
    s->base = (d >> 16 & 0xffffff) | (high & 0xff000000);
    s->limit = (uint32_t)(d & 0xffff) | (high & 0xf0000);
    if (high & FX_SEGMENT_GRANULARITY)
        s->limit = s->limit << 12 | 0xfff;
}

static bool is_null(uint16_t selector)
{
    return !(selector & ~3u);
}

static bool load(const struct fx_vcpu_run *r, struct fx_cpu_segment *s,
                 uint16_t selector)
{
    uint64_t d;

    *s = (struct fx_cpu_segment){.selector = selector};
    if (is_null(selector))
        return true;
    if (!(selector & SELECTOR_LDT ? from_ldt(r, selector, &d)
                                  : from_gdt(r, selector, &d)))
        return false;
    unpack(s, d);
    s->flags |= FX_SEGMENT_ACCESSED;
    return s->flags & FX_SEGMENT_PRESENT && s->flags & FX_SEGMENT_NORMAL;
}

/* What was loaded stays, as in a CPU, until the selector changes. */
static bool reload(const struct fx_vcpu_run *r, struct fx_cpu_segment *s,
                   uint16_t selector)
{
    if (s->selector == selector && s->flags)
        return true;
    return load(r, s, selector);
}

static bool is_code(const struct fx_cpu_segment *s)
{
    return s->flags & FX_SEGMENT_CODE;
}

/* In 64-bit code the bases of FS and GS are registers by themselves. */
static void load_bases(const struct fx_vcpu_state *v,
                       struct fx_cpu_segment *segment)
{
    segment[FX_FS].base = v->context.fs_base;
    segment[FX_GS].base = v->context.flags & VGCF_in_kernel
                              ? v->context.gs_base_kernel
                              : v->context.gs_base_user;
}

bool fx_vcpu_load_segments(struct fx_vcpu_run *r, struct fx_cpu_state *state)
{
    const struct fx_vcpu_state *v = fx_state_of(r);
    const cpu_user_regs_t *u = &v->context.user_regs;
    const uint16_t selectors[FX_SEGMENTS] = {
        [FX_ES] = u->es, [FX_CS] = u->cs, [FX_SS] = u->ss,
        [FX_DS] = u->ds, [FX_FS] = u->fs, [FX_GS] = u->gs,
    };
    struct fx_cpu_segment *s = state->segment;
    int i;

    for (i = 0; i < FX_SEGMENTS; i++)
        if (!reload(r, &s[i], selectors[i])) {
            if (i == FX_CS || i == FX_SS)
                return false;
            s[i] = (struct fx_cpu_segment){0};
        }
    if (!r->domain->is_32bit)
        load_bases(v, s);
    return is_code(&s[FX_CS]) && !is_code(&s[FX_SS]) &&
           (u->cs & 3) >= (r->domain->is_32bit ? 1 : 3);
}
