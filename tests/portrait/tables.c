/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables as the root in CR3 shows them. */
#include "portrait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define ENTRIES 512

/* Intel's manual, volume 3, 4.5. */
#define PRESENT UINT64_C(1)
#define FRAME   UINT64_C(0x000ffffffffff000)

/* Software's own; with Xen that includes its mark of a guest kernel's pages. */
#define AVAILABLE (UINT64_C(0xe00) | UINT64_C(0x7ff) << 52)

static const struct {
    uint64_t bit;
    const char *name;
} flags[] = {
    {UINT64_C(1) << 1, "RW"},     {UINT64_C(1) << 2, "US"},
    {UINT64_C(1) << 3, "PWT"},    {UINT64_C(1) << 4, "PCD"},
    {UINT64_C(1) << 5, "A"},      {UINT64_C(1) << 6, "D"},
    {UINT64_C(1) << 7, "PS/PAT"}, {UINT64_C(1) << 8, "G"},
    {UINT64_C(1) << 63, "NX"},
};

/* Tables of one level, being printed. */
struct walk {
    const struct portrait *p;
    unsigned int level; /* 1 up to the root's */
    struct runs runs;
};

static unsigned int shift_of(unsigned int level)
{
    return XC_PAGE_SHIFT + 9 * (level - 1);
}

/* Xen's own entries in the guest's tables (xen-x86_32.h, xen-x86_64.h). */
static bool is_xens(const struct portrait *p, uint64_t va)
{
    return p->top == 4
               ? va >= UINT64_C(0xffff800000000000) &&
                     va < UINT64_C(0xffff880000000000)
               : va >= UINT64_C(0xf5800000) && va < UINT64_C(0x100000000);
}

static uint64_t address(const struct portrait *p, uint64_t base,
                        unsigned int slot, unsigned int level)
{
    uint64_t va = base | (uint64_t)slot << shift_of(level);

    return p->top == 4 && va >> 47 & 1 ? va | UINT64_C(0xffff) << 48 : va;
}

static void describe(uint64_t entry, uint64_t pfn, char *text, size_t size)
{
    size_t used, i;

    if (!(entry & PRESENT)) {
        snprintf(text, size, "not present, %#" PRIx64, entry);
        return;
    }
    used = (size_t)snprintf(text, size, "P");
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (entry & flags[i].bit)
            used += (size_t)snprintf(text + used, size - used, " %s",
                                     flags[i].name);
    if (entry & AVAILABLE)
        used += (size_t)snprintf(text + used, size - used, " %#" PRIx64,
                                 entry & AVAILABLE);
    if (pfn == NO_PFN)
        snprintf(text + used, size - used, " no frame of the domain");
}

static int walk(struct walk *w, unsigned int level, uint64_t mfn, uint64_t base)
{
    uint64_t *table = domain_frames_map(&w->p->frames, mfn);
    unsigned int i;
    int rc = 0;

    if (!table)
        return portrait_fail("a page table");
    for (i = 0; !rc && i < ENTRIES; i++) {
        uint64_t va = address(w->p, base, i, level), pfn = NO_PFN;
        char text[80];

        if (!table[i] || is_xens(w->p, va))
            continue;
        if (table[i] & PRESENT)
            pfn = domain_frames_pfn(&w->p->frames,
                                    (table[i] & FRAME) >> XC_PAGE_SHIFT);
        if (level == w->level) {
            describe(table[i], pfn, text, sizeof(text));
            runs_add(&w->runs, va, pfn, text);
        } else if (pfn != NO_PFN) {
            rc = walk(w, level - 1, w->p->frames.mfns[pfn], va);
        }
    }
    munmap(table, PAGE);
    return rc;
}

int portrait_tables(const struct portrait *p)
{
    char name[16];
    struct walk w = {.p = p, .runs = {.name = name}};
    int rc = 0;

    for (w.level = p->top; !rc && w.level > 0; w.level--) {
        snprintf(name, sizeof(name), "L%u", w.level);
        w.runs.span = UINT64_C(1) << shift_of(w.level);
        rc = walk(&w, p->top, p->root, 0);
        runs_end(&w.runs);
    }
    return rc;
}

uint64_t portrait_translate(const struct portrait *p, uint64_t va)
{
    uint64_t mfn = p->root, entry, *table;
    unsigned int level;

    for (level = p->top; level > 0; level--) {
        table = domain_frames_map(&p->frames, mfn);
        if (!table)
            return 0;
        entry = table[va >> shift_of(level) & (ENTRIES - 1)];
        munmap(table, PAGE);
        if (!(entry & PRESENT))
            return 0;
        mfn = (entry & FRAME) >> XC_PAGE_SHIFT;
    }
    return mfn;
}

int portrait_types(const struct portrait *p)
{
    struct runs runs = {.name = "type", .span = 1};
    uint64_t pfn;

    for (pfn = 0; pfn < p->frames.pages; pfn++) {
        xen_pfn_t type = p->frames.types[pfn];
        char text[80];

        if (!p->frames.mfns[pfn] || !type)
            continue;
        snprintf(text, sizeof(text), "L%lu%s",
                 (type & XEN_DOMCTL_PFINFO_LTABTYPE_MASK) >>
                     XEN_DOMCTL_PFINFO_LTAB_SHIFT,
                 type & XEN_DOMCTL_PFINFO_LPINTAB ? " pinned" : "");
        runs_add(&runs, pfn, NO_PFN, text);
    }
    runs_end(&runs);
    return 0;
}
