/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "hooks/build_fail.h"
#include "extents.h"
#include "hooks/plan.h"
#include "hooks/populate.h"

/*
 * In one hypercall: extents, which bounds the buffers, 8 MiB each; and pages,
 * 8 GiB, so that a large guest's build can be watched and stopped.
 */
#define BATCH_MAX       (UINT64_C(1) << 20)
#define BATCH_PAGES_MAX (UINT64_C(1) << 21)

/*
 * One range is cut in two by the page that is allocated apart, and each order
 * leaves at most a head, a rest and a tail of each piece.
 */
#define PIECES_MAX (2 * 3 * 3 * 3)

struct pieces {
    struct pfn_range piece[PIECES_MAX];
    unsigned int nr;
};

struct population {
    struct xc_dom_image *dom;
    const struct dw_progress *progress;
    unsigned int memflags; /* what is asked of every page */
    uint64_t done, total;  /* pages */
    bool stopped;          /* by whom the progress is told to */
};

static int tell(struct population *p, uint64_t more)
{
    int rc;

    p->done += more;
    rc = dw_progress_tell(p->progress, DW_POPULATE, p->done, p->total);
    p->stopped = rc != 0;
    return rc;
}

static void add_piece(struct pieces *p, uint64_t first, uint64_t end)
{
    if (first < end)
        p->piece[p->nr++] = (struct pfn_range){PFN(first), PFN(end)};
}

/* First PFNs of the extents number `skip` and up of all pieces together. */
static uint64_t list_extents(const struct pieces *aligned, unsigned int order,
                             uint64_t skip, xen_pfn_t *pfns, uint64_t max)
{
    uint64_t nr = 0;

    for (unsigned int i = 0; i < aligned->nr; i++) {
        uint64_t count = extents_count(aligned->piece[i], order);

        for (; skip < count && nr < max; skip++)
            pfns[nr++] = aligned->piece[i].first.v + (skip << order);
        skip = skip > count ? skip - count : 0;
    }
    return nr;
}

static void record(struct xc_dom_image *dom, const xen_pfn_t *pfns,
                   const xen_pfn_t *mfns, uint64_t nr, unsigned int order)
{
    for (uint64_t i = 0; i < nr; i++)
        for (uint64_t k = 0; k < UINT64_C(1) << order; k++)
            dom->pv_p2m[pfns[i] + k] = mfns[i] + k;
}

/*
 * How many of the extents were granted, in their order; -ENOMEM for ours. What
 * is refused for another reason than memory is so for single pages, too: only
 * then does it count.
 */
static int64_t populate_order(struct population *p,
                              const struct pieces *aligned, unsigned int order,
                              unsigned int memflags)
{
    struct xc_dom_image *dom = p->dom;
    uint64_t total = 0, done = 0, batch = BATCH_PAGES_MAX >> order;
    xen_pfn_t *pfns, *mfns;
    int64_t result = -ENOMEM;

    for (unsigned int i = 0; i < aligned->nr; i++)
        total += extents_count(aligned->piece[i], order);
    if (batch > BATCH_MAX)
        batch = BATCH_MAX;
    if (batch > total)
        batch = total;
    if (batch == 0)
        return 0;
    pfns = malloc(batch * sizeof(*pfns));
    mfns = malloc(batch * sizeof(*mfns));
    if (!pfns || !mfns)
        goto out;

    while (done < total) {
        uint64_t nr = list_extents(aligned, order, done, pfns, batch);
        int r, rc;

        /* Xen takes PFNs and puts the MFNs in their places. */
        memcpy(mfns, pfns, nr * sizeof(*pfns));
        r = xc_domain_populate_physmap(dom->xch, dom->guest_domid, nr, order,
                                       memflags, mfns);
        if (r < 0 && order == 0 && errno != ENOMEM) {
            result = -errno;
            goto out;
        }
        if (r <= 0)
            break;
        record(dom, pfns, mfns, r, order);
        done += r;
        rc = tell(p, (uint64_t)r << order);
        if (rc) {
            result = rc;
            goto out;
        }
        if ((uint64_t)r < nr)
            break;
    }
    result = done;
out:
    free(pfns);
    free(mfns);
    return result;
}

/* All of `todo`, order by order; what is left then is in `todo`. */
static int populate_pieces(struct population *p, struct pieces *todo,
                           unsigned int memflags)
{
    for (unsigned int o = 0; o < EXTENT_ORDERS; o++) {
        unsigned int order = extent_orders[o];
        struct pieces aligned = {.nr = todo->nr}, left = {.nr = 0};
        int64_t done;

        for (unsigned int i = 0; i < todo->nr; i++)
            aligned.piece[i] = extents_aligned(todo->piece[i], order);
        done = populate_order(p, &aligned, order, memflags);
        if (done < 0)
            return (int)done;
        for (unsigned int i = 0; i < todo->nr; i++) {
            struct pfn_range all = todo->piece[i], mid = aligned.piece[i];
            int64_t count = extents_count(mid, order);
            int64_t here = done < count ? done : count;

            done -= here;
            add_piece(&left, all.first.v, mid.first.v);
            add_piece(&left, mid.first.v + ((uint64_t)here << order),
                      mid.end.v);
            add_piece(&left, mid.end.v, all.end.v);
        }
        *todo = left;
    }
    return todo->nr ? -ENOMEM : 0;
}

static int refused(struct xc_dom_image *dom, int rc)
{
    return build_fail(dom, rc, "populate",
                      "Xen refuses memory to the domain: %s", errno_text(-rc));
}

/* The root's one page lies low first of all, on that node if it can. */
static unsigned int low_flags(unsigned int memflags)
{
    unsigned int bits = XENMEMF_get_address_bits(memflags);

    memflags &= ~(XENMEMF_address_bits(0xffu) | XENMEMF_exact_node_request);
    return memflags | XENMEMF_address_bits(bits && bits < 32 ? bits : 32);
}

/* Whoever asked for a node by name wins over the range's, as in libxenguest. */
static unsigned int range_flags(unsigned int memflags, const struct pv_range *r)
{
    bool named = XENMEMF_get_node(memflags) != XENMEMF_get_node(0);

    return named || r->node == PV_ANY_NODE
               ? memflags
               : memflags | XENMEMF_exact_node(r->node);
}

static int populate_low(const struct population *p, pfn_t low)
{
    struct xc_dom_image *dom = p->dom;
    xen_pfn_t frame = low.v;
    int r = xc_domain_populate_physmap(dom->xch, dom->guest_domid, 1, 0,
                                       low_flags(p->memflags), &frame);

    if (r < 0 && errno != ENOMEM)
        return refused(dom, -errno);
    if (r != 1)
        return build_fail(dom, -ENOMEM, "populate",
                          "no page below 4 GiB for the top-level table (PFN "
                          "%#" PRIx64 ")",
                          low.v);
    dom->pv_p2m[low.v] = frame;
    return 0;
}

static int populate_range(struct population *p, const struct pv_range *r,
                          pfn_t low)
{
    struct xc_dom_image *dom = p->dom;
    unsigned int memflags = range_flags(p->memflags, r);
    struct pieces todo = {.nr = 0};
    uint64_t missing = 0;
    int rc;

    if (low.v >= r->first.v && low.v < r->end.v) {
        add_piece(&todo, r->first.v, low.v);
        add_piece(&todo, low.v + 1, r->end.v);
    } else {
        add_piece(&todo, r->first.v, r->end.v);
    }
    rc = populate_pieces(p, &todo, memflags);
    if (p->stopped)
        return rc;
    if (rc && rc != -ENOMEM)
        return refused(dom, rc);
    if (!rc)
        return 0;
    for (unsigned int i = 0; i < todo.nr; i++)
        missing += todo.piece[i].end.v - todo.piece[i].first.v;
    return build_fail(dom, -ENOMEM, "populate",
                      "the host has no memory left%s for %" PRIu64
                      " of %" PRIu64 " pages",
                      dw_plan_clamped(dom)
                          ? " below 128 GiB, where a 32-bit guest's has to be,"
                          : "",
                      missing, r->end.v - r->first.v);
}

int populate(struct xc_dom_image *dom, const struct pv_range *ranges,
             unsigned int nr_ranges, pfn_t low, unsigned int memflags,
             const struct dw_progress *progress)
{
    struct population p = {
        .dom = dom, .progress = progress, .memflags = memflags};
    int rc;

    for (unsigned int i = 0; i < nr_ranges; i++)
        p.total += ranges[i].end.v - ranges[i].first.v;
    rc = tell(&p, 0);
    /* First of all, while there still is low memory. */
    if (!rc && pfn_valid(low)) {
        rc = populate_low(&p, low);
        if (!rc)
            rc = tell(&p, 1);
    }
    for (unsigned int i = 0; !rc && i < nr_ranges; i++)
        rc = populate_range(&p, &ranges[i], low);
    return rc;
}
