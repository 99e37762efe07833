/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/plan.h"

#include <inttypes.h>

#include "report/domain.h"

static void print_item(const struct pv_item *item, const char *name, FILE *out)
{
    fprintf(out, "%-20s %#10" PRIx64 " %#10" PRIx64, name, item->pfn.v,
            item->pages);
    if (item->va.v == VADDR_NONE.v)
        fprintf(out, "  -\n");
    else
        fprintf(out, "  %#" PRIx64 "\n", item->va.v);
}

void plan_print(const struct dw_plan *plan, FILE *out)
{
    const struct pv_layout *layout = &plan->layout;
    unsigned int i;

    fprintf(out, "type %s, %" PRIu64 " pages of memory\n",
            pv_type(layout->abi->word * 8), layout->total_pages);
    fprintf(out, "%-20s %10s %10s  %s\n", "item", "PFN", "pages", "address");
    for (i = 0; i < PV_ITEMS; i++)
        if (layout->item[i].pages)
            print_item(&layout->item[i], pv_item_name(i), out);
    for (i = 0; i < layout->nr_maps; i++)
        fprintf(out, "mapped: %#" PRIx64 " to %#" PRIx64 ", PFN %#" PRIx64 "\n",
                layout->map[i].first.v, layout->map[i].end.v,
                layout->map[i].pfn.v);
    for (i = 0; i < layout->nr_runs; i++)
        fprintf(out, "L%u tables: %" PRIu64 " from PFN %#" PRIx64 "\n",
                layout->run[i].level + 1, layout->run[i].count,
                layout->run[i].pfn.v);
    fprintf(out, "root table: PFN %#" PRIx64 "%s\n", layout->root.v,
            !layout->abi->low_root ? ""
            : plan->notes.extended_cr3
                ? ", below 4 GiB unless extended CR3 can be declared"
                : ", below 4 GiB");
}

static json_t *hex(uint64_t value)
{
    return json_sprintf("%#" PRIx64, value);
}

static json_t *item_json(const struct pv_item *item, const char *name)
{
    return json_pack(
        "{ss sI sI so}", "item", name, "pfn", (json_int_t)item->pfn.v, "pages",
        (json_int_t)item->pages, "address",
        item->va.v == VADDR_NONE.v ? json_null() : hex(item->va.v));
}

static json_t *items_json(const struct pv_layout *layout)
{
    json_t *items = json_array();
    unsigned int i;

    for (i = 0; i < PV_ITEMS; i++)
        if (layout->item[i].pages)
            json_array_append_new(items,
                                  item_json(&layout->item[i], pv_item_name(i)));
    return items;
}

static json_t *maps_json(const struct pv_layout *layout)
{
    json_t *maps = json_array();
    unsigned int i;

    for (i = 0; i < layout->nr_maps; i++)
        json_array_append_new(
            maps, json_pack("{so so sI}", "first", hex(layout->map[i].first.v),
                            "end", hex(layout->map[i].end.v), "pfn",
                            (json_int_t)layout->map[i].pfn.v));
    return maps;
}

static json_t *runs_json(const struct pv_layout *layout)
{
    json_t *runs = json_array();
    unsigned int i;

    for (i = 0; i < layout->nr_runs; i++)
        json_array_append_new(runs,
                              json_pack("{si sI sI}", "level",
                                        (int)layout->run[i].level + 1, "count",
                                        (json_int_t)layout->run[i].count, "pfn",
                                        (json_int_t)layout->run[i].pfn.v));
    return runs;
}

/* What is true of every Xen: the plan does not know which it will be. */
static const char *root_frame(const struct dw_plan *plan)
{
    if (!plan->layout.abi->low_root)
        return "any";
    return plan->notes.extended_cr3 ? "below-4g-unless-declared" : "below-4g";
}

json_t *plan_json(const struct dw_plan *plan)
{
    const struct pv_layout *layout = &plan->layout;

    return json_pack(
        "{ss sI so so so sI ss}", "type", pv_type(layout->abi->word * 8),
        "pages", (json_int_t)layout->total_pages, "items", items_json(layout),
        "maps", maps_json(layout), "tables", runs_json(layout), "root_pfn",
        (json_int_t)layout->root.v, "root_frame", root_frame(plan));
}
