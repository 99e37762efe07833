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

#define CHUNK 1024u /* pages to be looked up or mapped at once */

/* A page-table entry's frame, and that it has one (xen/arch-x86/xen.h). */
#define PTE_PRESENT UINT64_C(1)
#define PTE_FRAME   UINT64_C(0x000ffffffffff000)

struct taking {
    struct domain_state *s;
    xc_interface *xch;
    uint32_t domid;
    const struct domain_state *like;
    const xen_pfn_t *p2m;
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

static uint64_t pfn_of(const struct taking *t, uint64_t mfn)
{
    return domain_frames_pfn(&t->s->frames, mfn);
}

static void *map_page(const struct taking *t, uint64_t mfn)
{
    return xc_map_foreign_range(t->xch, t->domid, PAGE, PROT_READ,
                                (unsigned long)mfn);
}

static uint64_t word(const struct taking *t, const void *page, size_t index)
{
    return domain_frames_word(&t->s->frames, page, index);
}

/* -- memory -- */

/* What the guest announced: its last PFN, and where its P2M tree is. */
static int read_shared_info(struct taking *t, uint64_t *pages,
                            uint64_t *list_list)
{
    const void *page;
    xc_domaininfo_t info;
    unsigned int width;

    if (xc_domain_getinfolist(t->xch, t->domid, 1, &info) != 1 ||
        info.domain != t->domid ||
        xc_domain_get_guest_width(t->xch, t->domid, &width))
        return fail("xc_domain_getinfolist");
    page = map_page(t, info.shared_info_frame);
    if (!page)
        return fail("shared_info");
    if (width == 8) {
        const shared_info_t *shared = page;

        *pages = shared->arch.max_pfn;
        *list_list = shared->arch.pfn_to_mfn_frame_list_list;
    } else {
        const shared_info_x86_32_t *shared = page;

        *pages = shared->arch.max_pfn;
        *list_list = shared->arch.pfn_to_mfn_frame_list_list;
    }
    munmap((void *)(uintptr_t)page, PAGE);
    return 0;
}

/* Marks a page of the P2M tree, and reads it. */
static int read_tree_page(struct taking *t, uint64_t mfn, enum domain_page kind,
                          xen_pfn_t *to)
{
    size_t i, per_page = PAGE / t->s->frames.width;
    uint64_t pfn = pfn_of(t, mfn);
    void *page = map_page(t, mfn);

    if (!page || pfn == NO_PFN)
        return fail("a page of the P2M tree");
    t->s->kinds[pfn] = kind;
    for (i = 0; i < per_page; i++)
        to[i] = (xen_pfn_t)word(t, page, i);
    munmap(page, PAGE);
    return 0;
}

static int find_p2m(struct taking *t, uint64_t list_list)
{
    size_t per_page = PAGE / t->s->frames.width;
    size_t leaves = (t->s->frames.pages + per_page - 1) / per_page, i;
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
        sum = add(sum,
                  pfn == NO_PFN ? pfn : (entries[i] & ~PTE_FRAME) | pfn * PAGE);
    }
    return sum;
}

/* The guest's list of MFNs, by PFN: each has to name itself. */
static uint64_t sum_p2m(const struct taking *t, const void *page)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < PAGE / t->s->frames.width; i++)
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
    if (t->s->frames.width == 8) {
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
    if (t->s->frames.types[pfn] & XEN_DOMCTL_PFINFO_LTABTYPE_MASK)
        return sum_table(t, page);
    return sum_words(page, PAGE);
}

static int read_memory(struct taking *t, uint64_t first, unsigned int nr)
{
    int errors[CHUNK];
    uint8_t *pages = xc_map_foreign_bulk(t->xch, t->domid, PROT_READ,
                                         t->s->frames.mfns + first, errors, nr);
    unsigned int i;

    if (!pages)
        return fail("xc_map_foreign_bulk");
    for (i = 0; i < nr; i++) {
        if (!t->s->frames.mfns[first + i])
            continue; /* given back */
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
    if (t->s->frames.width == 8) {
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

/* A restored guest has no P2M tree yet, only the list; so by the M2P. */
static int find_frames(struct domain_frames *f)
{
    xen_pfn_t mfns[CHUNK], mfn;
    unsigned int nr = 0;
    int rc = 0;

    for (mfn = 1; !rc && mfn < f->max_mfn; mfn++) {
        if (f->m2p[mfn] >= f->pages)
            continue;
        mfns[nr++] = mfn;
        if (nr == CHUNK) {
            rc = domain_frames_add(f, mfns, nr);
            nr = 0;
        }
    }
    return rc ? rc : domain_frames_add(f, mfns, nr);
}

static int prepare(struct taking *t, uint64_t *list_list)
{
    struct domain_state *s = t->s;
    uint64_t pages;

    if (read_shared_info(t, &pages, list_list) ||
        domain_frames_open(&s->frames, t->xch, t->domid, pages))
        return -1;
    s->frames.p2m = t->p2m;
    if (find_frames(&s->frames))
        return -1;
    s->sums = calloc(pages, sizeof(*s->sums));
    s->kinds = calloc(pages, sizeof(*s->kinds));
    if (!s->sums || !s->kinds)
        return fail("memory");
    if (!t->like)
        return 0;
    if (s->frames.width != t->like->frames.width ||
        pages != t->like->frames.pages) {
        fprintf(stderr, "domain_state: width or size differ\n");
        return -1;
    }
    memcpy(s->kinds, t->like->kinds, pages * sizeof(*s->kinds));
    return 0;
}

int domain_state_take(struct domain_state *state, xc_interface *xch,
                      uint32_t domid, unsigned int vcpus,
                      const struct domain_state *like)
{
    return domain_state_take_listed(state, xch, domid, vcpus, like, NULL);
}

int domain_state_take_listed(struct domain_state *state, xc_interface *xch,
                             uint32_t domid, unsigned int vcpus,
                             const struct domain_state *like,
                             const xen_pfn_t *p2m)
{
    struct taking t = {
        .s = state, .xch = xch, .domid = domid, .like = like, .p2m = p2m};
    uint64_t list_list, pfn;
    unsigned int i, nr;
    int rc;

    memset(state, 0, sizeof(*state));
    rc = prepare(&t, &list_list);
    if (!rc && !like)
        rc = find_p2m(&t, list_list);
    for (i = 0; !rc && i < vcpus; i++)
        rc = read_context(&t, i);
    for (pfn = 0; !rc && pfn < state->frames.pages; pfn += nr) {
        nr = state->frames.pages - pfn < CHUNK
                 ? (unsigned int)(state->frames.pages - pfn)
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
    for (pfn = 0; pfn < one->frames.pages; pfn++) {
        if (one->frames.types[pfn] == other->frames.types[pfn] &&
            one->sums[pfn] == other->sums[pfn])
            continue;
        fprintf(stderr,
                "domain_state: PFN %#" PRIx64
                ": types %#lx and %#lx, sums %#" PRIx64 " and %#" PRIx64 "\n",
                pfn, one->frames.types[pfn], other->frames.types[pfn],
                one->sums[pfn], other->sums[pfn]);
        return -1;
    }
    return 0;
}

void domain_state_print(const struct domain_state *state)
{
    unsigned int tables = 0, pinned = 0, p2m = 0;
    uint64_t pfn;

    for (pfn = 0; pfn < state->frames.pages; pfn++) {
        tables +=
            !!(state->frames.types[pfn] & XEN_DOMCTL_PFINFO_LTABTYPE_MASK);
        pinned += !!(state->frames.types[pfn] & XEN_DOMCTL_PFINFO_LPINTAB);
        p2m += state->kinds[pfn] == PAGE_P2M;
    }
    printf("%u-bit, %" PRIu64 " pages, %u of P2M, %u tables, %u pinned\n",
           state->frames.width * 8, state->frames.pages, p2m, tables, pinned);
}

void domain_state_dispose(struct domain_state *state)
{
    domain_frames_dispose(&state->frames);
    free(state->sums);
    free(state->kinds);
    memset(state, 0, sizeof(*state));
}
