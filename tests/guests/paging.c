/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "paging.h"

#define SLOT_BITS  9
#define NR_ENTRIES 512

#ifdef __x86_64__
const struct paging paging = {
    .levels = 4,
    .root_entries = NR_ENTRIES,
    .xen_first = HYPERVISOR_VIRT_START,
    .xen_last = HYPERVISOR_VIRT_END - 1,
    /* Ring 3 is where a 64-bit PV kernel runs. */
    .table_flags = PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED,
    .pin_root = MMUEXT_PIN_L4_TABLE,
};
#else
const struct paging paging = {
    .levels = 3,
    .root_entries = 4,
    .xen_first = HYPERVISOR_VIRT_START,
    .xen_last = UINTPTR_MAX,
    .table_flags = PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED,
    .pin_root = MMUEXT_PIN_L3_TABLE,
};
#endif

static unsigned int level_shift(unsigned int level)
{
    return DW_PAGE_SHIFT + (level - 1) * SLOT_BITS;
}

/* Copies the highest translated bit into those above it (64-bit only). */
static uintptr_t canonical(uint64_t vaddr)
{
    unsigned int unused = 64 - (level_shift(paging.levels) + SLOT_BITS);

    return (uintptr_t)((int64_t)(vaddr << unused) >> unused);
}

unsigned int table_slots(unsigned int level)
{
    return level == paging.levels ? paging.root_entries : NR_ENTRIES;
}

uintptr_t slot_vaddr(const struct table *table, unsigned int slot)
{
    return canonical(table->vaddr +
                     ((uint64_t)slot << level_shift(table->level)));
}

bool slot_is_xens(const struct table *table, unsigned int slot)
{
    uintptr_t vaddr = slot_vaddr(table, slot);

    return vaddr >= paging.xen_first && vaddr <= paging.xen_last;
}

uint64_t entry_maddr(const struct table *table, unsigned int slot)
{
    return mfn_to_maddr(table->mfn).v + slot * sizeof(uint64_t);
}

/*
 * Tables of the initial region can be read where they are mapped. Those of a
 * P2M list with an address of its own (INIT_P2M) may be mapped nowhere.
 */
const uint64_t *table_view(const struct table *table)
{
    pfn_t pfn = mfn_to_pfn(table->mfn);
    enum window window = WINDOW_LEVEL(table->level);
    long rc;

    if (pfn.v < boot_end_pfn().v)
        return (const uint64_t *)pfn_to_vaddr(pfn);
    rc = window_map(window, table->mfn, 0);
    if (rc)
        panic("cannot map L%u mfn %#llx: %ld", table->level,
              (unsigned long long)table->mfn.v, rc);
    return window_address(window);
}

uint64_t entry_value(const struct table *table, unsigned int slot)
{
    return *(const volatile uint64_t *)&table_view(table)[slot];
}

mfn_t vaddr_to_mfn(uintptr_t vaddr)
{
    struct table table = {.mfn = cr3_to_mfn(), .level = paging.levels};
    unsigned int slot;
    uint64_t pte;

    for (;;) {
        slot = (vaddr >> level_shift(table.level)) % NR_ENTRIES;
        pte = entry_value(&table, slot);
        if (!(pte & PTE_PRESENT))
            panic("%#lx is not mapped", (unsigned long)vaddr);
        if (table.level == 1)
            return pte_to_mfn(pte);
        table.mfn = pte_to_mfn(pte);
        table.level--;
    }
}

int empty_slot(const struct table *table)
{
    unsigned int slot;

    for (slot = 0; slot < table_slots(table->level); slot++)
        if (!slot_is_xens(table, slot) &&
            !(entry_value(table, slot) & PTE_PRESENT))
            return (int)slot;
    return -1;
}

static void walk_table(const struct table *table, entry_visitor visit,
                       void *arg)
{
    const uint64_t *view = table_view(table);
    struct entry entry = {.table = table};
    struct table below = {.level = table->level - 1};

    for (; entry.slot < table_slots(table->level); entry.slot++) {
        entry.pte = *(const volatile uint64_t *)&view[entry.slot];
        if (!(entry.pte & PTE_PRESENT) || slot_is_xens(table, entry.slot))
            continue;
        entry.vaddr = slot_vaddr(table, entry.slot);
        visit(&entry, arg);
        if (table->level == 1 || (entry.pte & PTE_SUPER))
            continue;
        below.mfn = pte_to_mfn(entry.pte);
        below.vaddr = entry.vaddr;
        walk_table(&below, visit, arg);
    }
}

void walk(entry_visitor visit, void *arg)
{
    struct table root = {.mfn = cr3_to_mfn(), .level = paging.levels};

    walk_table(&root, visit, arg);
}
