/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Domains that never run, and their frames. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "conformance.h"

#define NR_VCPUS 4

static void need(long r, const char *what)
{
    if (r >= 0)
        return;
    fflush(stdout);
    fprintf(stderr, "conformance: %s: %s\n", what, error_name(r));
    exit(1);
}

long domain_new(struct test *t, uint32_t *domid, unsigned int max_vcpus)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = max_vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
    };

    *domid = DOMID_ANY;
    return failed(xc_domain_create(t->xch, domid, &config));
}

bool domain_info(struct test *t, uint32_t domid, xc_domaininfo_t *info)
{
    return xc_domain_getinfolist(t->xch, domid, 1, info) == 1 &&
           info->domain == domid;
}

void guest_grow(struct test *t, struct guest *g, unsigned int nr,
                unsigned int bits)
{
    xen_pfn_t *more = &g->mfn[g->nr];
    void *all;

    for (unsigned int i = 0; i < nr; i++)
        more[i] = g->nr + i;
    g->nr += nr;
    need(failed(xc_domain_setmaxmem(t->xch, g->domid, 4 * (g->nr + 16))),
         "max_mem");
    need(failed(xc_domain_populate_physmap_exact(
             t->xch, g->domid, nr, 0, XENMEMF_address_bits(bits), more)),
         "populate_physmap");
    all = xenforeignmemory_map(t->fmem, g->domid, PROT_READ | PROT_WRITE, nr,
                               more, NULL);
    need(all ? 0 : failed(-1), "mapping the guest");
    memset(all, 0, (size_t)nr * PAGE_BYTES);
    xenforeignmemory_unmap(t->fmem, all, nr);
}

void guest_begin(struct test *t, struct guest *g, unsigned int width,
                 unsigned int nr, unsigned int bits)
{
    struct xen_domctl op = {.u.address_size.size = 32};

    *g = (struct guest){.width = width};
    need(domain_new(t, &g->domid, NR_VCPUS), "createdomain");
    if (width == 32)
        need(domctl(t, &op, XEN_DOMCTL_set_address_size, g->domid),
             "set_address_size");
    if (nr)
        guest_grow(t, g, nr, bits);
}

void guest_shrink(struct test *t, struct guest *g)
{
    need(failed(xc_domain_decrease_reservation_exact(t->xch, g->domid, g->nr, 0,
                                                     g->mfn)),
         "decrease_reservation");
    g->nr = 0;
}

void guest_vcpus(struct test *t, struct guest *g)
{
    need(failed(xc_domain_max_vcpus(t->xch, g->domid, NR_VCPUS)), "max_vcpus");
}

void guest_new(struct test *t, struct guest *g, unsigned int width,
               unsigned int nr)
{
    guest_begin(t, g, width, nr, width == 32 ? 32 : 0);
    guest_vcpus(t, g);
}

void guest_end(struct test *t, struct guest *g)
{
    need(failed(xc_domain_destroy(t->xch, g->domid)), "destroydomain");
}

void *guest_map(struct test *t, const struct guest *g, unsigned int frame,
                bool writable, long *error)
{
    void *page;
    int e = 0;

    page = xenforeignmemory_map(t->fmem, g->domid,
                                PROT_READ | (writable ? PROT_WRITE : 0), 1,
                                &g->mfn[frame], &e);
    *error = page ? e : failed(-1);
    if (page && e) {
        xenforeignmemory_unmap(t->fmem, page, 1);
        page = NULL;
    }
    return page;
}

void guest_unmap(struct test *t, void *page)
{
    need(failed(xenforeignmemory_unmap(t->fmem, page, 1)), "unmap");
}

int guest_index(const struct guest *g, uint64_t mfn)
{
    for (unsigned int i = 0; i < g->nr; i++)
        if (g->mfn[i] == mfn)
            return (int)i;
    return -1;
}

uint64_t entry(const struct guest *g, unsigned int frame, uint64_t flags)
{
    return g->mfn[frame] << 12 | flags;
}

unsigned int root_level(const struct guest *g)
{
    return g->width == 32 ? 3 : 4;
}

uint64_t good_flags(const struct guest *g, unsigned int level)
{
    if (g->width == 32 && level == 3)
        return P; /* a PAE L3 entry has hardly any other */
    return P | RW | US | A | (level == 1 ? D : 0);
}

long poke(struct test *t, const struct guest *g, unsigned int frame,
          unsigned int slot, uint64_t value)
{
    long error;
    uint64_t *page = guest_map(t, g, frame, true, &error);

    if (!page)
        return error;
    page[slot] = value;
    guest_unmap(t, page);
    return 0;
}

long update(struct test *t, const struct guest *g, unsigned int frame,
            unsigned int slot, uint64_t value)
{
    return mmu_update(t, g->domid, (g->mfn[frame] << 12) + slot * 8, value);
}

long peek(struct test *t, const struct guest *g, unsigned int frame,
          unsigned int slot, uint64_t *value)
{
    long error;
    const uint64_t *page = guest_map(t, g, frame, false, &error);

    if (!page)
        return error;
    *value = page[slot];
    guest_unmap(t, (void *)page);
    return 0;
}

long clear(struct test *t, const struct guest *g, unsigned int frame)
{
    long error;
    void *page = guest_map(t, g, frame, true, &error);

    if (!page)
        return error;
    memset(page, 0, PAGE_BYTES);
    guest_unmap(t, page);
    return 0;
}

long pin(struct test *t, const struct guest *g, unsigned int level,
         unsigned int frame)
{
    return mmuext(t, g->domid, MMUEXT_PIN_L1_TABLE + level - 1, g->mfn[frame]);
}

long unpin(struct test *t, const struct guest *g, unsigned int frame)
{
    return mmuext(t, g->domid, MMUEXT_UNPIN_TABLE, g->mfn[frame]);
}

void make_root(struct test *t, const struct guest *g, unsigned int root,
               unsigned int l2)
{
    need(clear(t, g, root), "clearing a root");
    if (g->width == 64)
        return;
    need(clear(t, g, l2), "clearing an L2");
    need(poke(t, g, root, 3, entry(g, l2, P)), "filling slot 3");
}

static const char *type_name(xen_pfn_t info)
{
    static char text[8];
    unsigned int type = info >> XEN_DOMCTL_PFINFO_LTAB_SHIFT & 0xf;

    if (type == XEN_DOMCTL_PFINFO_XTAB >> XEN_DOMCTL_PFINFO_LTAB_SHIFT)
        return "invalid";
    snprintf(text, sizeof(text), "%s%u%s", type & 7 ? "L" : "", type & 7,
             type & 8 ? "p" : "");
    return text;
}

void say_types(struct test *t, const struct guest *g, unsigned int nr)
{
    xen_pfn_t info[MAX_GUEST_FRAMES];
    char line[1000] = "";
    size_t len = 0;
    long r;

    memcpy(info, g->mfn, nr * sizeof(info[0]));
    r = frame_types(t, g->domid, nr, info);
    if (r < 0) {
        report(t, r, "types");
        return;
    }
    for (unsigned int i = 0; i < nr; i++)
        if (info[i])
            len += (size_t)snprintf(line + len, sizeof(line) - len, " %u:%s", i,
                                    type_name(info[i]));
    say(t, "types:%s", len ? line : " none");
}

const char *type_of(struct test *t, const struct guest *g, unsigned int frame)
{
    xen_pfn_t info = g->mfn[frame];
    long r = frame_types(t, g->domid, 1, &info);

    return r < 0 ? error_name(r) : info ? type_name(info) : "no table";
}

uint64_t cr3_of(const struct guest *g, uint64_t mfn)
{
    /* 32 bits: xen-x86_32.h, xen_pfn_to_cr3() */
    return g->width == 32 ? (uint32_t)(mfn << 12 | mfn >> 20) : mfn << 12;
}

void context_new(const struct guest *g, vcpu_guest_context_any_t *context,
                 unsigned int root)
{
    memset(context, 0, sizeof(*context));
    if (g->width == 32) {
        context->x32.flags = VGCF_in_kernel | VGCF_online;
        context->x32.ctrlreg[3] = (uint32_t)cr3_of(g, g->mfn[root]);
        return;
    }
    context->x64.flags = VGCF_in_kernel | VGCF_online;
    context->x64.ctrlreg[3] = cr3_of(g, g->mfn[root]);
}

void context_gdt(const struct guest *g, vcpu_guest_context_any_t *context,
                 unsigned int frame, unsigned int entries)
{
    if (g->width == 32) {
        context->x32.gdt_frames[0] = (uint32_t)g->mfn[frame];
        context->x32.gdt_ents = entries;
        return;
    }
    context->x64.gdt_frames[0] = g->mfn[frame];
    context->x64.gdt_ents = entries;
}

long context_set(struct test *t, const struct guest *g, unsigned int vcpu,
                 vcpu_guest_context_any_t *context)
{
    long r = failed(xc_vcpu_setcontext(t->xch, g->domid, vcpu, context));

    /* Xen leaves a root that failed half-way as it is until the caller's next
     * MMU hypercall, whenever its kernel makes that: make it now. */
    if (r)
        (void)xencall4(t->call, __HYPERVISOR_mmuext_op, 0, 0, 0, g->domid);
    return r;
}

long context_reset(struct test *t, const struct guest *g, unsigned int vcpu)
{
    return failed(xc_vcpu_setcontext(t->xch, g->domid, vcpu, NULL));
}
