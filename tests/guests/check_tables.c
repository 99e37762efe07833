/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check_tables.c - walks the tables from CR3: which there are, what maps
 * them, what they map.
 *
 * The walk is done twice. The first one only learns which frames are tables;
 * the second one can then judge each leaf.
 */
#include "check.h"

struct table tables[MAX_TABLES];
unsigned int nr_tables;
uintptr_t region_end;

static struct {
    struct tally superpages;
    struct tally once;     /* a table is in one place only */
    struct tally frames;   /* a leaf maps the frame that it should */
    struct tally readonly; /* a leaf that maps a table is not writable */
    struct tally writable; /* any other leaf is */
    struct tally faults;   /* a write to a table faults */
    struct tally stray;    /* nothing is mapped where nothing is promised */
} seen;

static const struct table *find_table(mfn_t mfn)
{
    unsigned int i;

    for (i = 0; i < nr_tables; i++)
        if (tables[i].mfn.v == mfn.v)
            return &tables[i];
    return NULL;
}

bool mfn_is_table(mfn_t mfn)
{
    return find_table(mfn) != NULL;
}

static void add_table(mfn_t mfn, unsigned int level, uintptr_t vaddr)
{
    if (tally_wrong(&seen.once, mfn_is_table(mfn)))
        tap_note("L%u mfn %#llx is found again at %#lx", level,
                 (unsigned long long)mfn.v, (unsigned long)vaddr);
    if (nr_tables == MAX_TABLES)
        panic("more than %u page tables", MAX_TABLES);
    tables[nr_tables++] =
        (struct table){.mfn = mfn, .level = level, .vaddr = vaddr};
}

static void learn_entry(const struct entry *entry, void *arg)
{
    unsigned int level = entry->table->level;

    (void)arg;
    if (level == 1)
        return;
    if (tally_wrong(&seen.superpages, entry->pte & PTE_SUPER))
        tap_note("L%u entry %#llx at %#lx is a superpage", level,
                 (unsigned long long)entry->pte, (unsigned long)entry->vaddr);
    add_table(pte_to_mfn(entry->pte), level - 1, entry->vaddr);
}

/* The PFN that should be at an address; PFN_INVALID if nothing should. */
static pfn_t promised_pfn(uintptr_t vaddr)
{
    uintptr_t list = start_info->mfn_list;

    if (p2m_is_apart() && vaddr >= list &&
        vaddr - list < p2m_list_pages() * PAGE_SIZE)
        return PFN(start_info->first_p2m_pfn + (vaddr - list) / PAGE_SIZE);
    if (vaddr == region_end) {
        region_end += PAGE_SIZE;
        return vaddr_to_pfn(vaddr);
    }
    return PFN_INVALID;
}

static bool write_faults(uintptr_t vaddr)
{
    return probe_write((volatile void *)vaddr) &&
           guest_last_trap.vector == 14 &&
           (guest_last_trap.error_code & (FAULT_PRESENT | FAULT_WRITE)) ==
               (FAULT_PRESENT | FAULT_WRITE) &&
           guest_last_trap.address == vaddr;
}

static void judge_table_mapping(const struct entry *entry, mfn_t mfn)
{
    if (tally_wrong(&seen.readonly, entry->pte & PTE_WRITABLE))
        tap_note("L%u mfn %#llx is mapped writable at %#lx",
                 find_table(mfn)->level, (unsigned long long)mfn.v,
                 (unsigned long)entry->vaddr);
    if (tally_wrong(&seen.faults, !write_faults(entry->vaddr)))
        tap_note("a write to the L%u at %#lx got vector %lu, error %#lx, "
                 "cr2 %#lx",
                 find_table(mfn)->level, (unsigned long)entry->vaddr,
                 guest_last_trap.vector, guest_last_trap.error_code,
                 (unsigned long)guest_last_trap.address);
}

static void judge_leaf(const struct entry *entry, void *arg)
{
    mfn_t mfn = pte_to_mfn(entry->pte);
    pfn_t pfn;

    (void)arg;
    if (entry->table->level != 1)
        return;
    pfn = promised_pfn(entry->vaddr);
    if (in_window(entry->vaddr))
        return;
    if (tally_wrong(&seen.stray, !pfn_valid(pfn))) {
        tap_note("%#lx is mapped, to mfn %#llx", (unsigned long)entry->vaddr,
                 (unsigned long long)mfn.v);
        return;
    }
    if (pfn_valid(pfn) && tally_wrong(&seen.frames, mfn.v != pfn_to_mfn(pfn).v))
        tap_note("%#lx maps mfn %#llx, expected that of pfn %#llx, %#llx",
                 (unsigned long)entry->vaddr, (unsigned long long)mfn.v,
                 (unsigned long long)pfn.v,
                 (unsigned long long)pfn_to_mfn(pfn).v);
    if (mfn_is_table(mfn))
        judge_table_mapping(entry, mfn);
    else if (tally_wrong(&seen.writable, !(entry->pte & PTE_WRITABLE)))
        tap_note("%#lx is mapped read-only", (unsigned long)entry->vaddr);
}

/* Which of the tables lie in [first, first + count) by PFN. */
static unsigned int tables_between(pfn_t first, unsigned long count)
{
    unsigned int i, n = 0;
    pfn_t pfn;

    for (i = 0; i < nr_tables; i++) {
        pfn = mfn_to_pfn(tables[i].mfn);
        n += pfn.v >= first.v && pfn.v - first.v < count;
    }
    return n;
}

/*
 * nr_pt_frames counts the tables of the initial region. Those of a P2M list
 * with an address of its own are counted in nr_p2m_frames, behind the list.
 */
static void check_numbers(void)
{
    pfn_t base = vaddr_to_pfn(start_info->pt_base);
    unsigned long initial = start_info->nr_pt_frames;
    unsigned long apart = 0;
    pfn_t first;

    if (p2m_is_apart()) {
        first = PFN(start_info->first_p2m_pfn + p2m_list_pages());
        apart = start_info->nr_p2m_frames - p2m_list_pages();
        tap_eq(tables_between(first, apart), apart,
               "the P2M list's own tables lie behind it");
    }
    tap_eq(nr_tables, initial + apart, "the walk finds as many tables as told");
    tap_eq(tables_between(base, initial), initial,
           "nr_pt_frames tables lie at pt_base and behind it");
    tap_note("tables=%u", nr_tables);
}

#ifndef __x86_64__
/* A 64-bit Xen sees the whole page of a PAE L3, which has four entries. */
static void check_rest_of_root(void)
{
    const uint64_t *root = (const uint64_t *)start_info->pt_base;
    struct tally rest = {0, 0};
    unsigned int slot;

    for (slot = paging.root_entries; slot < 512; slot++)
        if (tally_wrong(&rest, root[slot] != 0))
            tap_note("L3 entry %u is %#llx", slot,
                     (unsigned long long)root[slot]);
    tap_tally(&rest, "entries 4 to 511 of the L3 are zero");
    tap_ok(root[3] & PTE_PRESENT, "entry 3 of the L3 is present");
}
#else
static void check_rest_of_root(void)
{
}
#endif

void check_tables(void)
{
    add_table(cr3_to_mfn(), paging.levels, 0);
    walk(learn_entry, NULL);
    region_end = GUEST_VIRT_BASE;
    walk(judge_leaf, NULL);

    check_numbers();
    check_rest_of_root();
    tap_tally(&seen.once, "no table is in the tree twice");
    tap_tally(&seen.superpages, "no entry above L1 is a superpage");
    tap_tally(&seen.frames, "every leaf maps the frame of its PFN");
    tap_tally(&seen.stray, "nothing is mapped but what is promised");
    tap_tally(&seen.readonly, "no leaf maps a table writable");
    tap_tally(&seen.faults, "a write to a table faults, wherever it is mapped");
    tap_tally(&seen.writable, "every other leaf is writable");
    tap_ok(seen.readonly.checked >= start_info->nr_pt_frames,
           "the tables of the initial region are mapped");
}
