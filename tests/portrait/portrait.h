/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * portrait.h - all that a builder has made of a PV domain, as text in which
 * nothing depends on the machine: frames are named by their PFNs, event
 * channels by their use.
 *
 * What fails returns -1, with a message.
 */
#ifndef PORTRAIT_H
#define PORTRAIT_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "domain_frames.h"

struct portrait {
    xc_interface *xch;
    uint32_t domid;
    uint64_t kernel; /* first PFN that the builder has to fill */
    uint64_t hole;   /* PFNs without memory, below the last with memory */
    xc_domaininfo_t info;
    unsigned int top; /* level of the root table: 3 or 4 */
    struct domain_frames frames;
    /* Of vCPU 0's context: */
    uint64_t root; /* MFN */
    uint64_t start_info_va;
    bool extended_cr3;
    start_info_x86_64_t start; /* widened */
    /* What it names by address, and itself: */
    uint64_t start_info_pfn, tables_pfn, p2m_pfn;
};

/* Finds the domain of that `xch`, `domid` and `kernel`, and prints all of it on
 * stdout; its `frames` are to be disposed of afterwards, whatever came of it.
 */
int __attribute__((warn_unused_result)) portrait_print(struct portrait *p);

/* Finds the domain's frames by what its guest is told of them: nothing of it
 * is printed. */
int __attribute__((warn_unused_result)) portrait_find(struct portrait *p);

/* A domain's parts, in the order that they are printed in. */
typedef int portrait_fn(const struct portrait *p);
portrait_fn portrait_domain, portrait_vcpus, portrait_start_info,
    portrait_shared_info, portrait_grants, portrait_tables, portrait_types,
    portrait_p2m, portrait_memory;

/* The MFN that an address is mapped to; 0: none. */
uint64_t portrait_translate(const struct portrait *p, uint64_t va);

/* Prints a message with errno; -1. */
int portrait_fail(const char *what);

/*
 * Lines "NAME: FIRST-LAST[ -> PFN-PFN] TEXT", one for all neighbours that are
 * alike, or whose PFNs follow each other.
 */
struct runs {
    const char *name;
    uint64_t span; /* of one, in the unit of FIRST and LAST */
    /* The line that is not printed yet: */
    uint64_t first, count, pfn;
    char text[240];
};

/* `pfn` is NO_PFN where there is none.  Ascending. */
void runs_add(struct runs *runs, uint64_t at, uint64_t pfn, const char *text);

/* Prints what is left. */
void runs_end(struct runs *runs);

#endif /* PORTRAIT_H */
