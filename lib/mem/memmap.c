/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mem/memmap.h"

#include <errno.h>

#define FIXED_END (UINT64_C(1) << 20)
#define TOM2_FROM (UINT64_C(1) << 32)

/*
 * The lists are short, and what is asked of them is what holds at one address
 * and up to where: so they are gone through from one boundary to the next
 * instead of being sorted.
 */
static void bound(uint64_t boundary, uint64_t at, uint64_t *next)
{
    if (boundary > at && boundary < *next)
        *next = boundary;
}

static bool is_ram(const struct mem_range *e820, size_t n, uint64_t at,
                   uint64_t *next)
{
    bool ram = false, other = false;

    *next = MEM_ADDR_END;
    for (size_t i = 0; i < n; i++) {
        const struct mem_range *r = &e820[i];

        if (r->first.v == r->end.v)
            continue;
        bound(r->first.v, at, next);
        bound(r->end.v, at, next);
        if (at < r->first.v || at >= r->end.v)
            continue;
        if (r->type == MEM_E820_RAM)
            ram = true;
        else
            other = true;
    }
    return ram && !other;
}

static int check_ranges(const struct mem_range *e820, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (e820[i].end.v < e820[i].first.v)
            return -EINVAL;
        if (e820[i].type == MEM_E820_RAM && e820[i].end.v > MEM_ADDR_END)
            return -ERANGE;
    }
    return 0;
}

int memmap_ram(const struct mem_range *e820, size_t n, struct mem_range *ram,
               size_t max, size_t *nr)
{
    int rc = check_ranges(e820, n);
    uint64_t at, next;

    *nr = 0;
    for (at = 0; rc == 0 && at < MEM_ADDR_END; at = next) {
        if (!is_ram(e820, n, at, &next))
            continue;
        if (*nr > 0 && ram[*nr - 1].end.v == at) {
            ram[*nr - 1].end = MADDR(next);
        } else if (*nr == max) {
            rc = -ENOSPC;
        } else {
            ram[(*nr)++] = (struct mem_range){
                .first = MADDR(at), .end = MADDR(next), .type = MEM_E820_RAM};
        }
    }
    return rc;
}

int memmap_mtrr_range(uint64_t base, uint64_t mask, struct mtrr_range *range)
{
    uint64_t size = mask & -mask; /* the lowest bit set */

    /* All bits from that one to the highest one are set, if this carries. */
    if (size < DW_PAGE_SIZE || ((mask + size) & mask) != 0 ||
        mask >= MEM_ADDR_END)
        return -EDOM;
    range->first = MADDR(base & mask);
    range->end = MADDR((base & mask) + size);
    return 0;
}

/* Two ranges over one address: SDM vol. 3A, 12.11.4.1. */
static enum mem_type combine(enum mem_type a, enum mem_type b)
{
    if (a == b)
        return a;
    if (a == MEM_UC || b == MEM_UC)
        return MEM_UC;
    if ((a == MEM_WT && b == MEM_WB) || (a == MEM_WB && b == MEM_WT))
        return MEM_WT;
    return MEM_UNDEFINED;
}

/* Combines those that hold at `at`; false: there is none. */
static bool range_type(const struct mtrr_range *range, size_t n, uint64_t at,
                       uint64_t *next, enum mem_type *type)
{
    bool found = false;

    for (size_t i = 0; i < n; i++) {
        bound(range[i].first.v, at, next);
        bound(range[i].end.v, at, next);
        if (at < range[i].first.v || at >= range[i].end.v)
            continue;
        *type = found ? combine(*type, range[i].type) : range[i].type;
        found = true;
    }
    return found;
}

static enum mem_type default_type(const struct mtrrs *mtrrs, uint64_t at,
                                  uint64_t *next)
{
    bound(TOM2_FROM, at, next);
    bound(mtrrs->tom2.v, at, next);
    if (at >= TOM2_FROM && mtrrs->tom2_unknown)
        return MEM_UNKNOWN;
    if (at >= TOM2_FROM && at < mtrrs->tom2.v)
        return MEM_WB;
    return mtrrs->default_type;
}

enum mem_type memmap_type(const struct mtrrs *mtrrs, maddr_t at, maddr_t *next)
{
    enum mem_type type;

    *next = MADDR(MEM_ADDR_END);
    if (mtrrs->disabled)
        return MEM_UC;
    if (range_type(mtrrs->fixed, mtrrs->nr_fixed, at.v, &next->v, &type))
        return type;
    if (mtrrs->fixed_unknown)
        bound(FIXED_END, at.v, &next->v);
    if (range_type(mtrrs->variable, mtrrs->nr_variable, at.v, &next->v, &type))
        return type;
    return default_type(mtrrs, at.v, &next->v);
}

size_t memmap_chunks_max(size_t nr_ram, const struct mtrrs *mtrrs)
{
    /* One for each boundary: of each range two, 1 MiB, 4 GiB, TOM2. */
    return mtrrs == NULL
               ? nr_ram
               : nr_ram + 2 * (mtrrs->nr_fixed + mtrrs->nr_variable) + 3;
}

static bool joins(const struct mem_chunk *last, uint64_t at, enum mem_type type,
                  const struct mtrrs *mtrrs)
{
    if (last->end.v != at || last->type != type)
        return false;
    return mtrrs == NULL || !mtrrs->fixed_unknown || at != FIXED_END;
}

int memmap_chunks(const struct mem_range *ram, size_t nr_ram,
                  const struct mtrrs *mtrrs, struct mem_chunk *chunk,
                  size_t max, size_t *nr)
{
    *nr = 0;
    for (size_t i = 0; i < nr_ram; i++) {
        uint64_t at = dw_pages_for(ram[i].first.v) << DW_PAGE_SHIFT;
        uint64_t end = ram[i].end.v & ~(DW_PAGE_SIZE - 1);

        while (at < end) {
            enum mem_type type = MEM_UNKNOWN;
            maddr_t next = MADDR(end);

            if (mtrrs != NULL)
                type = memmap_type(mtrrs, MADDR(at), &next);
            if (next.v > end)
                next = MADDR(end);
            if (*nr > 0 && joins(&chunk[*nr - 1], at, type, mtrrs)) {
                chunk[*nr - 1].end = next;
            } else {
                if (*nr == max)
                    return -ENOSPC;
                chunk[(*nr)++] = (struct mem_chunk){
                    .first = MADDR(at), .end = next, .type = type};
            }
            at = next.v;
        }
    }
    return 0;
}
