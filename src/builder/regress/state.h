/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regress/state.h - what a PV guest is at one moment, so that it can be told
 * whether another domain is the same guest: each page's type and contents and
 * each vCPU's registers, with PFNs in the place of frames.
 *
 * Left out is what a save rewrites: the P2M list, start_info, the frame lists
 * of play.h.  The guest's start_info is where its builder put it, and the guest
 * does not run meanwhile.
 *
 * Order of calls: state_take() or state_read(); the others; state_dispose()
 * whatever they returned.
 */
#ifndef DW_REGRESS_STATE_H
#define DW_REGRESS_STATE_H

#include <stdio.h>
#include <xenctrl.h>

#include "inspect/domain_view.h"
#include "inspect/start_info.h"

/* Of one page: its contents' hash, 0 where they do not count, and its type. */
struct state_page {
    uint64_t hash;
    uint8_t type; /* STATE_*, or a table's level, with VIEW_PINNED */
};
#define STATE_ABSENT 0xff

struct state {
    uint64_t pfns;
    struct state_page *page;
    unsigned int vcpus;
    uint64_t *vcpu; /* hash; 0: it has never run */
};

/* -errno and the failure in dg. */
int __attribute__((warn_unused_result))
state_take(struct state *state, xc_interface *xc, struct diag *dg,
           const xc_domaininfo_t *info, unsigned int width);

/* 0 or a negative errno. */
int __attribute__((warn_unused_result))
state_write(const struct state *state, FILE *out);
int __attribute__((warn_unused_result))
state_read(struct state *state, FILE *in);

/*
 * A line on `out` for each run of pages and each vCPU in which they differ, 16
 * at most.  How many pages and vCPUs that are.
 */
uint64_t state_compare(const struct state *was, const struct state *is,
                       FILE *out);

void state_dispose(struct state *state);

/* ---- what is special about a guest that nobody has run ---- */

/* Its start_info, and all of its frames.  -errno and the failure in view->dg.
 */
int __attribute__((warn_unused_result))
state_find(struct domain_view *view, struct start_facts *start);

/* Pages of a P2M list, in a guest's words; of its frame lists and their top:
 * the last ones of its memory. */
uint64_t state_p2m_pages(uint64_t nr_pages, unsigned int word);
uint64_t state_list_pages(uint64_t nr_pages, unsigned int word);

#endif /* DW_REGRESS_STATE_H */
