/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of a domain: how much, of which order, where, and its M2P. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define NO_DOMAIN 0x7eee

static uint64_t pages_of(struct test *t, uint32_t domid)
{
    xc_domaininfo_t info;

    if (!domain_info(t, domid, &info))
        return UINT64_MAX;
    return info.tot_pages;
}

/* Are the frames aligned and below the limit, and does the M2P know them? */
static void check_extents(struct test *t, const xen_pfn_t *mfn, int n,
                          unsigned int order, unsigned int bits,
                          const xen_pfn_t *pfn)
{
    bool aligned = true, below = true, known = true;

    for (int i = 0; i < n; i++) {
        xen_pfn_t last = mfn[i] + (UINT64_C(1) << order) - 1;
        uint64_t first_pfn = 0, last_pfn = 0;

        aligned &= !(mfn[i] & ((UINT64_C(1) << order) - 1));
        below &= !bits || !(last >> (bits - 12));
        (void)m2p_of(t, mfn[i], &first_pfn);
        (void)m2p_of(t, last, &last_pfn);
        known &= first_pfn == pfn[i] &&
                 last_pfn == pfn[i] + (UINT64_C(1) << order) - 1;
    }
    say(t, "  aligned: %s, below the limit: %s, in the M2P: %s",
        aligned ? "yes" : "no", below ? "yes" : "no", known ? "yes" : "no");
}

static void populate(struct test *t, uint32_t domid, unsigned int count,
                     unsigned int order, unsigned int flags, xen_pfn_t first)
{
    xen_pfn_t mfn[16], pfn[16];
    int n;

    for (unsigned int i = 0; i < count; i++)
        mfn[i] = pfn[i] = first + ((xen_pfn_t)i << order);
    n = xc_domain_populate_physmap(t->xch, domid, count, order, flags, mfn);
    report(t, failed(n), "populate %u of order %u, flags %x, from %llx", count,
           order, flags, (unsigned long long)first);
    if (n > 0)
        check_extents(t, mfn, n, order, flags & 0xff, pfn);
    say(t, "  %llu pages", (unsigned long long)pages_of(t, domid));
}

static void orders(struct test *t)
{
    static const unsigned int order[] = {0,  1,  2,  5,  8,  9,
                                         10, 11, 18, 19, 20, 30};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    (void)xc_domain_setmaxmem(t->xch, domid, 64 << 10);
    for (unsigned int i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        populate(t, domid, 2, order[i], 0, (xen_pfn_t)i << 20);
    (void)xc_domain_destroy(t->xch, domid);
}

static void address_bits(struct test *t)
{
    static const unsigned int bits[] = {12, 31, 32, 33, 40, 64, 255};
    static const unsigned int others[] = {
        XENMEMF_populate_on_demand, XENMEMF_exact_node(0),
        XENMEMF_exact_node(1), XENMEMF_node(3), XENMEMF_vnode};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    (void)xc_domain_setmaxmem(t->xch, domid, 64 << 10);
    for (unsigned int i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        populate(t, domid, 2, 0, XENMEMF_address_bits(bits[i]), i * 16);
        populate(t, domid, 1, 9, XENMEMF_address_bits(bits[i]), (i + 1) * 4096);
    }
    for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        populate(t, domid, 1, 0, others[i], 0x100000 + i);
    (void)xc_domain_destroy(t->xch, domid);
}

static void limits(struct test *t)
{
    xen_pfn_t mfn[16] = {0};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    populate(t, domid, 2, 0, 0, 0);
    (void)xc_domain_setmaxmem(t->xch, domid, 40);
    populate(t, domid, 8, 0, 0, 0);
    populate(t, domid, 8, 0, 0, 8);
    populate(t, domid, 1, 0, 0, 16);
    populate(t, domid, 1, 3, 0, 16);
    (void)xc_domain_setmaxmem(t->xch, domid, 4);
    populate(t, domid, 1, 0, 0, 16);
    (void)xc_domain_setmaxmem(t->xch, domid, 64 << 10);
    populate(t, domid, 0, 0, 0, 16);
    populate(t, domid, 4, 0, 0, 0); /* the same PFNs once more */
    populate(t, domid, 1, 0, 0, UINT64_C(1) << 40);
    populate(t, domid, 1, 4, 0, 0x13); /* not aligned */
    report(t,
           failed(xc_domain_populate_physmap(t->xch, NO_DOMAIN, 1, 0, 0, mfn)),
           "populate no domain");
    (void)xc_domain_destroy(t->xch, domid);
}

static void reservations(struct test *t)
{
    struct guest g;
    xen_pfn_t mfn[4] = {0};
    uint64_t pfn = 0;

    guest_new(t, &g, 64, 8);
    (void)xc_domain_setmaxmem(t->xch, g.domid, 64 << 10);
    report(
        t,
        failed(xc_domain_increase_reservation(t->xch, g.domid, 2, 0, 0, mfn)),
        "increase by two");
    say(t, "  %llu pages", (unsigned long long)pages_of(t, g.domid));
    (void)m2p_of(t, mfn[0], &pfn);
    say(t, "  the M2P has %llx", (unsigned long long)pfn);
    report(t,
           failed(xc_domain_increase_reservation(t->xch, g.domid, 1, 2, 32,
                                                 mfn + 2)),
           "increase by one of order 2 below 4 GiB");
    say(t, "  %llu pages", (unsigned long long)pages_of(t, g.domid));
    report(t,
           failed(xc_domain_decrease_reservation(t->xch, g.domid, 2, 0, mfn)),
           "decrease by the two");
    report(t,
           failed(xc_domain_decrease_reservation(t->xch, g.domid, 2, 0, mfn)),
           "  twice");
    report(
        t,
        failed(xc_domain_decrease_reservation(t->xch, g.domid, 1, 2, mfn + 2)),
        "decrease by the one of order 2");
    say(t, "  %llu pages", (unsigned long long)pages_of(t, g.domid));
    report(t, pin(t, &g, 1, 3), "pin a frame");
    mfn[0] = g.mfn[2];
    mfn[1] = g.mfn[3];
    mfn[2] = BAD_MFN;
    mfn[3] = g.mfn[4];
    report(t,
           failed(xc_domain_decrease_reservation(t->xch, g.domid, 4, 0, mfn)),
           "decrease by good, pinned, bad, good");
    say(t, "  %llu pages", (unsigned long long)pages_of(t, g.domid));
    say_types(t, &g, 8);
    report(t, unpin(t, &g, 3), "unpin it");
    say(t, "  %llu pages", (unsigned long long)pages_of(t, g.domid));
    say_types(t, &g, 8);
    report(t,
           failed(xc_domain_decrease_reservation(t->xch, NO_DOMAIN, 1, 0,
                                                 g.mfn + 5)),
           "decrease no domain's");
    report(
        t,
        failed(xc_domain_increase_reservation(t->xch, NO_DOMAIN, 1, 0, 0, mfn)),
        "increase no domain's");
    guest_end(t, &g);
}

/* libxenctrl hands the PFNs of the new frames to nobody, so in the raw. */
static long exchange_raw(struct test *t, const struct guest *g,
                         xen_memory_exchange_t *x, const xen_pfn_t *in,
                         xen_pfn_t *pages)
{
    xen_pfn_t *buffer = xencall_alloc_buffer_pages(t->call, 1);
    xen_pfn_t *out = buffer + 256;
    long r;

    if (!buffer)
        return -ENOMEM;
    memcpy(buffer, in, x->in.nr_extents * sizeof(*in));
    for (unsigned int i = 0; i < x->out.nr_extents; i++)
        out[i] = 0x100 + i;
    x->in.domid = x->out.domid = (domid_t)g->domid;
    set_xen_guest_handle_raw(x->in.extent_start, buffer);
    set_xen_guest_handle_raw(x->out.extent_start, out);
    r = failed(xc_memory_op(t->xch, XENMEM_exchange, x, sizeof(*x)));
    *pages = out[0];
    xencall_free_buffer_pages(t->call, buffer, 1);
    return r;
}

static void exchange(struct test *t, const struct guest *g, unsigned int n_in,
                     unsigned int order_in, const xen_pfn_t *in,
                     unsigned int n_out, unsigned int order_out,
                     const char *what)
{
    xen_memory_exchange_t x = {
        .in = {.nr_extents = n_in, .extent_order = order_in},
        .out = {.nr_extents = n_out, .extent_order = order_out}};
    xen_pfn_t out = 0;
    uint64_t pfn = 0;
    long r = exchange_raw(t, g, &x, in, &out);

    report(t, r, "exchange %s", what);
    say(t, "  %llu exchanged, %llu pages", (unsigned long long)x.nr_exchanged,
        (unsigned long long)pages_of(t, g->domid));
    if (r || !n_out)
        return;
    (void)m2p_of(t, out, &pfn);
    say(t, "  the first is new: %s, its M2P %llx",
        guest_index(g, out) < 0 ? "yes" : "no", (unsigned long long)pfn);
}

static void exchanges(struct test *t)
{
    struct guest g;
    xen_pfn_t in[8];

    guest_new(t, &g, 64, 16);
    memcpy(in, g.mfn, sizeof(in));
    exchange(t, &g, 1, 0, in, 1, 0, "one for one");
    exchange(t, &g, 1, 0, in, 1, 0, "what is gone");
    exchange(t, &g, 2, 0, in + 1, 1, 1, "two for one of order 1");
    exchange(t, &g, 2, 0, in + 3, 1, 2, "two for one of order 2");
    in[0] = BAD_MFN;
    exchange(t, &g, 1, 0, in, 1, 0, "a bad frame");
    report(t, pin(t, &g, 1, 6), "pin a frame");
    exchange(t, &g, 1, 0, in + 6, 1, 0, "a pinned frame");
    say_types(t, &g, 16);
    exchange(t, &g, 0, 0, in, 0, 0, "nothing");
    guest_end(t, &g);
}

static void told(struct test *t)
{
    struct guest g;
    xen_pfn_t gpfn = 0, info[3];
    unsigned long max_mfn = 0;

    guest_new(t, &g, 64, 8);
    report(t, failed(xc_maximum_ram_page(t->xch, &max_mfn)) > 0 ? 0 : 0,
           "maximum_ram_page");
    say(t, "  there is memory: %s", max_mfn > 0x1000 ? "yes" : "no");
    report(t, failed(xc_domain_maximum_gpfn(t->xch, g.domid, &gpfn)),
           "maximum_gpfn");
    say(t, "  %lld", (long long)gpfn);
    report(t, failed(xc_domain_maximum_gpfn(t->xch, NO_DOMAIN, &gpfn)),
           "maximum_gpfn of no domain");
    report(t, failed(xc_domain_set_memmap_limit(t->xch, g.domid, 4096)),
           "set_memmap_limit");
    report(t, failed(xc_domain_set_memmap_limit(t->xch, NO_DOMAIN, 4096)),
           "set_memmap_limit of no domain");
    info[0] = g.mfn[0];
    info[1] = BAD_MFN;
    info[2] = max_mfn + 5;
    report(t, frame_types(t, g.domid, 3, info), "getpageframeinfo3");
    say(t, "  %llx %llx %llx", (unsigned long long)info[0],
        (unsigned long long)info[1], (unsigned long long)info[2]);
    report(t, frame_types(t, g.domid, 0, info), "getpageframeinfo3 of nothing");
    {
        static xen_pfn_t many[1025];

        report(t, frame_types(t, g.domid, 1025, many),
               "getpageframeinfo3 of too many");
    }
    report(t, frame_types(t, NO_DOMAIN, 1, info),
           "getpageframeinfo3 of no domain");
    guest_end(t, &g);
}

static long memory_op(struct test *t, unsigned int cmd, void *arg, size_t size)
{
    return failed(xc_memory_op(t->xch, cmd, arg, size));
}

static void counts(struct test *t)
{
    struct guest g;
    struct xen_memory_domain of;

    guest_new(t, &g, 64, 8);
    for (unsigned int i = 0; i < 2; i++) {
        of.domid = i ? NO_DOMAIN : (domid_t)g.domid;
        report(t, memory_op(t, XENMEM_current_reservation, &of, sizeof(of)),
               "current_reservation%s", i ? " of no domain" : "");
        report(t, memory_op(t, XENMEM_maximum_reservation, &of, sizeof(of)),
               "maximum_reservation%s", i ? " of no domain" : "");
    }
    guest_end(t, &g);
}

/* A guest's own map, which Xen only keeps. */
static void memory_maps(struct test *t)
{
    struct e820entry entries[2] = {{.size = 1 << 20, .type = 1},
                                   {.addr = 1 << 20, .size = 4096, .type = 2}};
    static struct e820entry many[2000];
    struct guest g;

    guest_new(t, &g, 64, 8);
    for (unsigned int n = 0; n < 3; n++)
        report(t, failed(xc_domain_set_memory_map(t->xch, g.domid, entries, n)),
               "a memory map of %u", n);
    report(t, failed(xc_domain_set_memory_map(t->xch, g.domid, many, 2000)),
           "a memory map of very many");
    report(t, failed(xc_domain_set_memory_map(t->xch, NO_DOMAIN, entries, 2)),
           "a memory map of no domain's");
    guest_end(t, &g);
}

/* What is for guests that Xen translates addresses for. */
static void translated(struct test *t)
{
    struct guest g;

    guest_new(t, &g, 64, 8);
    for (unsigned int i = 0; i < 2; i++) {
        uint32_t domid = i ? NO_DOMAIN : g.domid;
        struct xen_remove_from_physmap remove = {.domid = (domid_t)domid};

        report(t,
               failed(xc_domain_add_to_physmap(t->xch, domid,
                                               XENMAPSPACE_shared_info, 0, 1)),
               "add_to_physmap%s", i ? ", no domain" : "");
        report(
            t,
            memory_op(t, XENMEM_remove_from_physmap, &remove, sizeof(remove)),
            "remove_from_physmap%s", i ? ", no domain" : "");
    }
    guest_end(t, &g);
}

static void claims(struct test *t)
{
    struct guest g;

    guest_new(t, &g, 64, 8);
    (void)xc_domain_setmaxmem(t->xch, g.domid, 1024);
    report(t, failed(xc_domain_claim_pages(t->xch, g.domid, 7)),
           "claim less than it has");
    report(t, failed(xc_domain_claim_pages(t->xch, g.domid, 16)), "claim 16");
    report(t, failed(xc_domain_claim_pages(t->xch, g.domid, 16)),
           "claim twice");
    populate(t, g.domid, 4, 0, 0, 0x20);
    report(t, failed(xc_domain_claim_pages(t->xch, g.domid, 0)), "no claim");
    report(t, failed(xc_domain_claim_pages(t->xch, g.domid, 100000)),
           "claim more than it may have");
    report(t, failed(xc_domain_claim_pages(t->xch, NO_DOMAIN, 4)),
           "claim for no domain");
    guest_end(t, &g);
}

void section_memory(struct test *t, unsigned int width)
{
    (void)width;
    orders(t);
    address_bits(t);
    limits(t);
    reservations(t);
    exchanges(t);
    told(t);
    counts(t);
    memory_maps(t);
    translated(t);
    claims(t);
}
