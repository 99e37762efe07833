/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/start_info.h - what a guest that has not run yet is told at its start
 * (xen/xen.h, struct start_info).
 */
#ifndef DW_INSPECT_START_INFO_H
#define DW_INSPECT_START_INFO_H

#include "inspect/domain_view.h"

struct start_facts {
    uint64_t nr_pages;
    vaddr_t mfn_list;
    mfn_t store, console;
    vaddr_t tables;
    uint64_t nr_tables;
    /* In bytes; 0: none.  Where the guest is told its PFN, it is not mapped. */
    uint64_t ramdisk_bytes;
    vaddr_t ramdisk;
    pfn_t ramdisk_pfn;
    /* The P2M list and the tables that it has to itself; 0: it is in between.
     */
    pfn_t p2m_pfn;
    uint64_t nr_p2m_frames;
};

/*
 * false: there is none where vCPU 0's register shows to.  It is only to be
 * believed of a guest that has not run.
 */
bool start_info_read(struct domain_view *view, struct start_facts *facts);

#endif /* DW_INSPECT_START_INFO_H */
