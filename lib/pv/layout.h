/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pv/layout.h - where everything of a new PV domain goes, before anything
 * exists.
 *
 * pv_layout_plan() is pure: from what the kernel asks for, the modules, the
 * memory and the boot ABI to every item, table and special page.  The
 * order of the items is the one that Xen promises to guests (xen/xen.h,
 * "Start-of-day memory layout"); libxenguest allocates in the same order, so
 * that the builder can hold each allocation against the plan.
 *
 * All counts are in 4 KiB pages; "end" is exclusive.
 */
#ifndef DW_PV_LAYOUT_H
#define DW_PV_LAYOUT_H

#include "pv/boot_abi.h"

#define PV_MAX_MODULES 2

/* An address that a kernel did not ask for. */
#define VADDR_NONE VADDR(UINT64_MAX)

struct pv_kernel {
    vaddr_t base;          /* VIRT_BASE: where PFN 0 is mapped */
    vaddr_t first, end;    /* what the loaded image covers, in bytes */
    vaddr_t init_p2m;      /* INIT_P2M, or VADDR_NONE */
    bool unmapped_modules; /* MOD_START_PFN: modules need no mapping */
};

struct pv_module {
    uint64_t bytes; /* once decompressed; 0: no such module */
    vaddr_t first;  /* where the caller wants it, or VADDR_NONE */
};

/* PFNs [first, end), on the given physical NUMA node or PV_ANY_NODE. */
struct pv_range {
    pfn_t first, end;
    unsigned int node;
};
#define PV_ANY_NODE (~0u)

struct pv_request {
    const struct pv_abi *abi;
    struct pv_kernel kernel;
    struct pv_module module[PV_MAX_MODULES];
    const struct pv_range *ranges; /* ascending, not overlapping */
    unsigned int nr_ranges;
};

/* In the order of their PFNs, but for what the kernel wants elsewhere. */
enum pv_item_id {
    PV_KERNEL,
    PV_MODULE0,
    PV_MODULE1,
    PV_P2M,
    PV_START_INFO,
    PV_XENSTORE,
    PV_CONSOLE,
    PV_TABLES, /* the tables of the boot region; the root comes first */
    PV_BOOT_STACK,
    PV_PADDING,    /* 512 KiB at least, to the end of the boot region */
    PV_P2M_TABLES, /* those for a P2M outside the boot region */
    PV_ITEMS,
};

struct pv_item {
    vaddr_t va; /* VADDR_NONE: not mapped */
    pfn_t pfn;
    uint64_t pages; /* 0: the domain has no such item */
};

/* [first, end) is mapped to the PFNs from `pfn` on. */
struct pv_map {
    vaddr_t first, end;
    pfn_t pfn;
};

/* Tables of one level that cover neighbouring parts of the address space. */
struct pv_run {
    unsigned int level;
    uint64_t number; /* of the first; table n covers n * pt_table_span() */
    uint64_t count;
    pfn_t pfn; /* of the first; the others follow */
};

struct pv_layout {
    const struct pv_abi *abi;
    vaddr_t base;
    struct pv_item item[PV_ITEMS];
    struct pv_map map[2]; /* the boot region; a P2M outside of it */
    unsigned int nr_maps;
    struct pv_run run[2 * PT_MAX_LEVELS]; /* root first, map by map */
    unsigned int nr_runs;
    pfn_t root;           /* top-level table: CR3's */
    pfn_t end;            /* first PFN that is not laid out */
    uint64_t total_pages; /* of memory */
    uint64_t p2m_entries; /* first PFN above all memory */
};

/* Why there is no plan; `what` is a phrase for people. */
struct pv_refusal {
    const char *what;
    uint64_t need, have; /* pages, or addresses: as the phrase says; or 0, 0 */
};

/*
 * 0 and *layout, or
 * -EINVAL  the request contradicts itself or Xen's rules,
 * -ENOSPC  it does not fit in the memory,
 * and *why.
 */
int __attribute__((warn_unused_result))
pv_layout_plan(const struct pv_request *request, struct pv_layout *layout,
               struct pv_refusal *why);

/* Item names for people: "kernel", "page tables". */
const char *pv_item_name(enum pv_item_id id);

/*
 * The first PFN beyond all that a builder has to write, so that one foreign
 * mapping of PFN 0 to here serves the whole build.  The boot stack and the
 * padding are nobody's to write: without anything behind them they are left
 * out.
 */
pfn_t pv_layout_written_end(const struct pv_layout *layout);

/* The PFN of the table of `level` that covers `va`; PFN_INVALID: none. */
pfn_t pv_layout_table(const struct pv_layout *layout, unsigned int level,
                      vaddr_t va);

/* Is `pfn` a page table? */
bool pv_layout_is_table(const struct pv_layout *layout, pfn_t pfn);

/* The lowest address that table `number` of `level` covers. */
vaddr_t pv_table_va(const struct pt_format *format, unsigned int level,
                    uint64_t number);

#endif /* DW_PV_LAYOUT_H */
