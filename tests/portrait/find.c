/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * find.c - finds a domain's frames, as its guest would: from vCPU 0's registers
 * to start_info, and from there to the P2M list.
 */
#include "portrait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int find_domain(struct portrait *p)
{
    if (xc_domain_getinfolist(p->xch, p->domid, 1, &p->info) != 1 ||
        p->info.domain != p->domid) {
        errno = ESRCH;
        return portrait_fail("the domain");
    }
    if (domain_frames_open(&p->frames, p->xch, p->domid,
                           p->info.tot_pages + p->hole))
        return -1;
    p->top = p->frames.width == 8 ? 4 : 3;
    return 0;
}

static int read_registers(struct portrait *p)
{
    vcpu_guest_context_any_t c = {0};
    uint64_t assists;

    if (xc_vcpu_getcontext(p->xch, p->domid, 0, &c))
        return portrait_fail("vCPU 0");
    if (p->top == 3) {
        p->root = xen_cr3_to_pfn_x86_32(c.x32.ctrlreg[3]);
        p->start_info_va = c.x32.user_regs.esi;
        assists = c.x32.vm_assist;
    } else {
        p->root = xen_cr3_to_pfn_x86_64(c.x64.ctrlreg[3]);
        p->start_info_va = c.x64.user_regs.rsi;
        assists = c.x64.vm_assist;
    }
    p->extended_cr3 = assists >> VMASST_TYPE_pae_extended_cr3 & 1;
    return 0;
}

#define WIDEN(member) (to->member = from->member)

static void widen(start_info_x86_64_t *to, const start_info_x86_32_t *from)
{
    memcpy(to->magic, from->magic, sizeof(to->magic));
    memcpy(to->cmd_line, from->cmd_line, sizeof(to->cmd_line));
    WIDEN(nr_pages);
    WIDEN(shared_info);
    WIDEN(flags);
    WIDEN(store_mfn);
    WIDEN(store_evtchn);
    WIDEN(console.domU.mfn);
    WIDEN(console.domU.evtchn);
    WIDEN(pt_base);
    WIDEN(nr_pt_frames);
    WIDEN(mfn_list);
    WIDEN(mod_start);
    WIDEN(mod_len);
    WIDEN(first_p2m_pfn);
    WIDEN(nr_p2m_frames);
}

/* Maps a page by its address. */
static void *map_va(const struct portrait *p, uint64_t va, const char *what)
{
    uint64_t mfn = portrait_translate(p, va);
    void *page = NULL;

    errno = EFAULT;
    if (mfn)
        page = domain_frames_map(&p->frames, mfn);
    if (!page)
        portrait_fail(what);
    return page;
}

static int read_start_info(struct portrait *p)
{
    void *page = map_va(p, p->start_info_va, "start_info");

    if (!page)
        return -1;
    if (p->top == 3)
        widen(&p->start, page);
    else
        memcpy(&p->start, page, sizeof(p->start));
    munmap(page, PAGE);
    return 0;
}

static int read_p2m(const struct portrait *p, xen_pfn_t *mfns)
{
    uint64_t i, per_page = PAGE / p->frames.width;
    void *page = NULL;

    for (i = 0; i < p->frames.pages; i++) {
        if (i % per_page == 0) {
            if (page)
                munmap(page, PAGE);
            page = map_va(p, p->start.mfn_list + i / per_page * PAGE,
                          "the P2M list");
            if (!page)
                return -1;
        }
        mfns[i] = domain_frames_word(&p->frames, page, i % per_page);
    }
    munmap(page, PAGE);
    return 0;
}

static int find_frames(struct portrait *p)
{
    xen_pfn_t *mfns = calloc(p->frames.pages, sizeof(*mfns));
    int rc = mfns ? read_p2m(p, mfns) : portrait_fail("memory");

    if (!rc)
        rc = domain_frames_add(&p->frames, mfns, p->frames.pages);
    free(mfns);
    return rc;
}

static uint64_t pfn_at(const struct portrait *p, uint64_t va)
{
    return domain_frames_pfn(&p->frames, portrait_translate(p, va));
}

int portrait_find(struct portrait *p)
{
    int rc = find_domain(p);

    if (!rc)
        rc = read_registers(p);
    if (!rc)
        rc = read_start_info(p);
    if (!rc)
        rc = find_frames(p);
    if (rc)
        return rc;
    p->start_info_pfn = pfn_at(p, p->start_info_va);
    p->tables_pfn = pfn_at(p, p->start.pt_base);
    p->p2m_pfn = pfn_at(p, p->start.mfn_list);
    if (p->p2m_pfn != NO_PFN && p->tables_pfn != NO_PFN &&
        p->start_info_pfn != NO_PFN)
        return 0;
    errno = EFAULT;
    return portrait_fail("what start_info names");
}
