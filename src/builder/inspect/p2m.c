/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/p2m.h"

#include <errno.h>
#include <stdlib.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

/*
 * PFNs that a guest may have beside twice those that the machine has frames:
 * 128 GiB of gaps.  What a list says beyond is not looked at.
 */
#define MAX_GAPS (UINT64_C(1) << 25)

/* The entries of one page of the list, at most: 32-bit ones. */
#define MAX_ENTRIES 1024

/* A P2M that is read page by page. */
struct reader {
    struct domain_view *view;
    const struct p2m *p2m;
    struct faults *faults;        /* or NULL */
    struct view_path path;        /* LIST */
    struct view_page top, middle; /* TREE */
    uint64_t again[DW_PAGE_SIZE / 8];
    uint64_t pages[VIEW_READ][DW_PAGE_SIZE / 8];
};

static unsigned int entries_per_page(const struct domain_view *view)
{
    return (unsigned int)(DW_PAGE_SIZE / view->word);
}

static uint64_t word_of(const struct domain_view *view, const void *page,
                        unsigned int i)
{
    return view->word == 4 ? ((const uint32_t *)page)[i]
                           : ((const uint64_t *)page)[i];
}

/* ---- where it is ---- */

#define READ(p2m, view, arch)                                                  \
    do {                                                                       \
        (p2m)->nr = (arch)->max_pfn;                                           \
        (p2m)->va = VADDR((arch)->p2m_vaddr);                                  \
        (p2m)->root = view_root_mfn(view, (arch)->p2m_cr3);                    \
        (p2m)->top = MFN((arch)->pfn_to_mfn_frame_list_list);                  \
    } while (0)

static void read_shared_info(struct domain_view *view, const void *page,
                             struct p2m *p2m)
{
    if (view->word == 4)
        READ(p2m, view, &((const shared_info_x86_32_t *)page)->arch);
    else
        READ(p2m, view, &((const shared_info_x86_64_t *)page)->arch);
    if (!p2m->nr)
        p2m->source = P2M_NONE;
    else if (p2m->root.v)
        p2m->source = P2M_LIST;
    else
        p2m->source = p2m->top.v ? P2M_TREE : P2M_NONE;
}

static uint64_t max_pfns(const struct domain_view *view)
{
    return 2 * view->ram_end + MAX_GAPS;
}

int p2m_find(struct domain_view *view, const struct start_facts *start,
             struct p2m *p2m)
{
    struct view_page *page = calloc(1, sizeof(*page));

    *p2m = (struct p2m){.source = P2M_NONE};
    if (view->backing) { /* another host's frames stand in it */
        free(page);
        return 0;
    }
    if (!page)
        return diag_fail(view->dg, DW_FAILED, -ENOMEM, "out of memory");
    if (view_page(view, page, view->shared_info))
        read_shared_info(view, page->word, p2m);
    free(page);
    if (p2m->source == P2M_NONE && start && view->nr_roots)
        *p2m = (struct p2m){.source = P2M_START_INFO,
                            .nr = start->nr_pages,
                            .va = start->mfn_list,
                            .root = view->root[0].mfn};
    if (p2m->nr > max_pfns(view))
        p2m->nr = max_pfns(view);
    return 0;
}

/* ---- its pages ---- */

static mfn_t tree_frame(struct reader *r, uint64_t number)
{
    unsigned int fan = entries_per_page(r->view);
    const uint64_t *page;
    mfn_t middle;

    page = view_page(r->view, &r->top, r->p2m->top);
    if (!page || number / fan >= fan)
        return MFN_INVALID;
    middle = MFN(word_of(r->view, page, (unsigned int)(number / fan)));
    page = view_page(r->view, &r->middle, middle);
    return page ? MFN(word_of(r->view, page, (unsigned int)(number % fan)))
                : MFN_INVALID;
}

/* The frame of the list's page of that number. */
static mfn_t list_frame(struct reader *r, uint64_t number)
{
    uint64_t va = r->p2m->va.v + (number << DW_PAGE_SHIFT);

    if (r->p2m->source == P2M_TREE)
        return tree_frame(r, number);
    return view_translate(&r->path, r->p2m->root, VADDR(va));
}

static bool names_frame(const struct domain_view *view, uint64_t entry)
{
    return !(entry >> (8 * view->word - 2));
}

/* Those of the entries that nobody has asked Xen about. */
static int ask_new(struct domain_view *view, const void *pages, unsigned int n)
{
    mfn_t mfn[VIEW_ASK];
    unsigned int i, wanted = 0;
    uint64_t entry;
    int rc = 0;

    for (i = 0; !rc && i < n; i++) {
        entry = word_of(view, pages, i);
        if (entry >= view->ram_end || view_asked(view, MFN(entry)))
            continue;
        mfn[wanted++] = MFN(entry);
        if (wanted == VIEW_ASK) {
            rc = view_ask(view, mfn, wanted);
            wanted = 0;
        }
    }
    return rc ? rc : view_ask(view, mfn, wanted);
}

static bool is_wrong(const struct domain_view *view, uint64_t pfn,
                     uint64_t entry)
{
    return names_frame(view, entry) &&
           (!view_owned(view, MFN(entry)) || view->m2p[entry] != pfn);
}

static void tell(struct faults *faults, pfn_t pfn, mfn_t mfn, pfn_t other)
{
    struct fault fault = {
        .kind = FAULT_P2M_M2P,
        .table = mfn,
        .pfn = pfn,
        .other_pfn = other,
    };

    faults_add(faults, &fault);
}

static void tell_entry(const struct reader *r, uint64_t pfn, uint64_t entry)
{
    bool owned = view_owned(r->view, MFN(entry));

    tell(r->faults, PFN(pfn), MFN(entry),
         owned ? PFN(r->view->m2p[entry]) : PFN_INVALID);
}

/*
 * A page's entries that looked wrong: what they lead to is asked about again,
 * then they are read again.
 */
static int look_again(struct reader *r, mfn_t frame, uint64_t first,
                      const void *page, const uint16_t *suspect, unsigned int n)
{
    mfn_t mfn[MAX_ENTRIES];
    uint64_t entry;
    unsigned int i;
    bool ok;
    int rc;

    for (i = 0; i < n; i++)
        mfn[i] = MFN(word_of(r->view, page, suspect[i]));
    rc = view_ask(r->view, mfn, n);
    if (!rc)
        rc = view_read(r->view, &frame, 1, r->again, &ok);
    for (i = 0; !rc && ok && i < n; i++) {
        entry = word_of(r->view, r->again, suspect[i]);
        if (entry != mfn[i].v)
            continue;
        if (is_wrong(r->view, first + suspect[i], entry))
            tell_entry(r, first + suspect[i], entry);
        else
            view_set_listed(r->view, MFN(entry));
    }
    return rc;
}

/* Entries of a page that the comparison begins behind. */
static unsigned int skipped(const struct reader *r, uint64_t first)
{
    return first < r->p2m->first ? (unsigned int)(r->p2m->first - first) : 0;
}

static int compare_page(struct reader *r, mfn_t frame, uint64_t first,
                        const void *page)
{
    unsigned int i, n = entries_per_page(r->view), nr_suspects = 0;
    uint16_t suspect[MAX_ENTRIES];
    uint64_t entry;

    if (r->p2m->nr - first < n)
        n = (unsigned int)(r->p2m->nr - first);
    for (i = skipped(r, first); i < n; i++) {
        entry = word_of(r->view, page, i);
        if (is_wrong(r->view, first + i, entry))
            suspect[nr_suspects++] = (uint16_t)i;
        else if (names_frame(r->view, entry))
            view_set_listed(r->view, MFN(entry));
    }
    return nr_suspects && r->faults
               ? look_again(r, frame, first, page, suspect, nr_suspects)
               : 0;
}

/* Pages of the list, `first` being the number of the first. */
static int compare_some(struct reader *r, uint64_t first, unsigned int n)
{
    uint64_t number[VIEW_READ];
    mfn_t mfns[VIEW_READ];
    bool ok[VIEW_READ];
    unsigned int i, there = 0, fan = entries_per_page(r->view);
    uint64_t beyond;
    int rc;

    for (i = 0; i < n; i++) {
        mfns[there] = list_frame(r, first + i);
        number[there] = first + i;
        /* A guest may lack a page of it, which then has no frames. */
        there += mfns[there].v < r->view->ram_end;
    }
    if (!there)
        return 0;
    beyond = (number[there - 1] + 1) * fan;
    beyond -= beyond > r->p2m->nr ? r->p2m->nr : beyond;
    rc = view_read(r->view, mfns, there, r->pages, ok);
    if (!rc)
        rc = ask_new(r->view, r->pages, there * fan - (unsigned int)beyond);
    for (i = 0; !rc && i < there; i++)
        if (ok[i])
            rc = compare_page(r, mfns[i], number[i] * fan, r->pages[i]);
    return rc;
}

int p2m_compare(struct domain_view *view, const struct p2m *p2m,
                struct faults *faults)
{
    uint64_t number, pages = p2m->nr / entries_per_page(view) +
                             !!(p2m->nr % entries_per_page(view));
    struct reader *r;
    int rc = 0;

    if (p2m->source == P2M_NONE)
        return 0;
    r = calloc(1, sizeof(*r));
    if (!r)
        return diag_fail(view->dg, DW_FAILED, -ENOMEM, "out of memory");
    r->view = r->path.view = view;
    r->p2m = p2m;
    r->faults = faults;
    number = p2m->first / entries_per_page(view);
    for (; !rc && number < pages; number += VIEW_READ)
        rc = compare_some(r, number,
                          pages - number < VIEW_READ
                              ? (unsigned int)(pages - number)
                              : VIEW_READ);
    free(r);
    return rc;
}

/* ---- frames that it does not list ---- */

static uint64_t next_unlisted(const struct domain_view *view, uint64_t mfn)
{
    return view_next(view->state, mfn, view->end, VIEW_UNLISTED);
}

/* One more than the last PFN that the M2P has for a frame that is not listed.
 */
static uint64_t m2p_end(const struct domain_view *view)
{
    uint64_t mfn, pfn, end = 0;

    for (mfn = next_unlisted(view, view->first); mfn < view->end;
         mfn = next_unlisted(view, mfn + 1)) {
        pfn = view->m2p[mfn];
        if (pfn >= end && pfn < max_pfns(view))
            end = pfn + 1;
    }
    return end;
}

int p2m_compare_rest(struct domain_view *view, struct p2m *p2m,
                     struct faults *faults)
{
    uint64_t end = p2m->source == P2M_START_INFO ? m2p_end(view) : 0;
    int rc;

    if (end <= p2m->nr)
        return 0;
    p2m->first = p2m->nr;
    p2m->nr = end;
    rc = p2m_compare(view, p2m, faults);
    p2m->first = 0;
    return rc;
}

/* Asks about them again. */
static int ask_unlisted(struct domain_view *view)
{
    mfn_t mfn[VIEW_ASK];
    unsigned int n = 0;
    uint64_t next;
    int rc = 0;

    for (next = next_unlisted(view, view->first); !rc && next < view->end;
         next = next_unlisted(view, next + 1)) {
        mfn[n++] = MFN(next);
        if (n == VIEW_ASK) {
            rc = view_ask(view, mfn, n);
            n = 0;
        }
    }
    return rc ? rc : view_ask(view, mfn, n);
}

static bool has_unlisted(const struct domain_view *view)
{
    return next_unlisted(view, view->first) < view->end;
}

/*
 * One that is new since the P2M was read is listed by now; one that is not
 * listed by now is no more the domain's, or something is wrong.
 */
int p2m_compare_frames(struct domain_view *view, const struct p2m *p2m,
                       struct faults *faults)
{
    uint64_t mfn;
    int rc;

    if (p2m->source == P2M_NONE)
        return 0;
    rc = ask_unlisted(view);
    if (!rc && has_unlisted(view))
        rc = p2m_compare(view, p2m, NULL);
    if (!rc)
        rc = ask_unlisted(view);
    for (mfn = next_unlisted(view, view->first); !rc && mfn < view->end;
         mfn = next_unlisted(view, mfn + 1))
        tell(faults, PFN_INVALID, MFN(mfn), PFN(view->m2p[mfn]));
    return rc;
}
