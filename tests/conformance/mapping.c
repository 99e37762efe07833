/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Foreign mappings: of what, writable or not, and what they keep from being. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "conformance.h"

static void map_one(struct test *t, uint32_t domid, xen_pfn_t mfn,
                    const char *what)
{
    for (unsigned int writable = 0; writable < 2; writable++) {
        int prot = PROT_READ | (writable ? PROT_WRITE : 0), error = 0;
        const char *how = writable ? "writable" : "read-only";
        void *page;

        page = xenforeignmemory_map(t->fmem, domid, prot, 1, &mfn, NULL);
        report(t, page ? 0 : failed(-1), "%s, %s", what, how);
        if (page)
            xenforeignmemory_unmap(t->fmem, page, 1);
        page = xenforeignmemory_map(t->fmem, domid, prot, 1, &mfn, &error);
        report(t, page ? error : failed(-1), "  with a list of errors");
        if (page)
            xenforeignmemory_unmap(t->fmem, page, 1);
    }
}

static void whose(struct test *t, const struct guest *g)
{
    struct guest other;
    xc_domaininfo_t info;

    guest_new(t, &other, g->width, 4);
    map_one(t, g->domid, g->mfn[0], "a frame");
    map_one(t, g->domid, other.mfn[0], "another's frame");
    map_one(t, g->domid, BAD_MFN, "a frame beyond all");
    map_one(t, g->domid, 0xfee00, "the local APIC's frame");
    map_one(t, 0x7eee, g->mfn[0], "no domain's");
    map_one(t, DOMID_XEN, g->mfn[0], "a guest's frame as Xen's");
    if (domain_info(t, g->domid, &info))
        map_one(t, g->domid, info.shared_info_frame, "shared_info");
    guest_end(t, &other);
}

/* Several at once, some of them bad. */
static void batch(struct test *t, const struct guest *g)
{
    xen_pfn_t frames[6] = {g->mfn[0], BAD_MFN,   g->mfn[1],
                           g->mfn[2], g->mfn[0], BAD_MFN + 1};
    int errors[6] = {0};
    volatile uint64_t *pages; /* one frame is there twice */

    pages = xenforeignmemory_map(t->fmem, g->domid, PROT_READ, 0, frames, NULL);
    report(t, pages ? 0 : failed(-1), "no frame at all");
    report(t, pin(t, g, 1, 2), "pin a frame as L1");
    pages = xenforeignmemory_map(t->fmem, g->domid, PROT_READ | PROT_WRITE, 6,
                                 frames, NULL);
    report(t, pages ? 0 : failed(-1), "six frames, some of them bad");
    pages = xenforeignmemory_map(t->fmem, g->domid, PROT_READ | PROT_WRITE, 6,
                                 frames, errors);
    report(t, pages ? 0 : failed(-1), "  with a list of errors");
    if (!pages)
        return;
    for (unsigned int i = 0; i < 6; i++)
        report(t, errors[i], "  number %u", i);
    pages[0] = 0x1234;
    say(t, "  one frame mapped twice is one: %s",
        pages[4 * NR_ENTRIES] == 0x1234 ? "yes" : "no");
    report(t, pin(t, g, 1, 1), "pin what is mapped");
    (void)unpin(t, g, 1);
    report(t, failed(munmap((void *)pages, (size_t)PAGE_BYTES * 2)),
           "munmap of the first two");
    report(t, pin(t, g, 1, 0), "pin one of those");
    report(t, failed(munmap((void *)pages, (size_t)PAGE_BYTES * 6)),
           "munmap of all");
    report(t, pin(t, g, 1, 1), "pin what is mapped no more");
    report(t, unpin(t, g, 1), "unpin it");
    report(t, unpin(t, g, 2), "unpin the first L1");
    say_types(t, g, 4);
}

/* A whole tree can be read, and no table of it written. */
static void tables(struct test *t, const struct guest *g)
{
    unsigned int root = root_level(g);
    char what[40];

    for (unsigned int i = 0; i < 6; i++)
        (void)clear(t, g, i);
    if (g->width == 32)
        (void)poke(t, g, 3, 3, entry(g, 5, P));
    for (unsigned int level = 1; level <= root; level++)
        (void)poke(t, g, level, 1, entry(g, level - 1, good_flags(g, level)));
    report(t, pin(t, g, root, root), "pin a tree");
    for (unsigned int i = 0; i < 6; i++) {
        snprintf(what, sizeof(what), "frame %u", i);
        map_one(t, g->domid, g->mfn[i], what);
    }
    report(t, unpin(t, g, root), "unpin it");
    for (unsigned int i = 0; i < 6; i++) {
        snprintf(what, sizeof(what), "frame %u", i);
        map_one(t, g->domid, g->mfn[i], what);
    }
}

/* A mapping keeps a frame that its domain gave back, and a dying domain. */
static void outlives(struct test *t, unsigned int width)
{
    struct guest g;
    long error;
    uint64_t *page, value = 0;
    xc_domaininfo_t info;

    guest_new(t, &g, width, 4);
    (void)poke(t, &g, 1, 7, 77);
    page = guest_map(t, &g, 1, true, &error);
    report(t, error, "map a frame");
    report(t,
           failed(xc_domain_decrease_reservation(t->xch, g.domid, 1, 0,
                                                 &g.mfn[1])),
           "the domain gives it back");
    if (page)
        say(t, "  it still holds %llu", (unsigned long long)page[7]);
    report(t, pin(t, &g, 1, 1), "  pin it");
    report(t, peek(t, &g, 1, 7, &value), "  map it once more");
    if (page)
        guest_unmap(t, page);
    report(t, peek(t, &g, 1, 7, &value), "  map it when it is gone");
    report(t, pin(t, &g, 1, 1), "  pin it when it is gone");
    say(t, "  it is: %s", type_of(t, &g, 1));

    page = guest_map(t, &g, 2, true, &error);
    report(t, error, "map another");
    guest_end(t, &g);
    report(t, page ? (page[0] = 1, 0) : -EINVAL, "write it");
    say(t, "the domain is: %s",
        !domain_info(t, g.domid, &info) ? "gone"
        : info.flags & XEN_DOMINF_dying ? "dying"
                                        : "alive");
    if (page)
        guest_unmap(t, page);
}

void section_mapping(struct test *t, unsigned int width)
{
    struct guest g;

    guest_new(t, &g, width, 8);
    whose(t, &g);
    batch(t, &g);
    tables(t, &g);
    outlives(t, width);
    guest_end(t, &g);
}
