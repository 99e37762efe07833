/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/saved_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "inspect/domain_view.h"
#include "inspect/verify.h"

/* Shared_info has no PFN; it gets the one behind all others. */
static mfn_t shared_info(const struct saved *saved)
{
    return MFN(saved->pfns);
}

/* ---- where the view's frames are ---- */

static int read_frame(const struct domain_view *view, mfn_t mfn, void *page)
{
    const struct saved_domain *domain = view->backing->arg;
    const struct saved *saved = domain->saved;
    const void *from;
    uint64_t at;
    int rc;

    if (mfn.v == shared_info(saved).v)
        at = saved->shared_info.at;
    else if (mfn.v >= saved->pfns)
        return -ENOENT;
    else if (saved_has_contents(saved_type(saved, mfn.v)))
        at = saved_at(saved, mfn.v);
    else if (saved_type(saved, mfn.v) != PAGE_ALLOCATE)
        return -ENOENT;
    else {
        memset(page, 0, DW_PAGE_SIZE);
        return 0;
    }
    rc = source_get(domain->source, at, DW_PAGE_SIZE, &from);
    if (!rc)
        memcpy(page, from, DW_PAGE_SIZE);
    return rc;
}

static void add_root(struct domain_view *view, pfn_t pfn, unsigned int vcpu,
                     bool user)
{
    if (pfn_valid(pfn))
        view->root[view->nr_roots++] =
            (struct view_root){.mfn = MFN(pfn.v), .vcpu = vcpu, .user = user};
}

static int find_roots(struct domain_view *view)
{
    const struct saved_domain *domain = view->backing->arg;
    const struct saved *saved = domain->saved;

    free(view->root);
    view->nr_roots = 0;
    view->root = calloc(2 * (size_t)saved->vcpus + 1, sizeof(*view->root));
    if (!view->root)
        return diag_fail(view->dg, DW_FAILED, -ENOMEM, "out of memory");
    for (unsigned int i = 0; i < saved->vcpus; i++) {
        add_root(view, saved->vcpu[i].root, i, false);
        add_root(view, saved->vcpu[i].user_root, i, true);
    }
    return 0;
}

/* ---- the view ---- */

static uint8_t state_of(const struct saved *saved, uint64_t pfn)
{
    unsigned int type = saved_type(saved, pfn);

    if (!saved_has_contents(type) && type != PAGE_ALLOCATE)
        return VIEW_ASKED;
    return (
        uint8_t)(VIEW_ASKED | VIEW_OWNED | VIEW_UNLISTED | saved_level(type) |
                 (saved_has_contents(type) && type & PAGE_PINNED ? VIEW_PINNED
                                                                 : 0));
}

/* Zeroed memory for so many words, as view_close() gives it back. */
static xen_pfn_t *new_m2p(uint64_t frames)
{
    void *m2p = mmap(NULL, view_m2p_bytes(frames), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return m2p == MAP_FAILED ? NULL : m2p;
}

static int fill(struct domain_view *view, const struct saved *saved)
{
    xen_pfn_t *m2p = new_m2p(view->ram_end);
    uint64_t pfn;

    view->m2p = m2p;
    view->state = calloc(view->ram_end, sizeof(*view->state));
    if (!m2p || !view->state)
        return diag_fail(view->dg, DW_FAILED, -ENOMEM, "out of memory");
    m2p[saved->pfns] = ~(xen_pfn_t)0;
    for (pfn = 0; pfn < saved->pfns; pfn++) {
        view->state[pfn] = state_of(saved, pfn);
        m2p[pfn] = view->state[pfn] & VIEW_OWNED ? pfn : ~(xen_pfn_t)0;
        view->found += !!(view->state[pfn] & VIEW_OWNED);
    }
    view->tot_pages = view->max_pages = view->found;
    return find_roots(view);
}

static int open_view(struct domain_view *view, struct diag *dg,
                     const struct saved_domain *domain,
                     const struct view_backing *backing)
{
    const struct saved *saved = domain->saved;

    *view = (struct domain_view){
        .dg = dg,
        .backing = backing,
        .format = saved->width == 4 ? &pt_x86_pae_pv : &pt_x86_64_pv,
        .word = saved->width,
        .ram_end = saved->pfns + 1,
        .end = saved->pfns,
        .shared_info = shared_info(saved),
        .extended_cr3 = true, /* wherever it is restored */
    };
    return fill(view, saved);
}

/* As of a domain that has run: what its builder has made is not looked for. */
static int look_at(const struct saved_domain *domain, struct diag *dg,
                   int (*look)(struct domain_view *view,
                               const struct view_domain *domain, void *arg),
                   void *arg)
{
    const struct view_backing backing = {
        .read = read_frame, .ask_roots = find_roots, .arg = domain};
    const xc_domaininfo_t info = {.cpu_time = 1};
    const struct view_domain as_domain = {
        .info = &info,
        .width = domain->saved->width * 8,
        .store = MFN_INVALID,
        .console = MFN_INVALID,
    };
    struct domain_view view;
    int rc = open_view(&view, dg, domain, &backing);

    if (!rc)
        rc = look(&view, &as_domain, arg);
    view_close(&view);
    return rc;
}

/* ---- what is to be seen ---- */

static int look_for_faults(struct domain_view *view,
                           const struct view_domain *domain, void *arg)
{
    enum p2m_source p2m;

    return verify_view(view, domain, arg, &p2m);
}

int saved_verify(const struct saved_domain *domain, struct diag *dg,
                 struct faults *faults)
{
    *faults = (struct faults){0};
    return look_at(domain, dg, look_for_faults, faults);
}

static void forget_frames(struct runs *runs)
{
    for (unsigned int i = 0; i < runs->nr; i++)
        runs->run[i].mfn = RUN_NONE;
}

static int make_survey(struct domain_view *view,
                       const struct view_domain *domain, void *arg)
{
    struct survey *survey = arg;
    int rc = survey_view(view, domain, survey);

    /* There are none, but for the guest. */
    forget_frames(&survey->areas);
    forget_frames(&survey->unmapped);
    for (unsigned int i = 0; i < PT_MAX_LEVELS; i++)
        forget_frames(&survey->level[i].runs);
    survey->root = MFN_INVALID;
    survey->frames = (struct survey_frames){0};
    survey->state = SURVEY_SAVED;
    return rc;
}

int saved_survey(const struct saved_domain *domain, struct diag *dg,
                 struct survey *survey)
{
    return look_at(domain, dg, make_survey, survey);
}
