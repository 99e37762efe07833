/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suspends.c - does what a guest's kernel does to be saved, for hosts on which
 * guests do not run: suspends ID P2M_PFN START_INFO_PFN [DELAY | busy FILE].
 *
 * The guest is as domwright built it: the rings follow start_info.  It says
 * where its P2M list is, in the last two pages of its memory, waits until it is
 * asked in xenstore to suspend, answers, and suspends,
 * DELAY seconds later.  A busy one (busy.h) changes its memory until then, and
 * says in FILE what it is like: "suspends like FILE ID" compares another domain
 * with that.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include <xenctrl.h>
#include <xenguest.h>
#include <xenstore.h>
#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "busy.h"
#include "domain_state.h"

struct guest {
    xc_interface *xch;
    uint32_t domid;
    xc_domaininfo_t info;
    struct domain_frames frames;
    uint64_t p2m, start_info;
};

static int fail(const char *what)
{
    perror(what);
    return -1;
}

/* Of all that have such a PFN, in batches. */
static int find_frames(struct guest *g)
{
    xen_pfn_t mfns[1024];
    unsigned long mfn = 0, n;

    if (domain_frames_open(&g->frames, g->xch, g->domid, g->info.tot_pages))
        return -1;
    while (mfn < g->frames.max_mfn) {
        for (n = 0; n < 1024 && mfn < g->frames.max_mfn; mfn++)
            if (g->frames.m2p[mfn] < g->info.tot_pages)
                mfns[n++] = mfn;
        if (domain_frames_add(&g->frames, mfns, n))
            return -1;
    }
    return 0;
}

static void *map(struct guest *g, uint64_t mfn)
{
    return xc_map_foreign_range(g->xch, g->domid, PAGE, PROT_READ | PROT_WRITE,
                                mfn);
}

static void put_word(const struct guest *g, void *page, size_t index,
                     uint64_t value)
{
    if (g->frames.width == 8)
        ((uint64_t *)page)[index] = value;
    else
        ((uint32_t *)page)[index] = (uint32_t)value;
}

/* A page of frame numbers: the first n, and the first one in all others. */
static int fill(struct guest *g, uint64_t pfn, const xen_pfn_t *mfns, size_t n)
{
    void *page = map(g, g->frames.mfns[pfn]);
    size_t i;

    if (!page)
        return fail("frame list");
    for (i = 0; i < PAGE / g->frames.width; i++)
        put_word(g, page, i, mfns[i < n ? i : 0]);
    munmap(page, PAGE);
    return 0;
}

static int announce(struct guest *g)
{
    uint64_t pages = g->info.tot_pages;
    size_t per_page = PAGE / g->frames.width;
    xen_pfn_t list = g->frames.mfns[pages - 2];
    xen_pfn_t lists = g->frames.mfns[pages - 1];
    void *page;

    if (fill(g, pages - 2, &g->frames.mfns[g->p2m],
             (pages + per_page - 1) / per_page) ||
        fill(g, pages - 1, &list, 1))
        return -1;
    page = map(g, g->info.shared_info_frame);
    if (!page)
        return fail("shared_info");
    if (g->frames.width == 8) {
        shared_info_t *shared = page;

        shared->arch.max_pfn = pages;
        shared->arch.pfn_to_mfn_frame_list_list = lists;
    } else {
        struct shared_info_x86_32 *shared = page;

        shared->arch.max_pfn = (uint32_t)pages;
        shared->arch.pfn_to_mfn_frame_list_list = (uint32_t)lists;
    }
    munmap(page, PAGE);
    return 0;
}

static int convert_start_info(struct guest *g)
{
    void *page = map(g, g->frames.mfns[g->start_info]);

    if (!page)
        return fail("start_info");
    if (g->frames.width == 8) {
        start_info_t *info = page;

        info->store_mfn = g->start_info + 1;
        info->console.domU.mfn = g->start_info + 2;
    } else {
        struct start_info_x86_32 *info = page;

        info->store_mfn = (uint32_t)g->start_info + 1;
        info->console.domU.mfn = (uint32_t)g->start_info + 2;
    }
    munmap(page, PAGE);
    return 0;
}

static int set_record(struct guest *g)
{
    xen_pfn_t mfn = g->frames.mfns[g->start_info];
    vcpu_guest_context_any_t context;

    if (xc_vcpu_getcontext(g->xch, g->domid, 0, &context))
        return fail("xc_vcpu_getcontext");
    if (g->frames.width == 8)
        context.x64.user_regs.rdx = mfn;
    else
        context.x32.user_regs.edx = (uint32_t)mfn;
    return xc_vcpu_setcontext(g->xch, g->domid, 0, &context)
               ? fail("xc_vcpu_setcontext")
               : 0;
}

/* ---- what it is like, in a file ---- */

struct likeness {
    uint64_t pages, present;
    uint32_t width, vcpus;
    uint64_t contexts[STATE_MAX_VCPUS];
};

/* A restored guest has to have the same at each PFN; where there is nothing it
 * has nothing, but for its frames. */
static int keep(struct guest *g, const char *path)
{
    struct domain_state state;
    struct likeness head = {.vcpus = 1};
    FILE *file = fopen(path, "w");
    uint64_t n;

    if (!file || domain_state_take_listed(&state, g->xch, g->domid, head.vcpus,
                                          NULL, g->frames.mfns))
        return fail(path);
    /* Whoever is at the other end of the rings writes to them. */
    state.kinds[g->start_info + 1] = PAGE_P2M_LIST;
    state.kinds[g->start_info + 2] = PAGE_P2M_LIST;
    n = head.pages = state.frames.pages;
    /* libxenguest's restore keeps memory that was given back meanwhile, and
     * lists it. */
    for (uint64_t pfn = 0; pfn < n; pfn++)
        if (state.kinds[pfn] == PAGE_P2M) {
            state.kinds[pfn] = PAGE_P2M_LIST;
            state.sums[pfn] = 0;
        }
    head.present = state.frames.present;
    head.width = state.frames.width;
    memcpy(head.contexts, state.contexts, sizeof(head.contexts));
    state.sums[g->start_info + 1] = state.sums[g->start_info + 2] = 0;
    if (fwrite(&head, sizeof(head), 1, file) != 1 ||
        fwrite(state.sums, sizeof(*state.sums), n, file) != n ||
        fwrite(state.kinds, sizeof(*state.kinds), n, file) != n ||
        fwrite(state.frames.mfns, sizeof(xen_pfn_t), n, file) != n ||
        fwrite(state.frames.types, sizeof(xen_pfn_t), n, file) != n ||
        fclose(file))
        return fail(path);
    domain_state_dispose(&state);
    return 0;
}

static void *get(FILE *file, size_t size, size_t n)
{
    void *to = calloc(n, size);

    return to && fread(to, size, n, file) == n ? to : NULL;
}

static int compare_with(const char *path, uint32_t domid)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    struct domain_state was = {.contexts = {0}}, is;
    struct likeness head;
    FILE *file = fopen(path, "r");

    if (!file || fread(&head, sizeof(head), 1, file) != 1)
        return fail(path);
    was.frames.pages = head.pages;
    was.frames.present = head.present;
    was.frames.width = head.width;
    was.sums = get(file, sizeof(*was.sums), head.pages);
    was.kinds = get(file, sizeof(*was.kinds), head.pages);
    was.frames.mfns = get(file, sizeof(xen_pfn_t), head.pages);
    was.frames.types = get(file, sizeof(xen_pfn_t), head.pages);
    memcpy(was.contexts, head.contexts, sizeof(head.contexts));
    if (!was.sums || !was.kinds || !was.frames.mfns || !was.frames.types)
        return fail(path);
    if (!xch || domain_state_take(&is, xch, domid, head.vcpus, &was))
        return -1;
    /* What was given back meanwhile libxenguest's restore has all the same. */
    for (uint64_t pfn = 0; pfn < head.pages; pfn++)
        if (!was.frames.mfns[pfn]) {
            was.sums[pfn] = is.sums[pfn];
            was.frames.types[pfn] = is.frames.types[pfn];
        }
    if (domain_state_compare(&was, &is))
        return -1;
    domain_state_print(&is);
    return 0;
}

static int be_busy(struct guest *g, struct xs_handle *xs, int fd)
{
    struct busy busy = {
        .xch = g->xch,
        .domid = g->domid,
        .frames = &g->frames,
        .p2m = g->p2m,
        .first = 1100,
        .end = g->info.tot_pages - 5,
        .low = 1,
        .seed = 1,
    };
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    unsigned int i;

    (void)xs;
    if (busy_open(&busy))
        return -1;
    while (poll(&poll_fd, 1, 1) <= 0)
        for (i = 0; i < 20; i++)
            busy_step(&busy);
    printf("written %u, L1 %u, exchanged %u, L3 %u, out %u, in %u\n",
           busy.done[0], busy.done[1], busy.done[2], busy.done[3], busy.done[4],
           busy.done[5]);
    free(busy.state);
    return 0;
}

static int wait_until_asked(struct guest *g, bool busy)
{
    uint32_t domid = g->domid;
    struct xs_handle *xs = xs_open(0);
    char path[80], *value;
    unsigned int n;

    snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
    if (!xs || !xs_watch(xs, path, ""))
        return fail("xenstore");
    for (;;) {
        value = xs_read(xs, XBT_NULL, path, &n);
        if (value && !strcmp(value, "suspend"))
            break;
        free(value);
        if (busy && be_busy(g, xs, xs_fileno(xs)))
            return -1;
        free(xs_read_watch(xs, &n));
    }
    free(value);
    if (!xs_write(xs, XBT_NULL, path, "", 0))
        return fail("xenstore");
    xs_close(xs);
    return 0;
}

int main(int argc, char **argv)
{
    struct guest g = {.xch = xc_interface_open(NULL, NULL, 0)};

    if (argc == 4 && !strcmp(argv[1], "like"))
        return compare_with(argv[2], (uint32_t)atoi(argv[3])) ? 1 : 0;
    if (!g.xch || argc < 4 || argc > 6)
        return 2;
    g.domid = (uint32_t)strtoul(argv[1], NULL, 0);
    g.p2m = strtoul(argv[2], NULL, 0);
    g.start_info = strtoul(argv[3], NULL, 0);
    if (xc_domain_getinfolist(g.xch, g.domid, 1, &g.info) != 1 ||
        g.info.domain != g.domid || find_frames(&g) || announce(&g) ||
        convert_start_info(&g) || set_record(&g))
        return 1;
    puts("ready");
    fflush(stdout);
    if (wait_until_asked(&g, argc == 6))
        return 1;
    puts("asked");
    fflush(stdout);
    sleep(argc == 5 ? (unsigned int)atoi(argv[4]) : 0);
    if (argc == 6 && keep(&g, argv[5]))
        return 1;
    domain_frames_dispose(&g.frames);
    if (xc_domain_shutdown(g.xch, g.domid, SHUTDOWN_suspend))
        return 1;
    return 0;
}
