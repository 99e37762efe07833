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
};

/*
 * false: there is none where vCPU 0's register shows to.  It is only to be
 * believed of a guest that has not run.
 */
bool start_info_read(struct domain_view *view, struct start_facts *facts);

#endif /* DW_INSPECT_START_INFO_H */
