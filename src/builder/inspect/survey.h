/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/survey.h - what a PV guest's memory looks like, as values: its
 * address space, its page tables level by level, its frames.  By runs, and
 * never by entry: its size is the same for every guest.
 *
 * survey_domain() makes one of a living domain, saved_survey() in saved_view.h
 * of a saved one, plan_survey() in report/plan_survey.h one of a guest that is
 * still to be built.
 */
#ifndef DW_INSPECT_SURVEY_H
#define DW_INSPECT_SURVEY_H

#include "inspect/domain_view.h"
#include "inspect/p2m.h"
#include "inspect/runs.h"

/* The tables of one level; all but the first three are of those reached. */
struct survey_level {
    uint64_t tables;           /* that the domain has, used or not */
    uint64_t pinned, above_4g; /* of these; PLAN: unknown, 0 */
    uint64_t reached;          /* ... by the root */
    uint64_t links;            /* entries that lead to the level below */
    uint64_t writable;         /* ... to pages */
    uint64_t read_only;
    uint64_t others;  /* ... to what is neither; Xen's own do not count */
    struct runs runs; /* by the addresses that they are for */
};

/* The domain's frames in the machine. */
#define SURVEY_BLOCKS 3 /* 4 KiB, 2 MiB, 1 GiB */

struct survey_frames {
    uint64_t total, above_4g;
    uint64_t extents; /* that are in a row in the guest and in the machine */
    uint64_t blocks[SURVEY_BLOCKS]; /* the largest that they consist of */
    uint64_t ram_end;   /* the machine's first frame behind all RAM */
    struct runs runs;   /* by frame */
    struct runs tables; /* ... those of them that are page tables */
};

enum survey_state {
    SURVEY_PLAN,  /* there is no domain yet */
    SURVEY_SAVED, /* it is in a file */
    SURVEY_FRESH, /* it is as its builder left it */
    SURVEY_RUN,   /* it has run */
};

/* Has it frames in a machine? */
static inline bool survey_has_frames(enum survey_state state)
{
    return state == SURVEY_FRESH || state == SURVEY_RUN;
}

struct survey {
    enum survey_state state;
    const struct pt_format *format;
    unsigned int width; /* 32 or 64 */
    uint64_t pages;     /* of memory */
    bool has_root;      /* no: no vCPU was set up yet, and nothing is mapped */
    mfn_t root;         /* MFN_INVALID: it has none yet */
    pfn_t root_pfn;
    bool extended_cr3; /* it is on; PLAN: the kernel understands it */
    enum p2m_source p2m;
    struct runs areas;    /* by address */
    struct runs unmapped; /* by PFN: what it gets without an address */
    struct survey_level level[PT_MAX_LEVELS]; /* L1 first */
    struct survey_frames frames;              /* PLAN: none */
    /*
     * The host has one NUMA node, which has all of it.  Of several, Xen tells
     * nobody which one has a frame.
     */
    bool one_node;
};

/*
 * Looks at it, as it is or as it runs, and changes nothing.  What a running
 * guest changes meanwhile is seen or not.  0; or a negative errno and the
 * failure in dg: -ESRCH where the domain is dying, or does so meanwhile.
 */
int __attribute__((warn_unused_result))
survey_domain(xc_interface *xc, struct diag *dg,
              const struct view_domain *domain, struct survey *survey);

/* The same of a view that is open. */
int __attribute__((warn_unused_result))
survey_view(struct domain_view *view, const struct view_domain *domain,
            struct survey *survey);

#endif /* DW_INSPECT_SURVEY_H */
