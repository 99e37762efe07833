/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/p2m.h - a guest's P2M, where it tells of one, against Xen's M2P.
 *
 * It is the guest's to write; nothing in it is believed.
 */
#ifndef DW_INSPECT_P2M_H
#define DW_INSPECT_P2M_H

#include "inspect/domain_view.h"
#include "inspect/faults.h"
#include "inspect/start_info.h"

/* How the guest tells of it: arch.* of shared_info, arch-x86/xen.h. */
enum p2m_source {
    P2M_NONE,       /* not at all */
    P2M_LIST,       /* p2m_vaddr in the address space of p2m_cr3 */
    P2M_TREE,       /* pfn_to_mfn_frame_list_list */
    P2M_START_INFO, /* it has not run yet: as its builder left it */
};

struct p2m {
    enum p2m_source source;
    uint64_t first, nr; /* PFNs: [first, nr) */
    vaddr_t va;         /* LIST, START_INFO: of the list */
    mfn_t root;         /* ... and the tables that translate it */
    mfn_t top;          /* TREE: the frame of its top */
};

/* `start`: NULL unless the guest has not run. */
int __attribute__((warn_unused_result))
p2m_find(struct domain_view *view, const struct start_facts *start,
         struct p2m *p2m);

/*
 * Compares each entry with the M2P, and marks the frames that it lists.
 * Entries with one of the two uppermost bits set are no frames of the guest:
 * ~0, and Linux's marks for others' and for identity.  `faults`: NULL: only
 * the marks are wanted.
 */
int __attribute__((warn_unused_result))
p2m_compare(struct domain_view *view, const struct p2m *p2m,
            struct faults *faults);

/*
 * start_info says how many pages there are, not how long the list is: where
 * these leave gaps, it is longer.  After view_ask_all(): compares the rest, as
 * far as the M2P needs it.
 */
int __attribute__((warn_unused_result))
p2m_compare_rest(struct domain_view *view, struct p2m *p2m,
                 struct faults *faults);

/*
 * The other way round, after p2m_compare() and view_ask_all(): which frames
 * of the domain the P2M does not list where the M2P has them.
 */
int __attribute__((warn_unused_result))
p2m_compare_frames(struct domain_view *view, const struct p2m *p2m,
                   struct faults *faults);

#endif /* DW_INSPECT_P2M_H */
