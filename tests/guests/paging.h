/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * paging.h - a walk of the guest's own page tables.
 *
 * Deliberately not the project's walker, which is under test here.
 * A level's number is that of its tables: L1 tables hold leaf entries.
 */
#ifndef GUEST_PAGING_H
#define GUEST_PAGING_H

#include "guest.h"

struct paging {
    unsigned int levels;
    unsigned int root_entries;
    /* Addresses that belong to Xen: [xen_first, xen_last]. */
    uintptr_t xen_first, xen_last;
    /* Flags of an entry that maps all that the guest may write to. */
    uint64_t table_flags;
    /* The hypercall command that pins the root. */
    unsigned int pin_root;
};
extern const struct paging paging;

struct table {
    mfn_t mfn;
    unsigned int level;
    uintptr_t vaddr; /* first address that it translates */
};

/* One present entry. */
struct entry {
    const struct table *table;
    unsigned int slot;
    uintptr_t vaddr; /* first address that it translates */
    uint64_t pte;
};

/* Calls back for each present entry, top down, in the order of addresses. */
typedef void (*entry_visitor)(const struct entry *entry, void *arg);
void walk(entry_visitor visit, void *arg);

/* Entries of a table of that level, without what lies beyond the root's. */
unsigned int table_slots(unsigned int level);
uintptr_t slot_vaddr(const struct table *table, unsigned int slot);
bool slot_is_xens(const struct table *table, unsigned int slot);
uint64_t entry_maddr(const struct table *table, unsigned int slot);
/* Looks at a table through the window of its level, if it is not mapped. */
const uint64_t *table_view(const struct table *table);
uint64_t entry_value(const struct table *table, unsigned int slot);
/* The frame at an address, which has to be mapped by a page. */
mfn_t vaddr_to_mfn(uintptr_t vaddr);
/* The first slot that is empty and not Xen's, or -1. */
int empty_slot(const struct table *table);

#endif /* GUEST_PAGING_H */
