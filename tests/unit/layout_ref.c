/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout_ref.h"

#include <stdlib.h>
#include <string.h>

#define PAGE   4096
#define STEP   (UINT64_C(4) << 20)
#define ENOUGH (UINT64_C(1) << 25)  /* pages, 128 GiB: for any test */
#define SMALL  (UINT64_C(16) << 20) /* visited page by page up to this size */

/* ---- the guest's address space, from xen/arch-x86/xen-x86_{32,64}.h ---- */

static bool is_32(const struct pv_request *req)
{
    return req->abi == &pv_abi_x86_32p;
}

static bool within(u128 first, u128 end, u128 from, u128 to)
{
    return first >= from && end <= to;
}

static bool addresses_good(const struct pv_request *req, u128 first, u128 end)
{
    /* An end at 1 << 64 is none to libxenguest. */
    const u128 top = ((u128)1 << 64) - 1, half = (u128)1 << 47;

    if (is_32(req))
        return within(first, end, 0, 0xf5800000);
    return within(first, end, 0, half) ||
           within(first, end, 0xffff880000000000, top);
}

/* ---- sets of tables ---- */

static uint64_t number_of(const struct pv_request *req, unsigned int level,
                          uint64_t va)
{
    unsigned int bits = is_32(req) ? 32 : 48, shift = 21 + 9 * level;

    /* A PAE L3 has 4 entries. */
    if (shift > bits)
        shift = bits;
    return (va & ((UINT64_C(1) << bits) - 1)) >> shift;
}

static bool in_boot(const struct ref_level *set, uint64_t number)
{
    uint64_t lo = 0, hi = set->boot;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;

        if (set->number[mid] == number)
            return true;
        if (set->number[mid] < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static void add(struct ref_level *set, uint64_t number)
{
    if (set->count == set->size) {
        set->size = set->size ? 2 * set->size : 64;
        set->number = realloc(set->number, set->size * sizeof(*set->number));
        set->pfn = realloc(set->pfn, set->size * sizeof(*set->pfn));
        if (!set->number || !set->pfn)
            abort();
    }
    set->number[set->count++] = number;
}

/* Pages are visited upwards, so what was added already was added just now. */
static void visit(struct layout_ref *ref, const struct pv_request *req,
                  uint64_t va)
{
    for (unsigned int l = 0; l < ref->levels; l++) {
        struct ref_level *set = &ref->level[l];
        uint64_t number = number_of(req, l, va);

        if (number == set->last)
            continue;
        set->last = number;
        if (!in_boot(set, number))
            add(set, number);
    }
}

/*
 * Every page of [first, end); for a large map one page of each aligned
 * 2 MiB, in which all pages need the same tables, and the very last.
 */
static void visit_all(struct layout_ref *ref, const struct pv_request *req,
                      u128 first, u128 end, bool large)
{
    const uint64_t chunk = UINT64_C(2) << 20;

    if (!large) {
        for (u128 va = first; va < end; va += PAGE)
            visit(ref, req, (uint64_t)va);
        return;
    }
    for (u128 va = first; va < end; va = (va & ~(u128)(chunk - 1)) + chunk)
        visit(ref, req, (uint64_t)va);
    visit(ref, req, (uint64_t)(end - PAGE));
}

static uint64_t count_tables(const struct layout_ref *ref)
{
    uint64_t n = 0;

    for (unsigned int l = 0; l < ref->levels; l++)
        n += ref->level[l].count;
    return n;
}

/* ---- items ---- */

static uint64_t pages_of(uint64_t bytes)
{
    return bytes / PAGE + (bytes % PAGE ? 1 : 0);
}

static void lay(struct layout_ref *ref, const struct pv_request *req,
                enum pv_item_id id, uint64_t pages, bool mapped)
{
    uint64_t va = req->kernel.base.v + ref->next * PAGE;

    if (pages > 0)
        ref->item[id] = (struct pv_item){
            .va = mapped ? VADDR(va) : VADDR_NONE,
            .pfn = PFN(ref->next),
            .pages = pages,
        };
    ref->next += pages;
    if (ref->next > ref->limit)
        ref->no_space = true;
}

/* False: that address cannot be. */
static bool go_to(struct layout_ref *ref, const struct pv_request *req,
                  uint64_t va)
{
    u128 now = req->kernel.base.v + (u128)ref->next * PAGE;

    if (va % PAGE || va < now) {
        ref->invalid = true;
        return false;
    }
    ref->next += (va - (uint64_t)now) / PAGE;
    return true;
}

static void lay_memory(struct layout_ref *ref, const struct pv_request *req)
{
    for (unsigned int i = 0; i < req->nr_ranges; i++) {
        const struct pv_range *r = &req->ranges[i];

        if (r->first.v >= r->end.v ||
            (i > 0 && r->first.v < req->ranges[i - 1].end.v))
            ref->invalid = true;
        ref->total_pages += r->end.v - r->first.v;
        ref->p2m_entries = r->end.v;
    }
    /* Page 0 up to the first that does not exist. */
    for (unsigned int i = 0; i < req->nr_ranges; i++)
        if (req->ranges[i].first.v == ref->limit)
            ref->limit = req->ranges[i].end.v;
    if (ref->limit == 0)
        ref->no_space = true;
}

static void lay_kernel(struct layout_ref *ref, const struct pv_request *req)
{
    const struct pv_kernel *k = &req->kernel;

    if (k->base.v % PAGE || k->first.v < k->base.v || k->end.v <= k->first.v)
        ref->invalid = true;
    else if (go_to(ref, req, k->first.v))
        lay(ref, req, PV_KERNEL, pages_of(k->end.v - k->first.v), true);
}

static void lay_modules(struct layout_ref *ref, const struct pv_request *req,
                        bool mapped)
{
    for (unsigned int i = 0; i < PV_MAX_MODULES && !ref->invalid; i++) {
        const struct pv_module *m = &req->module[i];
        bool chosen = m->first.v != UINT64_MAX;

        if (m->bytes == 0 ||
            mapped != (chosen || !req->kernel.unmapped_modules))
            continue;
        if (!chosen || go_to(ref, req, m->first.v))
            lay(ref, req, PV_MODULE0 + i, pages_of(m->bytes), mapped);
    }
}

/* ---- the boot region and a P2M apart ---- */

/* PAE: the L2s up to the one of slot 3, where Xen has its own entries. */
static uint64_t missing_l2(const struct layout_ref *ref,
                           const struct pv_request *req)
{
    return is_32(req) ? 3 - ref->level[1].last : 0;
}

static void lay_boot(struct layout_ref *ref, const struct pv_request *req)
{
    u128 base = req->kernel.base.v, end = base, seen = base, wanted;

    do {
        end = (end / STEP + 1) * STEP;
        visit_all(ref, req, seen, end, end - base > SMALL);
        seen = end;
        wanted = ref->next + count_tables(ref) + missing_l2(ref, req);
        wanted += 1 + (512 << 10) / PAGE; /* the stack; padding */
    } while (end < base + wanted * PAGE);

    for (uint64_t n = missing_l2(ref, req); n > 0; n--)
        add(&ref->level[1], 4 - n);
    ref->first[0] = base;
    ref->end[0] = end;
    ref->nr_maps = 1;
    if (!addresses_good(req, base, end))
        ref->invalid = true;
    lay(ref, req, PV_TABLES, count_tables(ref), true);
    lay(ref, req, PV_BOOT_STACK, 1, true);
    lay(ref, req, PV_PADDING, (uint64_t)((end - base) / PAGE) - ref->next,
        true);
}

/* The tables that have no page yet get the next ones, the root first. */
static void number_tables(struct layout_ref *ref, uint64_t next)
{
    for (unsigned int l = ref->levels; l-- > 0;) {
        struct ref_level *set = &ref->level[l];

        for (uint64_t i = set->boot; i < set->count; i++)
            set->pfn[i] = next++;
        set->boot = set->count;
        set->last = UINT64_MAX;
    }
}

static void lay_p2m_apart(struct layout_ref *ref, const struct pv_request *req,
                          uint64_t pages)
{
    u128 first = req->kernel.init_p2m.v, end = first + (u128)pages * PAGE;
    uint64_t before = count_tables(ref);

    if (end > req->kernel.base.v || !addresses_good(req, first, end))
        ref->invalid = true;
    lay(ref, req, PV_P2M, pages, true);
    if (ref->invalid)
        return;
    ref->item[PV_P2M].va = req->kernel.init_p2m;
    ref->first[1] = first;
    ref->end[1] = end;
    ref->nr_maps = 2;
    visit_all(ref, req, first, end, end - first > SMALL);
    lay(ref, req, PV_P2M_TABLES, count_tables(ref) - before, false);
    number_tables(ref, ref->item[PV_P2M_TABLES].pfn.v);
}

static bool p2m_apart(const struct pv_request *req)
{
    uint64_t va = req->kernel.init_p2m.v;

    return !is_32(req) && va < req->kernel.base.v && va % PAGE == 0;
}

void layout_ref_plan(const struct pv_request *req, struct layout_ref *ref)
{
    bool apart = p2m_apart(req);
    uint64_t p2m;

    memset(ref, 0, sizeof(*ref));
    ref->levels = is_32(req) ? 3 : 4;
    for (unsigned int l = 0; l < ref->levels; l++)
        ref->level[l].last = UINT64_MAX;
    for (unsigned int i = 0; i < PV_ITEMS; i++)
        ref->item[i].va = VADDR_NONE;
    lay_memory(ref, req);
    if (ref->invalid)
        return;
    lay_kernel(ref, req);
    lay_modules(ref, req, true);
    if (ref->invalid)
        return;
    p2m = pages_of(ref->p2m_entries * (is_32(req) ? 4 : 8));
    if (!apart)
        lay(ref, req, PV_P2M, p2m, true);
    lay(ref, req, PV_START_INFO, 1, true);
    lay(ref, req, PV_XENSTORE, 1, true);
    lay(ref, req, PV_CONSOLE, 1, true);
    if (ref->no_space && ref->next > ENOUGH) {
        ref->invalid = true; /* perhaps: nobody will count all the tables */
        return;
    }
    lay_boot(ref, req);
    number_tables(ref, ref->item[PV_TABLES].pfn.v);
    lay_modules(ref, req, false);
    if (apart)
        lay_p2m_apart(ref, req, p2m);
}

void layout_ref_dispose(struct layout_ref *ref)
{
    for (unsigned int l = 0; l < PT_MAX_LEVELS; l++) {
        free(ref->level[l].number);
        free(ref->level[l].pfn);
    }
}

uint64_t layout_ref_table(const struct layout_ref *ref, unsigned int level,
                          uint64_t number)
{
    const struct ref_level *set = &ref->level[level];

    for (uint64_t i = 0; i < set->count; i++)
        if (set->number[i] == number)
            return set->pfn[i];
    return UINT64_MAX;
}
