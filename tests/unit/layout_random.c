/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout_random.h"

#define PAGE DW_PAGE_SIZE
#define KIB  (UINT64_C(1) << 10)
#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)
#define TIB  (UINT64_C(1) << 40)

static uint64_t some_base(struct unit_random *r, const struct pv_abi *abi)
{
    static const uint64_t base32[] = {
        0,          0x100000,       0x40000000, 0xc0000000,
        0xc0000000, 2 * GIB - PAGE, 0xbfe00000, 0xf5800000 - 8 * MIB,
    };
    static const uint64_t base64[] = {
        0,
        4 * MIB,
        512 * GIB,
        0x7fffff800000,     /* the hole is near */
        0xffff7ffffffff000, /* in it */
        0xffff8077c0000000, /* Xen's */
        0xffff880000000000, /* the first that is not Xen's */
        0xffffffff80000000,
        0xffffffff80000000,
        0xffffffffff000000, /* the top is near */
    };
    uint64_t base =
        abi->word == 4 ? UNIT_ONE_OF(r, base32) : UNIT_ONE_OF(r, base64);

    if (unit_once_in(r, 4))
        base += unit_below(r, 4096) * PAGE;
    if (unit_once_in(r, 60))
        base += 1 + unit_below(r, PAGE - 1);
    return base;
}

static struct pv_kernel some_kernel(struct unit_random *r,
                                    const struct pv_abi *abi)
{
    struct pv_kernel k = {.base = VADDR(some_base(r, abi))};

    k.first.v = k.base.v;
    if (unit_once_in(r, 2))
        k.first.v += unit_below(r, 16 * MIB / PAGE) * PAGE;
    if (unit_once_in(r, 60))
        k.first.v += unit_below(r, 2 * MIB) - MIB;
    k.end.v =
        k.first.v + 1 + unit_below(r, unit_once_in(r, 4) ? 24 * MIB : MIB);
    if (unit_once_in(r, 60))
        k.end.v = k.first.v - unit_below(r, MIB);
    k.unmapped_modules = unit_once_in(r, 2);
    return k;
}

/* Below the base, near a border of tables that is near or far below it. */
static uint64_t some_p2m(struct unit_random *r, uint64_t base)
{
    static const uint64_t span[] = {PAGE, 2 * MIB, GIB, 512 * GIB};
    uint64_t s = UNIT_ONE_OF(r, span);
    uint64_t va = (base & ~(s - 1)) - unit_below(r, 3) * s;

    switch (unit_below(r, 8)) {
    case 0:
        va = 512 * GIB; /* what Linux asks for, sort of */
        break;
    case 1:
        va += unit_below(r, 64) * PAGE; /* above the base, perhaps */
        break;
    case 2:
        va += 1 + unit_below(r, PAGE);
        break;
    case 3:
        return UINT64_MAX;
    default:
        va -= unit_below(r, 1024) * PAGE;
    }
    return va;
}

static uint64_t some_bytes(struct unit_random *r, bool big)
{
    const uint64_t bytes[] = {
        0, 1, PAGE, PAGE + 1, unit_below(r, 8 * MIB), unit_below(r, 64 * KIB),
    };

    if (big && unit_once_in(r, 3))
        return unit_below(r, unit_once_in(r, 8) ? 64 * GIB : 2 * GIB);
    return UNIT_ONE_OF(r, bytes);
}

static struct pv_module some_module(struct unit_random *r,
                                    const struct pv_kernel *k, bool big)
{
    struct pv_module m = {.bytes = some_bytes(r, big), .first = VADDR_NONE};

    if (unit_once_in(r, 6)) {
        m.first.v = (k->end.v | (PAGE - 1)) + 1;
        m.first.v += unit_below(r, 4 * MIB / PAGE) * PAGE;
    }
    if (unit_once_in(r, 60))
        m.first.v -= unit_below(r, 64 * KIB);
    return m;
}

/* Cuts the memory in several ranges, some with a gap before them. */
static void cut(struct unit_random *r, struct random_request *out,
                uint64_t pages)
{
    unsigned int nr = 1 + unit_below(r, RANDOM_RANGES);
    uint64_t first = unit_once_in(r, 60) ? 1 : 0;

    for (unsigned int i = 0; i < nr; i++) {
        uint64_t n = i + 1 == nr ? pages : unit_below(r, pages);

        if (n == 0)
            n = 1;
        out->range[i] = (struct pv_range){PFN(first), PFN(first + n), i % 2};
        first += n;
        if (unit_once_in(r, 3))
            first += unit_below(r, unit_once_in(r, 2) ? 1000000 : 10);
        if (unit_once_in(r, 200))
            first -= unit_below(r, 2);
        pages -= n < pages ? n : pages - 1;
    }
    out->req.ranges = out->range;
    out->req.nr_ranges = nr;
}

void random_request_memory(struct random_request *out, uint64_t pages)
{
    out->range[0] = (struct pv_range){PFN(0), PFN(pages), PV_ANY_NODE};
    out->req.ranges = out->range;
    out->req.nr_ranges = 1;
}

void random_request(struct unit_random *r, bool big, struct random_request *out)
{
    struct pv_request *req = &out->req;
    uint64_t pages = (big ? 128 * GIB : 96 * MIB) / PAGE;

    req->abi = unit_once_in(r, 2) ? &pv_abi_x86_32p : &pv_abi_x86_64;
    req->kernel = some_kernel(r, req->abi);
    req->kernel.init_p2m = VADDR(some_p2m(r, req->kernel.base.v));
    for (unsigned int i = 0; i < PV_MAX_MODULES; i++)
        req->module[i] = some_module(r, &req->kernel, big);
    if (!unit_once_in(r, 8))
        pages -= unit_below(r, pages - pages / 8);
    if (unit_once_in(r, 2))
        random_request_memory(out, pages);
    else
        cut(r, out, pages);
}

static uint64_t any(struct unit_random *r)
{
    uint64_t edge = UINT64_C(1) << unit_below(r, 64);

    switch (unit_below(r, 4)) {
    case 0:
        return unit_random64(r);
    case 1:
        return unit_random64(r) & (edge - 1);
    case 2:
        return (edge + unit_below(r, 3) - 1) & ~(PAGE - 1);
    default:
        return (0 - edge) & (unit_once_in(r, 2) ? ~(PAGE - 1) : ~UINT64_C(0));
    }
}

void hostile_request(struct unit_random *r, struct random_request *out)
{
    struct pv_kernel *k = &out->req.kernel;
    uint64_t *const field[] = {
        &k->base.v,
        &k->first.v,
        &k->end.v,
        &k->init_p2m.v,
        &out->req.module[0].bytes,
        &out->req.module[0].first.v,
        &out->req.module[1].bytes,
        &out->req.module[1].first.v,
        &out->range[0].first.v,
        &out->range[0].end.v,
        &out->range[1].first.v,
        &out->range[1].end.v,
    };
    unsigned int damages = 1 + unit_below(r, unit_once_in(r, 4) ? 12 : 3);

    random_request(r, false, out);
    if (unit_once_in(r, 2))
        random_request_memory(out, any(r) >> unit_below(r, 24));
    while (damages-- > 0)
        *UNIT_ONE_OF(r, field) = any(r);
}
