/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in the domain's pages: the P2M list, and all else that a builder has
 * to fill.  Of other pages (before the kernel, the boot stack, the padding and
 * what follows) the ABI promises nothing, and Xen leaves there what it had.
 */
#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include "portrait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

#include <xenguest.h>

static uint64_t p2m_pages(const struct portrait *p)
{
    return (p->frames.pages * p->frames.width + PAGE - 1) / PAGE;
}

static int print_p2m_page(const struct portrait *p, uint64_t number,
                          struct runs *runs)
{
    unsigned int i, entries = PAGE / p->frames.width;
    uint64_t mfn = p->frames.mfns[p->p2m_pfn + number];
    void *page = domain_frames_map(&p->frames, mfn);

    if (!page)
        return portrait_fail("a page of the P2M list");
    for (i = 0; i < entries; i++) {
        uint64_t value = domain_frames_word(&p->frames, page, i);
        uint64_t pfn = domain_frames_pfn(&p->frames, value);
        char text[80] = "";

        if (pfn == NO_PFN)
            snprintf(text, sizeof(text), "value %#" PRIx64, value);
        runs_add(runs, number * entries + i, pfn, text);
    }
    munmap(page, PAGE);
    return 0;
}

/* Contiguous in PFNs as in addresses: the tables have shown it. */
int portrait_p2m(const struct portrait *p)
{
    struct runs runs = {.name = "P2M", .span = 1};
    uint64_t i;
    int rc = 0;

    if (p->p2m_pfn + p2m_pages(p) > p->frames.pages) {
        errno = ERANGE;
        return portrait_fail("the P2M list");
    }
    for (i = 0; !rc && i < p2m_pages(p); i++)
        rc = print_p2m_page(p, i, &runs);
    runs_end(&runs);
    return rc;
}

static bool within(uint64_t pfn, uint64_t first, uint64_t pages)
{
    return pfn >= first && pfn - first < pages;
}

/* The module of a guest that takes it unmapped. */
static bool is_module(const struct portrait *p, uint64_t pfn)
{
    return p->start.flags & SIF_MOD_START_PFN &&
           within(pfn, p->start.mod_start,
                  (p->start.mod_len + PAGE - 1) / PAGE);
}

/* What is shown by other means, by name; NULL: its contents are. */
static const char *shown_as(const struct portrait *p, uint64_t pfn)
{
    uint64_t tables_end = p->tables_pfn + p->start.nr_pt_frames;

    if (p->frames.types[pfn])
        return "page tables";
    if (within(pfn, p->p2m_pfn, p2m_pages(p)))
        return "P2M list";
    if (pfn == p->start_info_pfn)
        return "start info";
    if ((pfn < p->kernel || pfn >= tables_end) && !is_module(p, pfn))
        return "";
    return NULL;
}

static bool is_zero(const uint8_t *page)
{
    return !page[0] && !memcmp(page, page + 1, PAGE - 1);
}

/* Pages with contents, up to the next page that is zero. */
static void print_contents(uint64_t first, const uint8_t *pages, uint64_t nr,
                           struct runs *runs)
{
    uint64_t i, end;

    for (i = 0; i < nr; i = end) {
        uLong sum = 0;
        char text[20];

        for (end = i; end < nr && !is_zero(pages + end * PAGE); end++)
            sum = crc32(sum, pages + end * PAGE, PAGE);
        if (end == i) {
            runs_add(runs, first + end++, NO_PFN, "zero");
            continue;
        }
        snprintf(text, sizeof(text), "CRC %08lx", sum);
        for (; i < end; i++)
            runs_add(runs, first + i, NO_PFN, text);
    }
}

/* Maps [first, first + nr), all of it to be shown by contents. */
static int map_contents(const struct portrait *p, uint64_t first, uint64_t nr,
                        struct runs *runs)
{
    int *errors = calloc(nr, sizeof(*errors));
    uint8_t *pages = NULL;
    int rc = -1;

    if (errors)
        pages = xc_map_foreign_bulk(p->xch, p->domid, PROT_READ,
                                    p->frames.mfns + first, errors,
                                    (unsigned int)nr);
    if (!pages) {
        portrait_fail("the memory");
        goto out;
    }
    for (uint64_t i = 0; i < nr; i++)
        if (errors[i]) {
            errno = -errors[i];
            portrait_fail("a page of memory");
            goto out;
        }
    print_contents(first, pages, nr, runs);
    rc = 0;
out:
    if (pages)
        munmap(pages, nr * PAGE);
    free(errors);
    return rc;
}

int portrait_memory(const struct portrait *p)
{
    struct runs runs = {.name = "memory", .span = 1};
    uint64_t pfn, end;
    int rc = 0;

    for (pfn = 0; !rc && pfn < p->frames.pages; pfn = end) {
        const char *name = shown_as(p, pfn);

        for (end = pfn + 1; end < p->frames.pages && !name; end++)
            if (shown_as(p, end))
                break;
        if (!name)
            rc = map_contents(p, pfn, end - pfn, &runs);
        else if (name[0])
            runs_add(&runs, pfn, NO_PFN, name);
    }
    runs_end(&runs);
    return rc;
}
