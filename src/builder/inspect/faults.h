/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/faults.h - what is wrong with a domain's tables, as values.
 *
 * A guest may hold any number of faults: the first few of each kind are kept,
 * and all are counted.
 */
#ifndef DW_INSPECT_FAULTS_H
#define DW_INSPECT_FAULTS_H

#include <stdint.h>

#include "frame.h"

enum fault_kind {
    FAULT_WRITABLE_TABLE, /* an L1 entry maps a page table writable */
    FAULT_SUPERPAGE,      /* an entry above L1 maps memory */
    FAULT_LINEAR_TABLE,   /* an entry leads to a table of its own level */
    FAULT_TABLE_TYPE,     /* ... or to none of the level below it */
    FAULT_FOREIGN_FRAME,  /* an entry's frame is not the domain's */
    FAULT_ABSENT_ADDRESS, /* an entry is not present but has an address */
    FAULT_L3_SLOT,        /* slots 4 to 511 of a PAE L3 are not empty */
    FAULT_L3_ABOVE_4G,    /* a PAE L3 there, without pae_extended_cr3 */
    FAULT_UNPINNED_ROOT,  /* a vCPU's top-level table is not pinned */
    FAULT_PIN_BELOW_ROOT, /* a table below it is, in a guest that has not run */
    FAULT_P2M_M2P,        /* the two do not say the same of a frame */
    FAULT_SPECIAL_PAGE,   /* a page that every guest has is missing */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    unsigned int level;        /* of the table, 1 to 4 as Xen counts; 0: none */
    mfn_t table;               /* whose entry it is, or what is wrong itself */
    unsigned int slot;         /* of the entry */
    uint64_t entry;            /* as it stands there */
    mfn_t target;              /* what the entry leads to */
    unsigned int target_level; /* of that, 0 where it is no table */
    pfn_t pfn, other_pfn;      /* P2M_M2P: the P2M's, the M2P's */
    const char *what;          /* SPECIAL_PAGE: which; static */
};

#define FAULTS_KEPT 16

struct faults {
    struct fault kept[FAULT_KINDS][FAULTS_KEPT];
    uint64_t nr[FAULT_KINDS];
};

void faults_add(struct faults *faults, const struct fault *fault);

/* Of all kinds. */
uint64_t faults_total(const struct faults *faults);

/* How many of a kind are kept. */
unsigned int faults_kept(const struct faults *faults, enum fault_kind kind);

#endif /* DW_INSPECT_FAULTS_H */
