/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/pin_plan.h"

struct emitter {
    struct pin_step *steps;
    uint64_t max, count;
};

static void emit(struct emitter *e, bool pin, unsigned int level, pfn_t pfn)
{
    if (e->count < e->max)
        e->steps[e->count] =
            (struct pin_step){.pin = pin, .level = level, .pfn = pfn};
    e->count++;
}

/* Every table of `level` that can be pinned by itself. */
static void emit_level(struct emitter *e, const struct pv_layout *layout,
                       unsigned int level, bool pin)
{
    const struct pv_abi *abi = layout->abi;

    for (unsigned int i = 0; i < layout->nr_runs; i++) {
        const struct pv_run *r = &layout->run[i];

        if (r->level != level)
            continue;
        for (uint64_t n = 0; n < r->count; n++) {
            bool xen = level > 0 && level == abi->xen_table_level &&
                       r->number + n == abi->xen_table_number;

            if (!xen)
                emit(e, pin, level, PFN(r->pfn.v + n));
        }
    }
}

uint64_t pin_plan(const struct pv_layout *layout, enum pin_order order,
                  struct pin_step *steps, uint64_t max)
{
    struct emitter e = {.steps = steps, .max = max};
    unsigned int root = layout->abi->format->levels - 1;

    if (order == PIN_LEVELS)
        for (unsigned int level = 0; level < root; level++)
            emit_level(&e, layout, level, true);
    emit(&e, true, root, layout->root);
    if (order == PIN_LEVELS)
        for (unsigned int level = root; level-- > 0;)
            emit_level(&e, layout, level, false);
    return e.count;
}
