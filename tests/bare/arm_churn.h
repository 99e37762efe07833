/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_churn.h - tables that change all the time beneath a guest that uses them,
 * by every operation that lib has, against a model of what is mapped where.
 */
#ifndef BARE_ARM_CHURN_H
#define BARE_ARM_CHURN_H

#include "arm_reader.h"
#include "arm_tree.h"

#define CUTS 24

/*
 * The window is cut into intervals, each of which is mapped alike in all of it;
 * a change is of a few of them in a row.
 */
struct churn_plan {
    unsigned int largest; /* leaves up to this level */
    unsigned int nr_cuts;
    uint64_t cut[CUTS]; /* offsets of pages in the window, ascending */
};
#define CHURN_WINDOW (UINT64_C(2) << 30)
/* Leaves of 4 KiB alone, so that QEMU forgets nothing unasked. */
extern const struct churn_plan churn_pages;
/* Leaves of every size. */
extern const struct churn_plan churn_sizes;

struct churn_result {
    struct verdict verdict; /* the guest's */
    unsigned long changes;  /* made */
    unsigned long refused;  /* of them, by a store that was refused */
    unsigned long failed;   /* lib returned something else */
    unsigned long translated, translated_wrong; /* by AT */
    unsigned long
        landed_wrong; /* writes into a frame that is no longer there */
    unsigned long leaves, leaves_wrong; /* in the tables */
    unsigned long stores, flushes;      /* lib's */
    unsigned long left;                 /* tables, when all was unmapped */
};

/*
 * [window, window + CHURN_WINDOW) is free, begins at a whole GiB, and is free
 * again afterwards.  The machine invalidates as `how` says.
 */
void churn(struct tree *tree, vaddr_t window, const struct churn_plan *plan,
           unsigned long changes, enum flush how, struct churn_result *result);

#endif /* BARE_ARM_CHURN_H */
