/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "pv/layout.h"

/* xen/xen.h, "Start-of-day memory layout", points 2 and 7. */
#define BOOT_ALIGN         (UINT64_C(4) << 20)
#define BOOT_PADDING_PAGES ((UINT64_C(512) << 10) >> DW_PAGE_SHIFT)

/* Above these, a page's address would not fit in 64 bits. */
#define PFNS_MAX (UINT64_C(1) << (64 - DW_PAGE_SHIFT))

struct planner {
    const struct pv_request *req;
    struct pv_layout *out;
    struct pv_refusal *why;
    uint64_t next;  /* first PFN that is still free */
    uint64_t limit; /* PFNs below this exist without a gap */
};

static const char *const item_names[PV_ITEMS] = {
    [PV_KERNEL] = "kernel",
    [PV_MODULE0] = "ramdisk",
    [PV_MODULE1] = "second module",
    [PV_P2M] = "P2M list",
    [PV_START_INFO] = "start info",
    [PV_XENSTORE] = "xenstore ring",
    [PV_CONSOLE] = "console ring",
    [PV_TABLES] = "page tables",
    [PV_BOOT_STACK] = "boot stack",
    [PV_PADDING] = "padding",
    [PV_P2M_TABLES] = "P2M page tables",
};

const char *pv_item_name(enum pv_item_id id)
{
    return item_names[id];
}

static int refuse(struct planner *p, int rc, const char *what, uint64_t need,
                  uint64_t have)
{
    *p->why = (struct pv_refusal){.what = what, .need = need, .have = have};
    return rc;
}

static vaddr_t va_of(const struct planner *p, uint64_t pfn)
{
    return VADDR(p->req->kernel.base.v + (pfn << DW_PAGE_SHIFT));
}

/* Gives the next `pages` to an item. */
static int place(struct planner *p, enum pv_item_id id, uint64_t pages,
                 bool mapped)
{
    if (pages > p->limit - p->next)
        return refuse(p, -ENOSPC, item_names[id], pages, p->limit - p->next);
    p->out->item[id] = (struct pv_item){
        .va = mapped ? va_of(p, p->next) : VADDR_NONE,
        .pfn = PFN(p->next),
        .pages = pages,
    };
    p->next += pages;
    return 0;
}

/* Like place(), at an address that somebody chose. */
static int place_at(struct planner *p, enum pv_item_id id, vaddr_t va,
                    uint64_t pages)
{
    vaddr_t base = p->req->kernel.base;
    uint64_t gap = ((va.v - base.v) >> DW_PAGE_SHIFT) - p->next;

    if (va.v & (DW_PAGE_SIZE - 1))
        return refuse(p, -EINVAL, "an address is not page-aligned", va.v, 0);
    /* In pages: the address of the first free one may have wrapped. */
    if (va.v < base.v || (va.v - base.v) >> DW_PAGE_SHIFT < p->next)
        return refuse(p, -EINVAL, "an address is below the first free one",
                      va.v, va_of(p, p->next).v);
    if (gap > p->limit - p->next)
        return refuse(p, -ENOSPC, item_names[id], gap + pages,
                      p->limit - p->next);
    p->next += gap;
    return place(p, id, pages, true);
}

static int plan_memory(struct planner *p)
{
    struct pv_layout *out = p->out;
    uint64_t end = 0;

    for (unsigned int i = 0; i < p->req->nr_ranges; i++) {
        const struct pv_range *r = &p->req->ranges[i];

        if (r->first.v < end || r->end.v <= r->first.v)
            return refuse(p, -EINVAL, "the memory ranges overlap or are empty",
                          r->first.v, r->end.v);
        if (r->end.v > PFNS_MAX)
            return refuse(p, -EINVAL, "no machine has such memory", r->first.v,
                          r->end.v);
        if (r->first.v == p->limit)
            p->limit = r->end.v;
        end = r->end.v;
        out->total_pages += r->end.v - r->first.v;
    }
    out->p2m_entries = end;
    if (p->limit == 0)
        return refuse(p, -ENOSPC, "first page of memory", 1, 0);
    return 0;
}

static int plan_kernel(struct planner *p)
{
    const struct pv_kernel *k = &p->req->kernel;

    if (k->first.v < k->base.v || k->end.v <= k->first.v)
        return refuse(p, -EINVAL, "the kernel lies outside of its own mapping",
                      k->first.v, k->end.v);
    return place_at(p, PV_KERNEL, k->first,
                    dw_pages_for(k->end.v - k->first.v));
}

static bool module_unmapped(const struct planner *p, const struct pv_module *m)
{
    return p->req->kernel.unmapped_modules && m->first.v == VADDR_NONE.v;
}

/* The modules that are mapped, or the others, in their order. */
static int plan_modules(struct planner *p, bool unmapped)
{
    for (unsigned int i = 0; i < PV_MAX_MODULES; i++) {
        const struct pv_module *m = &p->req->module[i];
        enum pv_item_id id = PV_MODULE0 + i;
        uint64_t pages = dw_pages_for(m->bytes);
        int rc;

        if (m->bytes == 0 || module_unmapped(p, m) != unmapped)
            continue;
        if (m->first.v == VADDR_NONE.v)
            rc = place(p, id, pages, !unmapped);
        else
            rc = place_at(p, id, m->first, pages);
        if (rc)
            return rc;
    }
    return 0;
}

/*
 * INIT_P2M counts where the ABI has it, on a page boundary, below the boot
 * region: the same condition that libxenguest applies, so that both put the
 * list at the same place.
 */
static bool p2m_apart(const struct pv_request *req)
{
    vaddr_t va = req->kernel.init_p2m;

    return req->abi->init_p2m && va.v < req->kernel.base.v &&
           (va.v & (DW_PAGE_SIZE - 1)) == 0;
}

static uint64_t p2m_pages(const struct planner *p)
{
    return dw_pages_for(p->out->p2m_entries * p->req->abi->word);
}

static uint64_t table_number(const struct pt_format *fmt, unsigned int level,
                             vaddr_t va)
{
    uint64_t mask = (UINT64_C(1) << fmt->va_bits) - 1;

    return (va.v & mask) / pt_table_span(fmt, level);
}

vaddr_t pv_table_va(const struct pt_format *fmt, unsigned int level,
                    uint64_t number)
{
    uint64_t va = number * pt_table_span(fmt, level);

    if (fmt->va_signed && (va >> (fmt->va_bits - 1)) & 1)
        va |= ~((UINT64_C(1) << fmt->va_bits) - 1);
    return VADDR(va);
}

/* Can the guest map all of this? */
static int check_map(struct planner *p, const struct pv_map *map)
{
    const struct pv_abi *abi = p->req->abi;

    /* libxenguest takes an end at 1 << 64 for none. */
    if (!pt_range_valid(abi->format, map->first, map->end) || map->end.v == 0)
        return refuse(p, -EINVAL, "the guest has no such addresses",
                      map->first.v, map->end.v);
    if (map->first.v < abi->xen_end.v && map->end.v > abi->xen_first.v)
        return refuse(p, -EINVAL, "these addresses are Xen's own", map->first.v,
                      map->end.v);
    return 0;
}

/*
 * Adds the runs of tables that map number `m` needs, from PFN `pfn` on, and
 * returns how many tables they have.  Tables that an earlier map has already
 * are left out: the second map lies below the first, so that only its last one
 * of a level can be such a one.
 */
static uint64_t add_runs(struct pv_layout *out, unsigned int m, uint64_t pfn)
{
    const struct pt_format *fmt = out->abi->format;
    const struct pv_map *map = &out->map[m];
    unsigned int earlier = out->nr_runs;
    uint64_t start = pfn;

    for (unsigned int level = fmt->levels; level-- > 0;) {
        uint64_t first = table_number(fmt, level, map->first);
        uint64_t end = table_number(fmt, level, VADDR(map->end.v - 1)) + 1;

        if (m == 0 && level > 0 && level == out->abi->xen_table_level)
            end = out->abi->xen_table_number + 1;
        for (unsigned int i = 0; i < earlier; i++) {
            const struct pv_run *r = &out->run[i];

            if (r->level == level && end > r->number &&
                end <= r->number + r->count)
                end = r->number;
        }
        if (first >= end)
            continue;
        out->run[out->nr_runs++] = (struct pv_run){
            .level = level,
            .number = first,
            .count = end - first,
            .pfn = PFN(pfn),
        };
        pfn += end - first;
    }
    return pfn - start;
}

/*
 * The tables map themselves, so their number and the end of the boot region
 * depend on each other: grow both until they agree.  Each turn only adds
 * tables, and memory bounds them.
 */
static int plan_tables(struct planner *p)
{
    struct pv_layout *out = p->out;
    struct pv_map *map = &out->map[0];
    uint64_t tables = 0, needed = 0;
    int rc;

    out->nr_maps = 1;
    do {
        uint64_t pages = (tables = needed) + 1 + BOOT_PADDING_PAGES;
        uint64_t end = va_of(p, p->next + pages).v;

        map->first = p->req->kernel.base;
        map->end = VADDR((end + BOOT_ALIGN - 1) & ~(BOOT_ALIGN - 1));
        rc = check_map(p, map);
        if (rc)
            return rc;
        out->nr_runs = 0;
        needed = add_runs(out, 0, p->next);
        if (needed > p->limit - p->next)
            return refuse(p, -ENOSPC, item_names[PV_TABLES], needed,
                          p->limit - p->next);
    } while (needed != tables);

    out->root = PFN(p->next);
    rc = place(p, PV_TABLES, tables, true);
    if (!rc)
        rc = place(p, PV_BOOT_STACK, 1, true);
    if (!rc)
        rc = place(p, PV_PADDING,
                   (map->end.v - va_of(p, p->next).v) >> DW_PAGE_SHIFT, true);
    return rc;
}

static int plan_p2m_apart(struct planner *p)
{
    struct pv_layout *out = p->out;
    struct pv_map *map = &out->map[out->nr_maps];
    uint64_t pages = p2m_pages(p);
    int rc;

    map->first = p->req->kernel.init_p2m;
    map->end = VADDR(map->first.v + (pages << DW_PAGE_SHIFT));
    map->pfn = PFN(p->next);
    rc = check_map(p, map);
    if (rc)
        return rc;
    if (map->end.v > p->req->kernel.base.v)
        return refuse(p, -EINVAL, "INIT_P2M leaves no room below the kernel",
                      map->end.v, p->req->kernel.base.v);
    rc = place(p, PV_P2M, pages, true);
    if (rc)
        return rc;
    out->item[PV_P2M].va = map->first;
    out->nr_maps++;
    return place(p, PV_P2M_TABLES, add_runs(out, 1, p->next), false);
}

int pv_layout_plan(const struct pv_request *req, struct pv_layout *out,
                   struct pv_refusal *why)
{
    struct planner p = {.req = req, .out = out, .why = why};
    bool apart = p2m_apart(req);
    int rc;

    memset(out, 0, sizeof(*out));
    for (unsigned int i = 0; i < PV_ITEMS; i++)
        out->item[i].va = VADDR_NONE;
    out->abi = req->abi;
    out->base = req->kernel.base;

    rc = plan_memory(&p);
    if (!rc)
        rc = plan_kernel(&p);
    if (!rc)
        rc = plan_modules(&p, false);
    if (!rc && !apart)
        rc = place(&p, PV_P2M, p2m_pages(&p), true);
    if (!rc)
        rc = place(&p, PV_START_INFO, 1, true);
    if (!rc)
        rc = place(&p, PV_XENSTORE, 1, true);
    if (!rc)
        rc = place(&p, PV_CONSOLE, 1, true);
    if (!rc)
        rc = plan_tables(&p);
    if (!rc)
        rc = plan_modules(&p, true);
    if (!rc && apart)
        rc = plan_p2m_apart(&p);
    out->end = PFN(p.next);
    return rc;
}

pfn_t pv_layout_written_end(const struct pv_layout *layout)
{
    const struct pv_item *padding = &layout->item[PV_PADDING];

    if (padding->pfn.v + padding->pages == layout->end.v)
        return layout->item[PV_BOOT_STACK].pfn;
    return layout->end;
}

pfn_t pv_layout_table(const struct pv_layout *layout, unsigned int level,
                      vaddr_t va)
{
    uint64_t number = table_number(layout->abi->format, level, va);

    for (unsigned int i = 0; i < layout->nr_runs; i++) {
        const struct pv_run *r = &layout->run[i];

        if (r->level == level && number >= r->number &&
            number - r->number < r->count)
            return PFN(r->pfn.v + (number - r->number));
    }
    return PFN_INVALID;
}

static bool item_has(const struct pv_item *item, pfn_t pfn)
{
    return pfn.v >= item->pfn.v && pfn.v - item->pfn.v < item->pages;
}

bool pv_layout_is_table(const struct pv_layout *layout, pfn_t pfn)
{
    return item_has(&layout->item[PV_TABLES], pfn) ||
           item_has(&layout->item[PV_P2M_TABLES], pfn);
}
