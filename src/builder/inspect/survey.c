/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/survey.h"

#include <errno.h>
#include <stdlib.h>

#include "inspect/start_info.h"
#include "inspect/tour.h"

static const unsigned int orders[SURVEY_BLOCKS] = {0, 9, 18};

#define FRAMES_4G (UINT64_C(1) << (32 - DW_PAGE_SHIFT))

/* ---- frames ---- */

/* [mfn, mfn + n) at [pfn, ...): the largest blocks, aligned in both. */
static void add_extent(struct survey_frames *frames, uint64_t mfn, uint64_t pfn,
                       uint64_t n)
{
    unsigned int i;

    frames->extents++;
    while (n) {
        for (i = SURVEY_BLOCKS - 1; i > 0; i--)
            if (!((mfn | pfn) & ((UINT64_C(1) << orders[i]) - 1)) &&
                n >> orders[i])
                break;
        frames->blocks[i]++;
        mfn += UINT64_C(1) << orders[i];
        pfn += UINT64_C(1) << orders[i];
        n -= UINT64_C(1) << orders[i];
    }
}

static void add_frame(const struct domain_view *view, struct survey *s,
                      mfn_t mfn)
{
    unsigned int level = view_level(view, mfn);
    bool high = mfn.v >= FRAMES_4G;
    struct run run = {
        .first = mfn.v,
        .end = mfn.v + 1,
        .count = 1,
        .pfn = view_pfn(view, mfn).v,
        .mfn = mfn.v,
        .tables = level > 0,
    };

    runs_add(&s->frames.runs, &run);
    s->frames.total++;
    s->frames.above_4g += high;
    if (!level)
        return;
    runs_add(&s->frames.tables, &run);
    s->level[level - 1].tables++;
    s->level[level - 1].above_4g += high;
    s->level[level - 1].pinned += view_pinned(view, mfn);
}

static uint64_t next_owned(const struct domain_view *view, uint64_t mfn)
{
    return view_next(view->state, mfn, view->end, VIEW_OWNED);
}

static void look_at_frames(const struct domain_view *view, struct survey *s)
{
    uint64_t mfn, pfn, first = 0, first_pfn = 0, n = 0;

    s->frames.ram_end = view->ram_end;
    for (mfn = next_owned(view, view->first); mfn < view->end;
         mfn = next_owned(view, mfn + 1)) {
        add_frame(view, s, MFN(mfn));
        pfn = view_pfn(view, MFN(mfn)).v;
        if (n && first + n == mfn && first_pfn + n == pfn) {
            n++;
            continue;
        }
        if (n)
            add_extent(&s->frames, first, first_pfn, n);
        first = mfn;
        first_pfn = pfn;
        n = 1;
    }
    if (n)
        add_extent(&s->frames, first, first_pfn, n);
}

/* ---- names ---- */

static void name_pages(struct tour_names *names, enum run_kind kind,
                       vaddr_t first, uint64_t pages)
{
    uint64_t room = (UINT64_MAX - first.v) >> DW_PAGE_SHIFT;

    if (pages && names->nr_ranges < TOUR_RANGES)
        names->range[names->nr_ranges++] = (struct tour_range){
            .kind = kind,
            .first = first.v,
            .end = first.v + ((pages < room ? pages : room) << DW_PAGE_SHIFT),
        };
}

static void name_frame(struct tour_names *names, enum run_kind kind, mfn_t mfn)
{
    if (mfn_valid(mfn) && names->nr_frames < TOUR_FRAMES)
        names->frame[names->nr_frames++] =
            (struct tour_frame){.kind = kind, .mfn = mfn};
}

static void add_unmapped(struct survey *s, enum run_kind kind, pfn_t pfn,
                         uint64_t pages)
{
    struct run run = {
        .kind = kind,
        .first = pfn.v,
        .end = pfn.v + pages,
        .count = pages,
        .pfn = pfn.v,
        .mfn = RUN_NONE,
    };

    if (pages)
        runs_add(&s->unmapped, &run);
}

/* The P2M lies in front of start_info, or has PFNs and tables of its own. */
static uint64_t p2m_pages(const struct domain_view *view,
                          const struct start_facts *start)
{
    uint64_t before = view->start_info.v - start->mfn_list.v;

    return start->nr_p2m_frames || start->mfn_list.v > view->start_info.v
               ? dw_pages_for(start->nr_pages * view->word)
               : before >> DW_PAGE_SHIFT;
}

/* Where vCPU 0 is to begin, up to what has another name. */
static void name_kernel(const struct domain_view *view,
                        struct tour_names *names)
{
    uint64_t first = 0, end = UINT64_MAX;
    unsigned int i;

    for (i = 0; i < names->nr_ranges; i++) {
        const struct tour_range *range = &names->range[i];

        if (range->end <= view->entry.v && range->end > first)
            first = range->end;
        if (range->first > view->entry.v && range->first < end)
            end = range->first;
    }
    name_pages(names, RUN_KERNEL, VADDR(first), (end - first) >> DW_PAGE_SHIFT);
}

/*
 * What its builder has laid out, as start_info tells it.  Behind the boot stack
 * is padding, to the end of what is mapped.
 */
static void name_layout(const struct domain_view *view,
                        const struct start_facts *start,
                        struct tour_names *names, struct survey *s)
{
    uint64_t list = p2m_pages(view, start);
    uint64_t stack_end = view->stack.v & ~(DW_PAGE_SIZE - 1);
    uint64_t ramdisk = dw_pages_for(start->ramdisk_bytes);

    name_pages(names, RUN_START_INFO, view->start_info, 1);
    name_pages(names, RUN_TABLES, start->tables, start->nr_tables);
    name_pages(names, RUN_P2M, start->mfn_list, list);
    if (stack_end)
        name_pages(names, RUN_STACK, VADDR(stack_end - DW_PAGE_SIZE), 1);
    if (!pfn_valid(start->ramdisk_pfn))
        name_pages(names, RUN_RAMDISK, start->ramdisk, ramdisk);
    else
        add_unmapped(s, RUN_RAMDISK, start->ramdisk_pfn, ramdisk);
    if (start->nr_p2m_frames > list)
        add_unmapped(s, RUN_P2M_TABLES, PFN(start->p2m_pfn.v + list),
                     start->nr_p2m_frames - list);
    name_kernel(view, names);
    if (stack_end)
        name_pages(names, RUN_PADDING, VADDR(stack_end), UINT64_MAX);
}

static void name_all(const struct domain_view *view,
                     const struct view_domain *domain,
                     const struct start_facts *start, const struct p2m *p2m,
                     struct tour_names *names, struct survey *s)
{
    name_frame(names, RUN_SHARED_INFO, view->shared_info);
    name_frame(names, RUN_STORE, start ? start->store : domain->store);
    name_frame(names, RUN_CONSOLE, start ? start->console : domain->console);
    if (start)
        name_layout(view, start, names, s);
    else if (p2m->source == P2M_LIST)
        name_pages(names, RUN_P2M, p2m->va, dw_pages_for(p2m->nr * view->word));
}

/* ---- all ---- */

static bool has_one_node(const struct domain_view *view)
{
    xc_physinfo_t host = {0};

    return !view->backing && !xc_physinfo(view->xc, &host) &&
           host.nr_nodes == 1;
}

static int look(struct domain_view *view, const struct view_domain *domain,
                struct survey *s)
{
    struct tour_names names = {.nr_ranges = 0};
    struct start_facts facts, *start = NULL;
    struct p2m p2m = {.source = P2M_NONE};
    int rc;

    if (!domain->info->cpu_time && start_info_read(view, &facts))
        start = &facts;
    rc = p2m_find(view, start, &p2m);
    if (!rc)
        rc = view_ask_all(view);
    if (rc)
        return rc;
    s->state = domain->info->cpu_time ? SURVEY_RUN : SURVEY_FRESH;
    s->p2m = p2m.source;
    look_at_frames(view, s);
    s->one_node = has_one_node(view);
    name_all(view, domain, start, &p2m, &names, s);
    s->has_root = view->nr_roots > 0;
    s->root = s->has_root ? view->root[0].mfn : MFN_INVALID;
    s->root_pfn = view_pfn(view, s->root);
    return s->has_root ? tour(view, s->root, &names, s) : 0;
}

int survey_view(struct domain_view *view, const struct view_domain *domain,
                struct survey *s)
{
    *s = (struct survey){
        .format = view->format,
        .width = domain->width,
        .pages = view->tot_pages,
        .extended_cr3 = view->extended_cr3,
        .root = MFN_INVALID,
        .root_pfn = PFN_INVALID,
    };
    return look(view, domain, s);
}

int survey_domain(xc_interface *xc, struct diag *dg,
                  const struct view_domain *domain, struct survey *s)
{
    struct domain_view view;
    int rc = view_open(&view, xc, dg, domain->info, domain->width);

    if (!rc)
        rc = survey_view(&view, domain, s);
    if (!rc)
        rc = view_check_alive(&view);
    view_close(&view);
    return rc;
}
