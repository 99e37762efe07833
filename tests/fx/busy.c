/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include "busy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xenguest.h>

enum { PLAIN, L1, L2, L3, OUT };

static uint64_t draw(struct busy *b, uint64_t below)
{
    b->seed =
        b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (b->seed >> 33) % below;
}

static void *map(struct busy *b, uint64_t pfn)
{
    return xc_map_foreign_range(b->xch, b->domid, PAGE, PROT_READ | PROT_WRITE,
                                b->frames->mfns[pfn]);
}

/* A PFN in that state, or `end`. */
static uint64_t find(struct busy *b, unsigned char state)
{
    uint64_t n = b->end - b->first, from = draw(b, n), i;

    for (i = 0; i < n; i++)
        if (b->state[(from + i) % n] == state)
            return b->first + (from + i) % n;
    return b->end;
}

static void set_state(struct busy *b, uint64_t pfn, unsigned char state)
{
    b->state[pfn - b->first] = state;
}

static void set_frame(struct busy *b, uint64_t pfn, uint64_t mfn)
{
    const size_t each = PAGE / b->frames->width;
    void *page = map(b, b->p2m + pfn / each);

    b->frames->mfns[pfn] = mfn == ~0ul ? 0 : mfn;
    if (!page)
        abort();
    if (b->frames->width == 8)
        ((uint64_t *)page)[pfn % each] = mfn;
    else
        ((uint32_t *)page)[pfn % each] = (uint32_t)mfn;
    munmap(page, PAGE);
}

static void write_some(struct busy *b)
{
    uint64_t pfn = find(b, PLAIN);
    uint64_t *page = pfn < b->end ? map(b, pfn) : NULL;
    unsigned int i;

    if (!page)
        return;
    for (i = 0; i < 8; i++)
        page[draw(b, 512)] = draw(b, ~0ul);
    munmap(page, PAGE);
    b->done[0]++;
}

static int pin(struct busy *b, unsigned int command, uint64_t pfn)
{
    struct mmuext_op op = {.cmd = command, .arg1.mfn = b->frames->mfns[pfn]};

    return xc_mmuext_op(b->xch, &op, 1, b->domid);
}

/* A table that maps pages that stay where they are, read-only. */
static void make_l1(struct busy *b)
{
    uint64_t pfn = find(b, PLAIN), *page;
    unsigned int i;

    page = pfn < b->end ? map(b, pfn) : NULL;
    if (!page)
        return;
    memset(page, 0, PAGE);
    for (i = 0; i < 16; i++)
        page[draw(b, 512)] = b->frames->mfns[b->end + 1 + draw(b, 2)] << 12 | 5;
    munmap(page, PAGE);
    if (!pin(b, MMUEXT_PIN_L1_TABLE, pfn)) {
        set_state(b, pfn, L1);
        b->done[1]++;
    }
}

static void drop_table(struct busy *b)
{
    uint64_t pfn = find(b, L1);

    if (pfn < b->end && !pin(b, MMUEXT_UNPIN_TABLE, pfn))
        set_state(b, pfn, PLAIN);
}

static int exchange(struct busy *b, uint64_t pfn, unsigned int bits)
{
    struct xen_memory_exchange op = {
        .in = {.nr_extents = 1, .domid = (domid_t)b->domid},
        .out = {.nr_extents = 1,
                .domid = (domid_t)b->domid,
                .mem_flags = bits ? XENMEMF_address_bits(bits) : 0},
    };
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, in);
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, out);
    xen_pfn_t old = b->frames->mfns[pfn], mfn = pfn;
    int r;

    in = xc_hypercall_buffer_alloc(b->xch, in, sizeof(*in));
    out = xc_hypercall_buffer_alloc(b->xch, out, sizeof(*out));
    if (!in || !out)
        abort();
    *in = old;
    *out = mfn;
    set_xen_guest_handle(op.in.extent_start, in);
    set_xen_guest_handle(op.out.extent_start, out);
    r = xc_memory_op(b->xch, XENMEM_exchange, &op, sizeof(op));
    mfn = *out;
    xc_hypercall_buffer_free(b->xch, in);
    xc_hypercall_buffer_free(b->xch, out);
    if (r || op.nr_exchanged != 1)
        return -1;
    set_frame(b, pfn, mfn);
    return 0;
}

static void exchange_one(struct busy *b)
{
    uint64_t pfn = find(b, PLAIN);

    if (pfn < b->end && !exchange(b, pfn, 0))
        b->done[2]++;
}

/* A page that was plain becomes an L3, with an L2 of its own in slot 3. */
static void make_l3(struct busy *b)
{
    uint64_t pfn = find(b, PLAIN), l2, *page;

    if (b->frames->width == 8 || b->done[3] >= 4 || pfn >= b->end)
        return;
    set_state(b, pfn, L3);
    l2 = find(b, PLAIN);
    set_state(b, pfn, PLAIN);
    if (l2 >= b->end || (b->low && exchange(b, pfn, 32)))
        return;
    page = map(b, l2);
    if (page) {
        memset(page, 0, PAGE);
        munmap(page, PAGE);
    }
    page = map(b, pfn);
    if (!page)
        return;
    memset(page, 0, PAGE);
    page[3] = b->frames->mfns[l2] << 12 | 1;
    munmap(page, PAGE);
    if (pin(b, MMUEXT_PIN_L3_TABLE, pfn))
        return;
    set_state(b, pfn, L3);
    set_state(b, l2, L2);
    b->done[3]++;
}

static void give_back(struct busy *b)
{
    uint64_t pfn = find(b, PLAIN);
    xen_pfn_t mfn;

    if (pfn >= b->end || b->done[4] >= b->done[5] + 32)
        return;
    mfn = b->frames->mfns[pfn];
    if (xc_domain_decrease_reservation_exact(b->xch, b->domid, 1, 0, &mfn))
        return;
    set_frame(b, pfn, ~0ul);
    set_state(b, pfn, OUT);
    b->done[4]++;
}

static void take_again(struct busy *b)
{
    uint64_t pfn = find(b, OUT);
    xen_pfn_t mfn = pfn;

    if (pfn >= b->end ||
        xc_domain_populate_physmap_exact(b->xch, b->domid, 1, 0, 0, &mfn))
        return;
    set_frame(b, pfn, mfn);
    set_state(b, pfn, PLAIN);
    b->done[5]++;
}

int busy_open(struct busy *busy)
{
    busy->state = calloc(busy->end - busy->first, 1);
    return busy->state ? 0 : -1;
}

void busy_step(struct busy *busy)
{
    static void (*const things[])(struct busy *) = {
        write_some, write_some, write_some,   make_l1,   drop_table,
        make_l3,    give_back,  exchange_one, take_again};

    things[draw(busy, sizeof(things) / sizeof(things[0]))](busy);
}
