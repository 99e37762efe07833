/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verify-bench.c - what verify costs, beside the plainest loop over the same
 * memory.
 *
 *     verify-bench KERNEL MIB ROUNDS
 *
 * It builds the guest, which does not run.  The loop maps its P2M, asks Xen for
 * the type of each frame in it, compares it with the M2P, and reads each page
 * table's entries; where the P2M lies is looked for beforehand.  Prints
 * milliseconds of the process's CPU time, medians: "VERIFY LOOP".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenguest.h>

#include "inspect/start_info.h"
#include "inspect/verify.h"
#include "hooks/hooks.h"
#include "pv_guest.h"

#define MAX_ROUNDS 101

struct loop {
    xc_interface *xc;
    uint32_t domid;
    unsigned int word;
    uint64_t ram_end, nr;
    xen_pfn_t *list; /* the frames of the P2M's pages */
    uint64_t pages;
    uint64_t wrong, tables, entries;
    xen_pfn_t asked[VIEW_ASK];
    unsigned int n;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double cpu_ms(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

/* ---- the loop ---- */

static void read_table(struct loop *l, xen_pfn_t mfn)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(l->xc);
    uint64_t *entry =
        xenforeignmemory_map(fmem, l->domid, PROT_READ, 1, &mfn, NULL);
    unsigned int i;

    if (!entry)
        fail("a table");
    for (i = 0; i < 512; i++)
        l->entries += entry[i] & 1;
    xenforeignmemory_unmap(fmem, entry, 1);
    l->tables++;
}

static void ask(struct loop *l)
{
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, array);
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getpageframeinfo3,
                            .domain = (domid_t)l->domid};
    unsigned int i;

    array = xc_hypercall_buffer_alloc(l->xc, array, l->n * sizeof(*array));
    memcpy(array, l->asked, l->n * sizeof(*array));
    op.u.getpageframeinfo3.num = l->n;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, array);
    if (xc_domctl(l->xc, &op))
        fail("types");
    for (i = 0; i < l->n; i++)
        if (array[i] & XEN_DOMCTL_PFINFO_LTABTYPE_MASK)
            read_table(l, l->asked[i]);
    xc_hypercall_buffer_free(l->xc, array);
    l->n = 0;
}

static void run_loop(struct loop *l)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(l->xc);
    xen_pfn_t *m2p = xc_map_m2p(l->xc, l->ram_end, PROT_READ, NULL);
    unsigned int per_page = 4096 / l->word, i, n;
    uint64_t page, pfn = 0, mfn;
    void *map;

    if (!m2p)
        fail("the M2P");
    for (page = 0; page < l->pages; page += n) {
        n = l->pages - page < VIEW_READ ? (unsigned int)(l->pages - page)
                                        : VIEW_READ;
        map = xenforeignmemory_map(fmem, l->domid, PROT_READ, n, l->list + page,
                                   NULL);
        if (!map)
            fail("the P2M");
        for (i = 0; i < n * per_page && pfn < l->nr; i++, pfn++) {
            mfn = l->word == 4 ? ((uint32_t *)map)[i] : ((uint64_t *)map)[i];
            if (mfn >= l->ram_end || m2p[mfn] != pfn) {
                l->wrong++;
                continue;
            }
            l->asked[l->n++] = mfn;
            if (l->n == VIEW_ASK)
                ask(l);
        }
        xenforeignmemory_unmap(fmem, map, n);
    }
    ask(l);
    munmap(m2p, l->ram_end * sizeof(*m2p));
}

/* Where the P2M lies. */
static void prepare(struct loop *l, const xc_domaininfo_t *info,
                    unsigned int width)
{
    struct domain_view view;
    struct view_path *path = calloc(1, sizeof(*path));
    struct start_facts start;
    struct diag dg;
    uint64_t i;

    diag_init(&dg);
    if (!path || view_open(&view, l->xc, &dg, info, width) ||
        !start_info_read(&view, &start))
        fail("start_info");
    path->view = &view;
    l->word = width / 8;
    l->ram_end = view.ram_end;
    l->nr = start.nr_pages;
    l->pages = (l->nr * l->word + 4095) / 4096;
    l->list = calloc(l->pages, sizeof(*l->list));
    for (i = 0; i < l->pages; i++)
        l->list[i] = view_translate(path, view.root[0].mfn,
                                    VADDR(start.mfn_list.v + i * 4096))
                         .v;
    view_close(&view);
    free(path);
}

/* ---- verify ---- */

static void run_verify(struct loop *l, const xc_domaininfo_t *info)
{
    static struct faults faults;
    struct view_domain domain = {
        .info = info,
        .width = l->word * 8,
        .store = MFN_INVALID,
        .console = MFN_INVALID,
    };
    enum p2m_source source;
    struct diag dg;

    diag_init(&dg);
    if (verify(l->xc, &dg, &domain, &faults, &source) ||
        faults_total(&faults) || source != P2M_START_INFO)
        fail("verify");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(struct loop *l, unsigned int rounds)
{
    double loop[MAX_ROUNDS], ours[MAX_ROUNDS], start;
    unsigned int i, bytes;
    xc_domaininfo_t info;

    if (xc_domain_getinfolist(l->xc, l->domid, 1, &info) != 1 ||
        xc_domain_get_guest_width(l->xc, l->domid, &bytes))
        fail("the domain");
    prepare(l, &info, bytes * 8);
    for (i = 0; i <= rounds; i++) { /* the first one does not count */
        start = cpu_ms();
        run_loop(l);
        loop[i] = cpu_ms() - start;
        start = cpu_ms();
        run_verify(l, &info);
        ours[i] = cpu_ms() - start;
    }
    if (l->wrong || !l->tables || !l->entries)
        fail("the loop");
    qsort(loop + 1, rounds, sizeof(*loop), by_value);
    qsort(ours + 1, rounds, sizeof(*ours), by_value);
    printf("%.1f %.1f\n", ours[1 + rounds / 2], loop[1 + rounds / 2]);
}

int main(int argc, char **argv)
{
    struct pv_guest guest = {.vcpus = 1};
    struct loop l = {.xc = NULL};
    unsigned int rounds = argc == 4 ? (unsigned int)atoi(argv[3]) : 0;

    if (rounds < 1 || rounds >= MAX_ROUNDS) {
        fprintf(stderr, "usage: verify-bench KERNEL MIB ROUNDS\n");
        return 2;
    }
    guest.xch = l.xc = xc_interface_open(NULL, NULL, 0);
    guest.kernel = argv[1];
    guest.mib = (unsigned int)strtoul(argv[2], NULL, 10);
    dw_hooks_register(PIN_LEVELS, NULL);
    if (!l.xc || pv_guest_create(&guest) || pv_guest_load(&guest) ||
        pv_guest_build(&guest))
        fail("the guest");
    pv_guest_release(&guest);
    l.domid = guest.domid;
    measure(&l, rounds);
    return pv_guest_destroy(&guest) ? 1 : 0;
}
