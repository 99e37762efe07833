/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* suspend_check.c - memory, P2M and page tables, before and after. */
#include "paging.h"
#include "suspend.h"

#define WORDS (PAGE_SIZE / sizeof(uint32_t))

/* Free are the pages behind the boot stack, but for a P2M list among them. */
static bool next_free_page(pfn_t *pfn)
{
    unsigned long p2m = start_info->first_p2m_pfn;

    if (pfn->v >= p2m && pfn->v < p2m + start_info->nr_p2m_frames)
        *pfn = PFN(p2m + start_info->nr_p2m_frames);
    return pfn->v < start_info->nr_pages;
}

/* The page through a window, and the first of the values to be in it. */
static volatile uint32_t *free_page(pfn_t pfn, uint32_t seed, uint32_t *word)
{
    long rc = window_map(WINDOW_ANY, pfn_to_mfn(pfn), PTE_WRITABLE);

    if (rc)
        panic("cannot map pfn %#llx: %ld", (unsigned long long)pfn.v, rc);
    *word = ((uint32_t)pfn.v * WORDS) ^ (seed * UINT32_C(0x9e3779b1));
    return window_address(WINDOW_ANY);
}

static void fill_page(pfn_t pfn, uint32_t seed)
{
    uint32_t word;
    volatile uint32_t *page = free_page(pfn, seed, &word);
    unsigned int i;

    for (i = 0; i < WORDS; i++)
        page[i] = word + i;
}

static bool page_is_right(pfn_t pfn, uint32_t seed)
{
    uint32_t word;
    const volatile uint32_t *page = free_page(pfn, seed, &word);
    unsigned int i;

    for (i = 0; i < WORDS; i++)
        if (page[i] != word + i)
            return false;
    return true;
}

void fill_memory(uint32_t seed)
{
    pfn_t pfn;

    for (pfn = boot_end_pfn(); next_free_page(&pfn); pfn.v++)
        fill_page(pfn, seed);
}

unsigned long wrong_memory(uint32_t seed)
{
    unsigned long wrong = 0;
    pfn_t pfn;

    for (pfn = boot_end_pfn(); next_free_page(&pfn); pfn.v++)
        wrong += !page_is_right(pfn, seed);
    return wrong;
}

unsigned long wrong_p2m(void)
{
    unsigned long wrong = 0;
    pfn_t pfn;
    mfn_t mfn;

    for (pfn = PFN(0); pfn.v < start_info->nr_pages; pfn.v++) {
        mfn = pfn_to_mfn(pfn);
        wrong += mfn.v == (xen_pfn_t)-1 || mfn_to_pfn(mfn).v != pfn.v;
    }
    return wrong;
}

/* FNV-1a, by words of 64 bits instead of bytes. */
static uint64_t add(uint64_t sum, uint64_t word)
{
    return (sum ^ word) * UINT64_C(0x100000001b3);
}

/* The processor sets "accessed" and "dirty" when it likes. */
static void add_entry(const struct entry *entry, void *arg)
{
    const uint64_t ignored = PTE_FRAME | PTE_ACCESSED | PTE_DIRTY;
    uint64_t *sum = arg;

    if (in_window(entry->vaddr) && entry->table->level == 1)
        return;
    *sum = add(*sum, entry->vaddr);
    *sum = add(*sum, mfn_to_pfn(pte_to_mfn(entry->pte)).v);
    *sum = add(*sum, (entry->pte & ~ignored) | entry->table->level);
}

uint64_t tables_sum(void)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    sum = add(sum, mfn_to_pfn(cr3_to_mfn()).v);
    walk(add_entry, &sum);
    return sum;
}
