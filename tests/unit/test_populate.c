/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * populate() on a host that this file plays: it notes which page it gave in
 * an extent of which order, refuses orders, runs out of blocks or of pages,
 * and looks at every call.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "extents.h"
#include "hooks/plan.h"
#include "hooks/build_fail.h"
#include "hooks/populate.h"
#include "unit_random.h"

#define PAGE_MIB   256 /* pages */
#define PAGE_GIB   (1024 * PAGE_MIB)
#define DOMID      7
#define LOW_MFN    0x1234
#define MAX_RANGES 4
#define UNLIMITED  UINT64_MAX

/* order[] of a page; otherwise the order of the extent it came in. */
#define ABSENT 0xff
#define LOW    0xfe

static struct host {
    /* The domain. */
    struct pv_range range[MAX_RANGES];
    unsigned int nr_ranges;
    uint64_t low, pages;
    uint8_t *order;
    unsigned int memflags; /* that are asked for */
    /* What the host has. */
    bool no_low, error;  /* error: a refusal is -1, not 0 */
    int refusal;         /* then errno, where it is not ENOMEM */
    uint64_t blocks[19]; /* free extents, by order */
    uint64_t free;       /* pages, for all orders together */
    /* Who is told of the progress ends it at this word, with -EINTR. */
    unsigned int stop_at;
    /* What it saw. */
    unsigned int calls, lines, tells;
    uint64_t told; /* pages done, of the last word */
    unsigned int in_range, last_order;
    bool last_short, over;
} host;

static struct unit_random rnd;

/* Blocks run downwards, as on a fresh host; each order has MFNs of its own. */
static uint64_t mfn_of(uint64_t pfn, unsigned int order)
{
    uint64_t size, block;

    if (order == LOW)
        return LOW_MFN;
    size = UINT64_C(1) << order;
    block = pfn / size;
    return ((uint64_t)(order + 1) << 36) - (block + 1) * size + pfn % size;
}

static unsigned int range_of(uint64_t pfn)
{
    unsigned int i = 0;

    while (i < host.nr_ranges &&
           (pfn < host.range[i].first.v || pfn >= host.range[i].end.v))
        i++;
    return i;
}

static int refuse(void)
{
    errno = host.refusal ? host.refusal : ENOMEM;
    return -1;
}

/* XENMEMF_*, memory.h: bits 0-7 how many address bits, 8-15 a node and one,
 * 17 that node or none. */
static unsigned int low_flags(void)
{
    unsigned int bits = host.memflags & 0xff;

    return (host.memflags & 0xff00) | (bits && bits < 32 ? bits : 32);
}

static unsigned int range_flags(unsigned int node)
{
    if (node == PV_ANY_NODE || host.memflags & 0xff00)
        return host.memflags;
    return host.memflags | (node + 1) << 8 | 1u << 17;
}

static int give_low(unsigned long nr, unsigned int order, unsigned int memflags,
                    xen_pfn_t *extent)
{
    UNIT_CHECK_EQ(&rnd, nr, 1);
    UNIT_CHECK_EQ(&rnd, order, 0);
    UNIT_CHECK_EQ(&rnd, memflags, low_flags());
    UNIT_CHECK_EQ(&rnd, extent[0], host.low);
    if (host.no_low || host.free == 0) {
        host.over = true;
        return host.error ? refuse() : 0;
    }
    host.free -= host.free != UNLIMITED;
    host.order[extent[0]] = LOW;
    extent[0] = LOW_MFN;
    return 1;
}

/* An extent is aligned, in the range of all others, and not there yet. */
static void check_extent(uint64_t pfn, unsigned int order, unsigned int range)
{
    uint64_t size = UINT64_C(1) << order;

    UNIT_CHECK_EQ(&rnd, pfn % size, 0);
    UNIT_CHECK_EQ(&rnd, range_of(pfn), range);
    UNIT_CHECK_EQ(&rnd, range_of(pfn + size - 1), range);
    for (uint64_t i = 0; i < size; i++)
        UNIT_CHECK_EQ(&rnd, host.order[pfn + i], ABSENT);
}

/* Ranges one after the other, orders downwards, none asked for again. */
static void check_call(unsigned long nr, unsigned int order,
                       unsigned int memflags, const xen_pfn_t *extent)
{
    unsigned int range = range_of(extent[0]);

    UNIT_CHECK(&rnd, nr > 0 && nr <= UINT64_C(1) << 20);
    UNIT_CHECK(&rnd, order <= 18);
    /* 8 GiB in one call: more could be neither watched nor stopped. */
    UNIT_CHECK(&rnd, (uint64_t)nr << order <= 8 * (uint64_t)PAGE_GIB);
    UNIT_CHECK(&rnd, range < host.nr_ranges);
    UNIT_CHECK_EQ(&rnd, memflags, range_flags(host.range[range].node));
    if (range == host.in_range)
        UNIT_CHECK(&rnd, order < host.last_order || !host.last_short);
    if (range == host.in_range)
        UNIT_CHECK(&rnd, order <= host.last_order);
    else
        UNIT_CHECK(&rnd, range > host.in_range || host.in_range == UINT32_MAX);
    host.in_range = range;
    host.last_order = order;
}

int xc_domain_populate_physmap(xc_interface *xch, uint32_t domid,
                               unsigned long nr, unsigned int order,
                               unsigned int memflags, xen_pfn_t *extent)
{
    uint64_t size = UINT64_C(1) << order;
    unsigned long done = 0;

    UNIT_CHECK(&rnd, xch == (xc_interface *)&host);
    UNIT_CHECK_EQ(&rnd, domid, DOMID);
    UNIT_CHECK(&rnd, !host.over);
    if (host.calls++ == 0 && host.low != UINT64_MAX)
        return give_low(nr, order, memflags, extent);
    check_call(nr, order, memflags, extent);
    while (done < nr && host.blocks[order] > 0 && host.free >= size) {
        check_extent(extent[done], order, host.in_range);
        memset(host.order + extent[done], (int)order, size);
        extent[done] = mfn_of(extent[done], order);
        host.blocks[order] -= host.blocks[order] != UNLIMITED;
        host.free -= host.free != UNLIMITED ? size : 0;
        done++;
    }
    host.last_short = done < nr;
    if (host.last_short && order == 0)
        host.over = true; /* there is nothing left to ask for */
    return done == 0 && host.error ? refuse() : (int)done;
}

bool dw_plan_clamped(const struct xc_dom_image *dom)
{
    (void)dom;
    return false;
}

void xc_report_error(xc_interface *xch, int code, const char *fmt, ...)
{
    char text[256];
    va_list al;

    va_start(al, fmt);
    vsnprintf(text, sizeof(text), fmt, al);
    va_end(al);
    UNIT_CHECK(&rnd, xch == (xc_interface *)&host);
    UNIT_CHECK_EQ(&rnd, code, XC_ERROR_NONE);
    UNIT_CHECK(&rnd, !strncmp(text, "domwright: populate: ", 21));
    UNIT_CHECK(&rnd, !strchr(text, '\n'));
    host.lines++;
}

/* ---- one domain ---- */

static void host_reset(uint64_t low)
{
    memset(&host, 0, sizeof(host));
    host.low = low;
    host.free = UNLIMITED;
    host.stop_at = UINT32_MAX;
    for (unsigned int i = 0; i < 19; i++)
        host.blocks[i] = UNLIMITED;
    host.in_range = UINT32_MAX;
}

static void add_range(uint64_t first, uint64_t end, unsigned int node)
{
    host.range[host.nr_ranges++] =
        (struct pv_range){PFN(first), PFN(end), node};
    host.pages = end;
}

/* What was given is in the P2M, and nothing else is. */
static uint64_t check_p2m(const xen_pfn_t *p2m)
{
    uint64_t given = 0;

    for (uint64_t pfn = 0; pfn < host.pages; pfn++) {
        unsigned int order = host.order[pfn];
        uint64_t mfn = order == ABSENT ? ~UINT64_C(0) : mfn_of(pfn, order);

        if (p2m[pfn] != mfn)
            UNIT_CHECK_EQ(&rnd, p2m[pfn], mfn);
        given += order != ABSENT;
    }
    return given;
}

static uint64_t all_pages(void)
{
    uint64_t pages = 0;

    for (unsigned int i = 0; i < host.nr_ranges; i++)
        pages += host.range[i].end.v - host.range[i].first.v;
    return pages;
}

/* Once before the first call to Xen, then what each of them has brought. */
static int tell(void *arg, enum dw_build_step step, uint64_t done,
                uint64_t total)
{
    UNIT_CHECK(&rnd, arg == &host);
    UNIT_CHECK_EQ(&rnd, step, DW_POPULATE);
    UNIT_CHECK_EQ(&rnd, total, all_pages());
    UNIT_CHECK(&rnd, host.tells == 0 ? done == 0 && host.calls == 0
                                     : done > host.told && done <= total);
    host.told = done;
    return host.tells++ == host.stop_at ? -EINTR : 0;
}

/*
 * Runs populate() and returns its result.  After a success every page of all
 * ranges is there; after a failure there is one line; none where it was
 * stopped.
 */
static int run(void)
{
    const struct dw_progress progress = {.tell = tell, .arg = &host};
    struct xc_dom_image dom = {
        .xch = (xc_interface *)&host,
        .guest_domid = DOMID,
        .p2m_size = host.pages,
    };
    uint64_t given;
    int rc;

    dom.pv_p2m = malloc(host.pages * sizeof(*dom.pv_p2m));
    host.order = malloc(host.pages);
    ck_assert(dom.pv_p2m && host.order);
    memset(dom.pv_p2m, 0xff, host.pages * sizeof(*dom.pv_p2m));
    memset(host.order, ABSENT, host.pages);
    rc = populate(&dom, host.range, host.nr_ranges, PFN(host.low),
                  host.memflags, &progress);
    given = check_p2m(dom.pv_p2m);
    free(dom.pv_p2m);
    if (host.tells > host.stop_at) {
        UNIT_CHECK_EQ(&rnd, rc, -EINTR);
        UNIT_CHECK_EQ(&rnd, given, host.told);
        UNIT_CHECK_EQ(&rnd, host.lines, 0);
        UNIT_CHECK_EQ(&rnd, host.tells, host.stop_at + 1);
        return rc;
    }
    UNIT_CHECK(&rnd, rc == (given == all_pages() ? 0
                            : host.refusal       ? -host.refusal
                                                 : -ENOMEM));
    UNIT_CHECK_EQ(&rnd, host.lines, rc != 0);
    UNIT_CHECK(&rnd, rc == 0 || host.over);
    UNIT_CHECK(&rnd, rc != 0 || host.told == given);
    return rc;
}

static void finish(void)
{
    free(host.order);
    host.order = NULL;
}

/* The largest order whose block around the page lies in the piece. */
static unsigned int best_order(uint64_t pfn, uint64_t first, uint64_t end)
{
    for (unsigned int o = 0; o < EXTENT_ORDERS; o++) {
        uint64_t size = UINT64_C(1) << extent_orders[o];
        uint64_t block = pfn / size * size;

        if (host.blocks[extent_orders[o]] > 0 && block >= first &&
            block + size <= end)
            return extent_orders[o];
    }
    return 0;
}

/* On a host with blocks enough each page comes in the largest one. */
static void check_best(void)
{
    for (unsigned int i = 0; i < host.nr_ranges; i++) {
        uint64_t first = host.range[i].first.v, end = host.range[i].end.v;
        bool cut = host.low >= first && host.low < end;

        for (uint64_t pfn = first; pfn < end; pfn++) {
            uint64_t from = cut && pfn > host.low ? host.low + 1 : first;
            uint64_t to = cut && pfn < host.low ? host.low : end;
            unsigned int is = host.order[pfn];
            unsigned int wanted =
                pfn == host.low ? LOW : best_order(pfn, from, to);

            if (is != wanted)
                UNIT_CHECK_EQ(&rnd, is, wanted);
        }
    }
}

/* ---- hypercalls ---- */

START_TEST(common_sizes)
{
    static const struct {
        uint64_t pages;
        unsigned int calls, calls_low;
    } size[] = {
        {128 * PAGE_MIB, 1, 4},
        {2 * PAGE_GIB, 1, 5},
        {2 * PAGE_GIB + PAGE_MIB + 3, 3, 5},
        {12 * (uint64_t)PAGE_GIB, 2, 6},
        {PAGE_MIB, 1, 3},
        {1, 1, 1},
    };

    rnd = unit_random_case(0);
    for (unsigned int low = 0; low < 2; low++) {
        uint64_t pages = size[_i].pages;

        host_reset(low ? pages / 3 : UINT64_MAX);
        add_range(0, pages, PV_ANY_NODE);
        ck_assert_int_eq(run(), 0);
        check_best();
        finish();
        ck_assert_uint_le(host.calls,
                          low ? size[_i].calls_low : size[_i].calls);
    }
}
END_TEST

/* 64 GiB: a call for each 8 GiB, not for each page. */
START_TEST(large_domain)
{
    rnd = unit_random_case(0);
    host_reset(1000);
    add_range(0, 16 * (uint64_t)PAGE_GIB, 0);
    add_range(16 * (uint64_t)PAGE_GIB, 32 * (uint64_t)PAGE_GIB, 1);
    add_range(32 * (uint64_t)PAGE_GIB, 64 * (uint64_t)PAGE_GIB, 2);
    ck_assert_int_eq(run(), 0);
    finish();
    ck_assert_uint_le(host.calls, 12);
}
END_TEST

/* 1 GiB in four runs, 15 GiB of gaps between them: a call for each run, and no
 * page in a gap. */
START_TEST(sparse_domain)
{
    const uint64_t quarter = PAGE_GIB / 4;

    rnd = unit_random_case(0);
    host_reset(UINT64_MAX);
    for (uint64_t i = 0; i < 4; i++)
        add_range(i * 5 * PAGE_GIB, i * 5 * PAGE_GIB + quarter, 0);
    ck_assert_int_eq(run(), 0);
    finish();
    ck_assert_uint_eq(host.calls, 4);
}
END_TEST

/*
 * Single pages only, more of them than one call may ask for; in one piece or
 * cut in two of which the first fills a call just so, or not.
 */
START_TEST(many_extents)
{
    static const uint64_t low[] = {UINT64_MAX, 1 << 20, (1 << 20) - 7, 99};

    rnd = unit_random_case(0);
    host_reset(low[_i]);
    host.blocks[18] = host.blocks[9] = host.blocks[4] = 0;
    host.error = _i != 0;
    add_range(0, 4 * PAGE_GIB + 100, PV_ANY_NODE);
    ck_assert_int_eq(run(), 0);
    check_best();
    finish();
    ck_assert_uint_le(host.calls, 6);
}
END_TEST

/* Stopped at each word in turn: no call more, and no line of ours. */
START_TEST(stopped)
{
    for (unsigned int at = 0;; at++) {
        int rc;

        rnd = unit_random_case(at);
        host_reset(_i != 0 ? 700 : UINT64_MAX);
        host.stop_at = at;
        add_range(0, 9 * PAGE_GIB + 3 * PAGE_MIB + 17, 0);
        add_range(10 * PAGE_GIB, 12 * PAGE_GIB, 1);
        rc = run();
        finish();
        if (rc == 0)
            break;
        ck_assert_uint_le(at, 12);
        ck_assert_uint_eq(host.calls, at);
    }
}
END_TEST

/* ---- what a host may refuse ---- */

START_TEST(refused_orders)
{
    rnd = unit_random_case(0);
    for (unsigned int refused = 0; refused < 8; refused++) {
        host_reset(refused & 1 ? 5 : UINT64_MAX);
        host.error = _i != 0;
        for (unsigned int o = 0; o + 1 < EXTENT_ORDERS; o++)
            if (refused >> o & 1)
                host.blocks[extent_orders[o]] = 0;
        add_range(0, PAGE_GIB + 3 * PAGE_MIB + 17, PV_ANY_NODE);
        ck_assert_int_eq(run(), 0);
        check_best();
        finish();
    }
}
END_TEST

/* What callers of libxenguest may ask of a guest's memory. */
static const unsigned int asked[] = {
    0,
    32,                   /* address bits */
    40,                   /* more than a root's page may have */
    28,                   /* fewer */
    3u << 8,              /* a node, if it can be */
    1u << 17 | 3u << 8,   /* that one only */
    1u << 17 | 255u << 8, /* the last one */
    1u << 17 | 1u << 8 | 31,
};

static void random_host(void)
{
    uint64_t at = 0;
    unsigned int nr = 1 + unit_below(&rnd, MAX_RANGES);

    host_reset(UINT64_MAX);
    for (unsigned int i = 0; i < nr; i++) {
        at += unit_once_in(&rnd, 3) ? unit_below(&rnd, 2000) : 0;
        uint64_t end = at + 1 + unit_below(&rnd, 6000);

        add_range(at, end, unit_once_in(&rnd, 3) ? PV_ANY_NODE : i);
        at = end;
    }
    if (unit_once_in(&rnd, 2)) {
        const struct pv_range *r = &host.range[unit_below(&rnd, nr)];

        host.low = r->first.v + unit_below(&rnd, r->end.v - r->first.v);
    }
    host.memflags = asked[unit_below(&rnd, sizeof(asked) / sizeof(*asked))];
    host.error = unit_once_in(&rnd, 2);
    for (unsigned int o = 0; o + 1 < EXTENT_ORDERS; o++)
        if (unit_once_in(&rnd, 2))
            host.blocks[extent_orders[o]] = unit_below(&rnd, 12);
}

/* Blocks of each order end somewhere; single pages there are. */
START_TEST(fragmented_hosts)
{
    for (unsigned int i = 0; i < 1500; i++) {
        rnd = unit_random_case(i);
        random_host();
        UNIT_CHECK_EQ(&rnd, run(), 0);
        finish();
    }
}
END_TEST

/* As many pages as there are, less one: all are asked for, then it ends. */
START_TEST(exhausted_hosts)
{
    unsigned int failed = 0;

    for (unsigned int i = 0; i < 1500; i++) {
        int rc;

        rnd = unit_random_case(i);
        random_host();
        host.free = unit_below(&rnd, all_pages() + 1);
        rc = run();
        UNIT_CHECK_EQ(&rnd, host.free, 0);
        finish();
        failed += rc != 0;
    }
    ck_assert_uint_gt(failed, 1000);
}
END_TEST

START_TEST(exhausted_at_every_page)
{
    const uint64_t pages = 1024 + 40;

    rnd = unit_random_case(0);
    for (uint64_t there = 0; there <= pages; there++) {
        host_reset(_i != 0 ? 700 : UINT64_MAX);
        host.free = there;
        add_range(0, pages, PV_ANY_NODE);
        ck_assert_int_eq(run(), there < pages ? -ENOMEM : 0);
        ck_assert_uint_eq(host.free, 0);
        finish();
    }
}
END_TEST

/* There is memory, but not where the top-level table may lie. */
START_TEST(no_low_page)
{
    rnd = unit_random_case(0);
    host_reset(3);
    host.no_low = true;
    host.error = _i != 0;
    add_range(0, 1000, PV_ANY_NODE);
    ck_assert_int_eq(run(), -ENOMEM);
    ck_assert_uint_eq(host.calls, 1);
    finish();
}
END_TEST

/* Not for want of memory: the domain has gone, or must not have any. */
START_TEST(refused_domain)
{
    static const int errors[] = {EPERM, ESRCH, EFAULT};

    rnd = unit_random_case(0);
    for (unsigned int i = 0; i < 2 * 3; i++) {
        host_reset(i & 1 ? 3 : UINT64_MAX);
        memset(host.blocks, 0, sizeof(host.blocks));
        host.no_low = true;
        host.error = true;
        host.refusal = errors[i / 2];
        add_range(0, 1000, PV_ANY_NODE);
        ck_assert_int_eq(run(), -errors[i / 2]);
        finish();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("populate");
    TCase *tc = tcase_create("populate");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, common_sizes, 0, 6);
    tcase_add_test(tc, large_domain);
    tcase_add_test(tc, sparse_domain);
    tcase_add_loop_test(tc, many_extents, 0, 4);
    tcase_add_loop_test(tc, stopped, 0, 2);
    tcase_add_loop_test(tc, refused_orders, 0, 2);
    tcase_add_test(tc, fragmented_hosts);
    tcase_add_test(tc, exhausted_hosts);
    tcase_add_loop_test(tc, exhausted_at_every_page, 0, 2);
    tcase_add_loop_test(tc, no_low_page, 0, 2);
    tcase_add_test(tc, refused_domain);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
