/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "hooks/construct.h"
#include "pt/map.h"

struct construction {
    const struct pv_layout *layout;
    const uint64_t *mfns;
    uint8_t *boot;
    const struct pv_map *map; /* the one that is being entered */
};

static mfn_t mfn_of(const struct construction *c, pfn_t pfn)
{
    return MFN(c->mfns[pfn.v]);
}

static void *page_ptr(const struct construction *c, pfn_t pfn)
{
    return c->boot + (pfn.v << DW_PAGE_SHIFT);
}

/* Every table comes from the plan, so that its place there finds it. */
static uint64_t *table_ptr(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va)
{
    const struct construction *c = ctx;
    pfn_t pfn = pv_layout_table(c->layout, level, va);

    return pfn_valid(pfn) && mfn_of(c, pfn).v == mfn.v ? page_ptr(c, pfn)
                                                       : NULL;
}

/* All tables are linked before anything is mapped. */
static int no_table(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    (void)ctx;
    (void)level;
    (void)va;
    (void)mfn;
    return -EPROTO;
}

static const struct pt_ops planned_tables = {
    .table = table_ptr,
    .alloc = no_table,
};

static void clear_table(const struct pt_format *fmt, unsigned int level,
                        uint64_t *slots)
{
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        slots[i] = fmt->empty(level);
}

/* Clears the tables of one run and enters them in the level above. */
static int link_run(const struct construction *c, const struct pv_run *run)
{
    const struct pt_format *fmt = c->layout->abi->format;
    unsigned int above = run->level + 1;

    for (uint64_t n = 0; n < run->count; n++) {
        vaddr_t va = pv_table_va(fmt, run->level, run->number + n);
        pfn_t pfn = PFN(run->pfn.v + n), parent;
        uint64_t *slots;

        clear_table(fmt, run->level, page_ptr(c, pfn));
        if (above == fmt->levels)
            continue;
        parent = pv_layout_table(c->layout, above, va);
        if (!pfn_valid(parent))
            return -EPROTO;
        slots = page_ptr(c, parent);
        slots[pt_index(fmt, above, va)] = fmt->table(above, mfn_of(c, pfn));
    }
    return 0;
}

/* A page of the map; one that is a table is the guest's to read only. */
static int map_page(void *arg, vaddr_t va, mfn_t *mfn, uint32_t *prot)
{
    const struct construction *c = arg;
    uint64_t offset = (va.v - c->map->first.v) >> DW_PAGE_SHIFT;
    pfn_t pfn = PFN(c->map->pfn.v + offset);

    *mfn = mfn_of(c, pfn);
    *prot =
        PT_READ | PT_EXEC | (pv_layout_is_table(c->layout, pfn) ? 0 : PT_WRITE);
    return 0;
}

int construct_tables(const struct pv_layout *layout, const uint64_t *mfns,
                     void *boot)
{
    struct construction c = {.layout = layout, .mfns = mfns, .boot = boot};
    struct pt_tables pt = {
        .format = layout->abi->format,
        .ops = &planned_tables,
        .ctx = &c,
        .root = mfn_of(&c, layout->root),
    };
    int rc = 0;

    /* Root first: a run's parents are clear before it is linked. */
    for (unsigned int i = 0; !rc && i < layout->nr_runs; i++)
        rc = link_run(&c, &layout->run[i]);
    for (unsigned int i = 0; !rc && i < layout->nr_maps; i++) {
        c.map = &layout->map[i];
        rc = pt_map(&pt, c.map->first, c.map->end, map_page, &c);
    }
    return rc;
}
