/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/verify.h"

#include "inspect/domain_view.h"
#include "inspect/start_info.h"
#include "inspect/tables.h"

/* It is one that the guest can use: its own, and no table. */
static int check_page(struct domain_view *view, const char *what, mfn_t mfn,
                      struct faults *faults)
{
    struct fault fault = {
        .kind = FAULT_SPECIAL_PAGE,
        .table = mfn,
        .what = what,
    };
    int rc = mfn_valid(mfn) ? view_ask(view, &mfn, 1) : 0;

    if (!rc && mfn_valid(mfn) &&
        (!view_owned(view, mfn) || view_level(view, mfn)))
        faults_add(faults, &fault);
    return rc;
}

static bool is_there(struct domain_view *view, mfn_t mfn)
{
    static const struct view_page none;
    struct view_page page = none;

    return view_page(view, &page, mfn);
}

static int check_pages(struct domain_view *view,
                       const struct view_domain *domain,
                       const struct start_facts *start, struct faults *faults)
{
    struct fault shared_info = {
        .kind = FAULT_SPECIAL_PAGE,
        .table = view->shared_info,
        .what = "shared info",
    };
    int rc;

    if (!is_there(view, view->shared_info))
        faults_add(faults, &shared_info);
    rc = check_page(view, "xenstore", domain->store, faults);
    if (!rc)
        rc = check_page(view, "console", domain->console, faults);
    if (!rc && start && start->store.v != domain->store.v)
        rc = check_page(view, "start_info's xenstore", start->store, faults);
    if (!rc && start && start->console.v != domain->console.v)
        rc = check_page(view, "start_info's console", start->console, faults);
    return rc;
}

int verify_view(struct domain_view *view, const struct view_domain *domain,
                struct faults *faults, enum p2m_source *source)
{
    struct start_facts facts, *start = NULL;
    struct p2m p2m = {.source = P2M_NONE};
    int rc;

    if (!domain->info->cpu_time && start_info_read(view, &facts))
        start = &facts;
    rc = p2m_find(view, start, &p2m);
    if (!rc)
        rc = p2m_compare(view, &p2m, faults);
    if (!rc)
        rc = view_ask_all(view);
    if (!rc)
        rc = p2m_compare_rest(view, &p2m, faults);
    if (!rc)
        rc = p2m_compare_frames(view, &p2m, faults);
    if (!rc)
        rc = tables_check(view, start, faults);
    if (!rc)
        rc = check_pages(view, domain, start, faults);
    *source = p2m.source;
    return rc;
}

int verify(xc_interface *xc, struct diag *dg, const struct view_domain *domain,
           struct faults *faults, enum p2m_source *source)
{
    struct domain_view view;
    int rc = view_open(&view, xc, dg, domain->info, domain->width);

    *faults = (struct faults){0};
    if (!rc)
        rc = verify_view(&view, domain, faults, source);
    if (!rc)
        rc = view_check_alive(&view);
    view_close(&view);
    return rc;
}
