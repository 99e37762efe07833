/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/plan_survey.h"

#include <stdlib.h>

static const enum run_kind kinds[PV_ITEMS] = {
    [PV_KERNEL] = RUN_KERNEL,         [PV_MODULE0] = RUN_RAMDISK,
    [PV_MODULE1] = RUN_MODULE,        [PV_P2M] = RUN_P2M,
    [PV_START_INFO] = RUN_START_INFO, [PV_XENSTORE] = RUN_STORE,
    [PV_CONSOLE] = RUN_CONSOLE,       [PV_TABLES] = RUN_TABLES,
    [PV_BOOT_STACK] = RUN_STACK,      [PV_PADDING] = RUN_PADDING,
    [PV_P2M_TABLES] = RUN_P2M_TABLES,
};

/* Items, what lies between them, Xen's own, and tables without pages. */
#define LIST_MAX (2 * PV_ITEMS + 8)

struct list {
    struct run run[LIST_MAX];
    unsigned int nr;
};

static int compare(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

static void put(struct list *list, const struct run *run)
{
    if (list->nr < LIST_MAX)
        list->run[list->nr++] = *run;
}

/* All of the list, in order. */
static void put_into(struct runs *runs, struct list *list)
{
    qsort(list->run, list->nr, sizeof(list->run[0]), compare);
    for (unsigned int i = 0; i < list->nr; i++)
        runs_add(runs, &list->run[i]);
}

static void put_pages(struct list *list, enum run_kind kind, uint64_t va,
                      uint64_t pages, uint64_t pfn)
{
    bool tables = kind == RUN_TABLES;
    struct run run = {
        .kind = kind,
        .first = va,
        .end = va + (pages << DW_PAGE_SHIFT),
        .count = pages,
        .pfn = pfn,
        .mfn = RUN_NONE,
        .writable = tables ? 0 : pages,
        .tables = tables ? pages : 0,
    };

    put(list, &run);
}

static void put_span(struct list *list, enum run_kind kind, uint64_t first,
                     uint64_t end)
{
    struct run run = {
        .kind = kind,
        .first = first,
        .end = end,
        .pfn = RUN_NONE,
        .mfn = RUN_NONE,
    };

    put(list, &run);
}

/* ---- tables ---- */

static uint64_t overlap(uint64_t first, uint64_t end, uint64_t first2,
                        uint64_t end2)
{
    uint64_t from = first > first2 ? first : first2;
    uint64_t to = end < end2 ? end : end2;

    return to > from ? to - from : 0;
}

/* Entries of the tables [number, number + count) of that level. */
static uint64_t entries(const struct pv_layout *layout, unsigned int level,
                        uint64_t number, uint64_t count)
{
    const struct pt_format *format = layout->abi->format;
    uint64_t each = UINT64_C(1) << format->level[level].bits, sum = 0;
    uint64_t page = pv_table_va(format, level, number).v >> DW_PAGE_SHIFT;
    unsigned int i;

    for (i = 0; level && i < layout->nr_runs; i++)
        if (layout->run[i].level == level - 1)
            sum += overlap(number * each, (number + count) * each,
                           layout->run[i].number,
                           layout->run[i].number + layout->run[i].count);
    for (i = 0; !level && i < layout->nr_maps; i++)
        sum += overlap(page, page + count * each,
                       layout->map[i].first.v >> DW_PAGE_SHIFT,
                       layout->map[i].end.v >> DW_PAGE_SHIFT);
    return sum;
}

static void add_level(const struct pv_layout *layout, unsigned int level,
                      struct survey *s)
{
    const struct pt_format *format = layout->abi->format;
    bool both = format->va_signed && level == format->levels - 1;
    struct list list = {.nr = 0};
    unsigned int i;

    for (i = 0; i < layout->nr_runs; i++) {
        const struct pv_run *tables = &layout->run[i];
        uint64_t first = pv_table_va(format, level, tables->number).v;
        struct run run = {
            .first = first,
            .end =
                both ? 0 : first + tables->count * pt_table_span(format, level),
            .count = tables->count,
            .pfn = tables->pfn.v,
            .mfn = RUN_NONE,
            .entries = entries(layout, level, tables->number, tables->count),
        };

        if (tables->level != level)
            continue;
        put(&list, &run);
        s->level[level].tables += run.count;
        s->level[level].reached += run.count;
        if (level)
            s->level[level].links += run.entries;
    }
    put_into(&s->level[level].runs, &list);
}

/* Of the tables that are there for Xen's sake some map nothing. */
static void put_empty(const struct pv_layout *layout, struct list *list)
{
    const struct pv_abi *abi = layout->abi;
    unsigned int level = abi->xen_table_level;
    uint64_t number, bytes = pt_table_span(abi->format, level);

    for (number = 0; level && number < abi->xen_table_number; number++) {
        vaddr_t first = pv_table_va(abi->format, level, number);

        if (pfn_valid(pv_layout_table(layout, level, first)) &&
            !entries(layout, level, number, 1))
            put_span(list, RUN_UNMAPPED, first.v, first.v + bytes);
    }
}

/* What is mapped and no item: the list has the items, in order. */
static void put_gaps(struct list *list, const struct pv_map *map)
{
    uint64_t at = map->first.v;
    unsigned int i, nr = list->nr;

    for (i = 0; i <= nr; i++) {
        uint64_t end = i < nr ? list->run[i].first : map->end.v;

        if (end < at || end > map->end.v)
            continue;
        if (end > at)
            put_pages(list, RUN_MEMORY, at, (end - at) >> DW_PAGE_SHIFT,
                      map->pfn.v + ((at - map->first.v) >> DW_PAGE_SHIFT));
        at = i < nr ? list->run[i].end : end;
    }
}

static void add_areas(const struct pv_layout *layout, struct survey *s)
{
    struct list list = {.nr = 0};
    unsigned int i;

    for (i = 0; i < PV_ITEMS; i++)
        if (layout->item[i].pages && layout->item[i].va.v != VADDR_NONE.v)
            put_pages(&list, kinds[i], layout->item[i].va.v,
                      layout->item[i].pages, layout->item[i].pfn.v);
    qsort(list.run, list.nr, sizeof(list.run[0]), compare);
    for (i = 0; i < layout->nr_maps; i++)
        put_gaps(&list, &layout->map[i]);
    put_span(&list, RUN_XEN, layout->abi->xen_first.v, layout->abi->xen_end.v);
    put_empty(layout, &list);
    put_into(&s->areas, &list);
}

static void add_unmapped(const struct pv_layout *layout, struct survey *s)
{
    struct list list = {.nr = 0};
    unsigned int i;

    for (i = 0; i < PV_ITEMS; i++) {
        const struct pv_item *item = &layout->item[i];
        struct run run = {
            .kind = kinds[i],
            .first = item->pfn.v,
            .end = item->pfn.v + item->pages,
            .count = item->pages,
            .pfn = item->pfn.v,
            .mfn = RUN_NONE,
        };

        if (item->pages && item->va.v == VADDR_NONE.v)
            put(&list, &run);
    }
    put_into(&s->unmapped, &list);
}

/* ---- all ---- */

void plan_survey(const struct dw_plan *plan, struct survey *s)
{
    const struct pv_layout *layout = &plan->layout;
    unsigned int i, level;

    *s = (struct survey){
        .state = SURVEY_PLAN,
        .format = layout->abi->format,
        .width = layout->abi->word * 8,
        .pages = layout->total_pages,
        .has_root = true,
        .root = MFN_INVALID,
        .root_pfn = layout->root,
        .extended_cr3 = plan->notes.extended_cr3,
        .p2m = P2M_START_INFO,
    };
    for (level = 0; level < s->format->levels; level++)
        add_level(layout, level, s);
    add_areas(layout, s);
    add_unmapped(layout, s);
    for (i = 0; i < s->areas.nr; i++) {
        s->level[0].writable += s->areas.run[i].writable;
        s->level[0].read_only +=
            s->areas.run[i].count - s->areas.run[i].writable;
    }
}
