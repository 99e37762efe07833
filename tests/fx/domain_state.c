/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include "domain_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xenguest.h>

#define PAGE  4096u
#define CHUNK 1024u /* XEN_DOMCTL_getpageframeinfo3 takes no more */

/* A page-table entry's frame, and that it has one (xen/arch-x86/xen.h). */
#define PTE_PRESENT UINT64_C(1)
#define PTE_FRAME   UINT64_C(0x000ffffffffff000)

struct taking {
    struct domain_state *s;
    xc_interface *xch;
    uint32_t domid;
    unsigned long max_mfn;
    xen_pfn_t *m2p;
    const struct domain_state *like;
    uint64_t start_info_pfn;
};

static int fail(const char *what)
{
    fprintf(stderr, "domain_state: %s: %s\n", what, strerror(errno));
    return -1;
}

static uint64_t add(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * UINT64_C(0x100000001b3) + (sum >> 29);
}

static uint64_t sum_words(const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint64_t sum = 0, word;
    size_t i;

    for (i = 0; i + 4 <= bytes; i += 4) {
        word = 0;
        memcpy(&word, p + i, 4);
        sum = add(sum, word);
    }
    return sum;
}

/* ~0: no frame of this domain's. */
static uint64_t pfn_of(const struct taking *t, uint64_t mfn)
{
    xen_pfn_t pfn = mfn < t->max_mfn ? t->m2p[mfn] : ~0ul;

    return pfn < t->s->pages && t->s->mfns[pfn] == mfn ? pfn : UINT64_MAX;
}

static void *map_page(const struct taking *t, uint64_t mfn)
{
    return xc_map_foreign_range(t->xch, t->domid, PAGE, PROT_READ,
                                (unsigned long)mfn);
}

static uint64_t word(const struct taking *t, const void *page, size_t index)
{
    return t->s->width == 8 ? ((const uint64_t *)page)[index]
                            : ((const uint32_t *)page)[index];
}

/* -- memory -- */

static int read_shared_info(struct taking *t, uint64_t *list_list)
{
    const void *page;
    xc_dominfo_t info;

    if (xc_domain_getinfo(t->xch, t->domid, 1, &info) != 1 ||
        info.domid != t->domid ||
        xc_domain_get_guest_width(t->xch, t->domid, &t->s->width))
        return fail("xc_domain_getinfo");
    page = map_page(t, info.shared_info_frame);
    if (!page)
        return fail("shared_info");
    if (t->s->width == 8) {
        const shared_info_t *shared = page;

        t->s->pages = shared->arch.max_pfn;
        *list_list = shared->arch.pfn_to_mfn_frame_list_list;
    } else {
        const shared_info_x86_32_t *shared = page;

        t->s->pages = shared->arch.max_pfn;
        *list_list = shared->arch.pfn_to_mfn_frame_list_list;
    }
    munmap((void *)(uintptr_t)page, PAGE);
    return 0;
}

/* Only frames of the domain have a type; the M2P may name others' PFNs, too. */
static int read_types(struct taking *t, xen_pfn_t *types, const xen_pfn_t *mfns,
                      unsigned int nr)
{
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, array);
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getpageframeinfo3,
                            .domain = (domid_t)t->domid};
    int r;

    array = xc_hypercall_buffer_alloc(t->xch, array, CHUNK * sizeof(*array));
    if (!array)
        return fail("a buffer");
    memcpy(array, mfns, nr * sizeof(*array));
    op.u.getpageframeinfo3.num = nr;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, array);
    r = xc_domctl(t->xch, &op);
    memcpy(types, array, nr * sizeof(*array));
    xc_hypercall_buffer_free(t->xch, array);
    return r ? fail("XEN_DOMCTL_getpageframeinfo3") : 0;
}

static int add_frames(struct taking *t, const xen_pfn_t *mfns, unsigned int nr)
{
    xen_pfn_t types[CHUNK], pfn;
    unsigned int i;

    if (read_types(t, types, mfns, nr))
        return -1;
    for (i = 0; i < nr; i++) {
        pfn = t->m2p[mfns[i]];
        if ((types[i] & XEN_DOMCTL_PFINFO_LTAB_MASK) == XEN_DOMCTL_PFINFO_XTAB)
            continue;
        if (t->s->mfns[pfn]) {
            fprintf(stderr, "domain_state: two frames at PFN %#lx\n", pfn);
            return -1;
        }
        t->s->mfns[pfn] = mfns[i];
        t->s->types[pfn] = types[i];
    }
    return 0;
}

/* A restored guest has no P2M tree yet, only the list; so by the M2P. */
static int find_frames(struct taking *t)
{
    xen_pfn_t mfns[CHUNK], mfn;
    unsigned int nr = 0;
    int rc = 0;

    for (mfn = 1; !rc && mfn < t->max_mfn; mfn++) {
        if (t->m2p[mfn] >= t->s->pages)
            continue;
        mfns[nr++] = mfn;
        if (nr == CHUNK) {
            rc = add_frames(t, mfns, nr);
            nr = 0;
        }
    }
    return rc ? rc : add_frames(t, mfns, nr);
}

/* Marks a page of the P2M tree, and reads it. */
static int read_tree_page(struct taking *t, uint64_t mfn, enum domain_page kind,
                          xen_pfn_t *to)
{
    size_t i, per_page = PAGE / t->s->width;
    uint64_t pfn = pfn_of(t, mfn);
    void *page = map_page(t, mfn);

    if (!page || pfn == UINT64_MAX)
        return fail("a page of the P2M tree");
    t->s->kinds[pfn] = kind;
    for (i = 0; i < per_page; i++)
        to[i] = (xen_pfn_t)word(t, page, i);
    munmap(page, PAGE);
    return 0;
}

static int find_p2m(struct taking *t, uint64_t list_list)
{
    size_t per_page = PAGE / t->s->width;
    size_t leaves = (t->s->pages + per_page - 1) / per_page, i;
    xen_pfn_t list[PAGE / 4], frames[PAGE / 4], leaf[PAGE / 4];
    int rc;

    if (leaves > per_page)
        return fail("a large guest");
    rc = read_tree_page(t, list_list, PAGE_P2M_LIST, list);
    if (!rc)
        rc = read_tree_page(t, list[0], PAGE_P2M_LIST, frames);
    for (i = 0; !rc && i < leaves; i++)
        rc = read_tree_page(t, frames[i], PAGE_P2M, leaf);
    return rc;
}

/* Entries by PFN; those that are Xen's own differ from one table to another. */
static uint64_t sum_table(const struct taking *t, const uint64_t *entries)
{
    uint64_t sum = 0, pfn;
    size_t i;

    for (i = 0; i < PAGE / sizeof(*entries); i++) {
        if (!(entries[i] & PTE_PRESENT)) {
            sum = add(sum, entries[i]);
            continue;
        }
        pfn = pfn_of(t, (entries[i] & PTE_FRAME) / PAGE);
        sum = add(sum, pfn == UINT64_MAX
                           ? pfn
                           : (entries[i] & ~PTE_FRAME) | pfn * PAGE);
    }
    return sum;
}

/* The guest's list of MFNs, by PFN: each has to name itself. */
static uint64_t sum_p2m(const struct taking *t, const void *page)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < PAGE / t->s->width; i++)
        sum = add(sum, pfn_of(t, word(t, page, i)));
    return sum;
}

/* Without what a restore has to write to it. */
static uint64_t sum_start_info(const struct taking *t, const void *page)
{
    union {
        unsigned char bytes[PAGE];
        start_info_t x64;
        start_info_x86_32_t x32;
    } copy;

    memcpy(&copy, page, PAGE);
    if (t->s->width == 8) {
        copy.x64.flags = 0;
        copy.x64.shared_info = copy.x64.store_mfn = 0;
        copy.x64.store_evtchn = 0;
        memset(&copy.x64.console, 0, sizeof(copy.x64.console));
    } else {
        copy.x32.flags = 0;
        copy.x32.shared_info = copy.x32.store_mfn = 0;
        copy.x32.store_evtchn = 0;
        memset(&copy.x32.console, 0, sizeof(copy.x32.console));
    }
    return sum_words(&copy, PAGE);
}

static uint64_t sum_page(const struct taking *t, uint64_t pfn, const void *page)
{
    if (t->s->kinds[pfn] == PAGE_P2M_LIST)
        return 0; /* the guest makes them anew */
    if (t->s->kinds[pfn] == PAGE_P2M)
        return sum_p2m(t, page);
    if (pfn == t->start_info_pfn)
        return sum_start_info(t, page);
    if (t->s->types[pfn] & XEN_DOMCTL_PFINFO_LTABTYPE_MASK)
        return sum_table(t, page);
    return sum_words(page, PAGE);
}

static int read_memory(struct taking *t, uint64_t first, unsigned int nr)
{
    int errors[CHUNK];
    uint8_t *pages = xc_map_foreign_bulk(t->xch, t->domid, PROT_READ,
                                         t->s->mfns + first, errors, nr);
    unsigned int i;

    if (!pages)
        return fail("xc_map_foreign_bulk");
    for (i = 0; i < nr; i++) {
        if (errors[i]) {
            errno = -errors[i];
            return fail("a page of the guest");
        }
        t->s->sums[first + i] = sum_page(t, first + i, pages + i * PAGE);
    }
    munmap(pages, (size_t)nr * PAGE);
    return 0;
}

/* -- contexts -- */

static void convert_64(const struct taking *t, vcpu_guest_context_x86_64_t *c)
{
    size_t i;

    for (i = 0; i * 512 < c->gdt_ents && i < 16; i++)
        c->gdt_frames[i] = pfn_of(t, c->gdt_frames[i]);
    c->ctrlreg[3] = pfn_of(t, c->ctrlreg[3] / PAGE);
    if (c->ctrlreg[1] & 1)
        c->ctrlreg[1] = pfn_of(t, c->ctrlreg[1] / PAGE);
}

static void convert_32(const struct taking *t, vcpu_guest_context_x86_32_t *c)
{
    uint32_t cr3 = c->ctrlreg[3];
    size_t i;

    for (i = 0; i * 512 < c->gdt_ents && i < 16; i++)
        c->gdt_frames[i] = (uint32_t)pfn_of(t, c->gdt_frames[i]);
    /* Extended CR3: the upper bits are where the lower ones are free. */
    c->ctrlreg[3] = (uint32_t)pfn_of(t, cr3 >> 12 | cr3 << 20);
}

/* vCPU 0's EDX is the suspend record's MFN; others' mean nothing. */
static int read_context(struct taking *t, unsigned int vcpu)
{
    static vcpu_guest_context_any_t c;

    memset(&c, 0, sizeof(c));
    if (xc_vcpu_getcontext(t->xch, t->domid, vcpu, &c))
        return fail("xc_vcpu_getcontext");
    if (t->s->width == 8) {
        convert_64(t, &c.x64);
        if (!vcpu)
            c.x64.user_regs.rdx = t->start_info_pfn =
                pfn_of(t, c.x64.user_regs.rdx);
        t->s->contexts[vcpu] = sum_words(&c.x64, sizeof(c.x64));
    } else {
        convert_32(t, &c.x32);
        if (!vcpu) {
            t->start_info_pfn = pfn_of(t, c.x32.user_regs.edx);
            c.x32.user_regs.edx = (uint32_t)t->start_info_pfn;
        }
        t->s->contexts[vcpu] = sum_words(&c.x32, sizeof(c.x32));
    }
    return 0;
}

/* -- all of it -- */

static int prepare(struct taking *t, uint64_t *list_list)
{
    struct domain_state *s = t->s;

    if (xc_maximum_ram_page(t->xch, &t->max_mfn))
        return fail("xc_maximum_ram_page");
    t->m2p = xc_map_m2p(t->xch, t->max_mfn, PROT_READ, NULL);
    if (!t->m2p)
        return fail("xc_map_m2p");
    if (read_shared_info(t, list_list))
        return -1;
    s->mfns = calloc(s->pages, sizeof(*s->mfns));
    s->types = calloc(s->pages, sizeof(*s->types));
    s->sums = calloc(s->pages, sizeof(*s->sums));
    s->kinds = calloc(s->pages, sizeof(*s->kinds));
    if (!s->mfns || !s->types || !s->sums || !s->kinds)
        return fail("memory");
    if (!t->like)
        return 0;
    if (s->width != t->like->width || s->pages != t->like->pages) {
        fprintf(stderr, "domain_state: width or size differ\n");
        return -1;
    }
    memcpy(s->kinds, t->like->kinds, s->pages * sizeof(*s->kinds));
    return 0;
}

int domain_state_take(struct domain_state *state, xc_interface *xch,
                      uint32_t domid, unsigned int vcpus,
                      const struct domain_state *like)
{
    struct taking t = {.s = state, .xch = xch, .domid = domid, .like = like};
    uint64_t list_list, pfn;
    unsigned int i, nr;
    int rc;

    memset(state, 0, sizeof(*state));
    rc = prepare(&t, &list_list);
    if (!rc)
        rc = find_frames(&t);
    if (!rc && !like)
        rc = find_p2m(&t, list_list);
    for (i = 0; !rc && i < vcpus; i++)
        rc = read_context(&t, i);
    for (pfn = 0; !rc && pfn < state->pages; pfn += nr) {
        nr = state->pages - pfn < CHUNK ? (unsigned int)(state->pages - pfn)
                                        : CHUNK;
        rc = read_memory(&t, pfn, nr);
    }
    return rc; /* the M2P's mapping goes with the process */
}

int domain_state_compare(const struct domain_state *one,
                         const struct domain_state *other)
{
    uint64_t pfn;
    unsigned int i;

    for (i = 0; i < STATE_MAX_VCPUS; i++) {
        if (one->contexts[i] == other->contexts[i])
            continue;
        fprintf(stderr, "domain_state: vCPU %u's contexts differ\n", i);
        return -1;
    }
    for (pfn = 0; pfn < one->pages; pfn++) {
        if (one->types[pfn] == other->types[pfn] &&
            one->sums[pfn] == other->sums[pfn])
            continue;
        fprintf(stderr,
                "domain_state: PFN %#" PRIx64
                ": types %#lx and %#lx, sums %#" PRIx64 " and %#" PRIx64 "\n",
                pfn, one->types[pfn], other->types[pfn], one->sums[pfn],
                other->sums[pfn]);
        return -1;
    }
    return 0;
}

void domain_state_print(const struct domain_state *state)
{
    unsigned int tables = 0, pinned = 0, p2m = 0;
    uint64_t pfn;

    for (pfn = 0; pfn < state->pages; pfn++) {
        tables += !!(state->types[pfn] & XEN_DOMCTL_PFINFO_LTABTYPE_MASK);
        pinned += !!(state->types[pfn] & XEN_DOMCTL_PFINFO_LPINTAB);
        p2m += state->kinds[pfn] == PAGE_P2M;
    }
    printf("%u-bit, %" PRIu64 " pages, %u of P2M, %u tables, %u pinned\n",
           state->width * 8, state->pages, p2m, tables, pinned);
}

void domain_state_dispose(struct domain_state *state)
{
    free(state->mfns);
    free(state->types);
    free(state->sums);
    free(state->kinds);
    memset(state, 0, sizeof(*state));
}
