/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain_state.h - what has to outlive the way of a PV domain through a stream:
 * contents and types of all memory, and the vCPUs' contexts, with PFNs in place
 * of all MFNs.
 */
#ifndef DOMAIN_STATE_H
#define DOMAIN_STATE_H

#include <stdint.h>

#include <xenctrl.h>

#include "domain_frames.h"

#define STATE_MAX_VCPUS 8

enum domain_page { PAGE_PLAIN, PAGE_P2M, PAGE_P2M_LIST };

struct domain_state {
    struct domain_frames frames;
    /* By PFN: */
    uint64_t *sums; /* of contents */
    enum domain_page *kinds;
    uint64_t contexts[STATE_MAX_VCPUS];
};

/*
 * The suspend record is what vCPU 0's EDX names.  The guest has announced its
 * P2M tree, which tells what is full of MFNs; or it is `like` another one of
 * the same size: a restored guest announces anew when it runs.  0 or -1, with a
 * message.
 */
int __attribute__((warn_unused_result))
domain_state_take(struct domain_state *state, xc_interface *xch, uint32_t domid,
                  unsigned int vcpus, const struct domain_state *like);

/* The same of one that has given frames back: its list, by PFN. */
int __attribute__((warn_unused_result))
domain_state_take_listed(struct domain_state *state, xc_interface *xch,
                         uint32_t domid, unsigned int vcpus,
                         const struct domain_state *like, const xen_pfn_t *p2m);

/* 0 if they are equal, or -1 with a message that says where they are not. */
int __attribute__((warn_unused_result))
domain_state_compare(const struct domain_state *one,
                     const struct domain_state *other);

/* One line, with numbers. */
void domain_state_print(const struct domain_state *state);

void domain_state_dispose(struct domain_state *state);

#endif /* DOMAIN_STATE_H */
