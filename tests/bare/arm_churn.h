/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_churn.h - tables that change all the time beneath a guest that uses them,
 * against a model of what is mapped where.
 *
 * The window is cut into intervals, each of which is mapped alike in all of it;
 * a change is of a few of them in a row.  What changes there are, a plan says.
 */
#ifndef BARE_ARM_CHURN_H
#define BARE_ARM_CHURN_H

#include "arm_reader.h"
#include "arm_tree.h"

#define CHURN_WINDOW (UINT64_C(2) << 30)
#define CHURN_CUTS   24
#define CHURN_KINDS  12
#define CHURN_SHIFTS 3

struct churn_state {
    bool mapped;
    uint64_t shift; /* its frames are at this offset, plus that in the window */
    uint32_t prot;
    enum pt_memory memory;
    uint32_t software;
};

/* One change, of the intervals from `first` to before `end`. */
struct churn_change {
    unsigned int first, end;
    unsigned int level;        /* of the entry, or the largest */
    enum pt_kind kind;         /* of the entry */
    struct churn_state state;  /* what they become, where it is one for all */
    uint64_t broken, unbroken; /* offsets between which it may fault */
    bool two_passes;           /* with these rights in between */
    uint32_t early;
    bool refuse; /* a store will be refused */
    struct pt_pending pending;
    uint64_t removed; /* bytes */
};

struct churn;

/*
 * Choosing says what is changed, what becomes of it (churn->next) and what it
 * may break on its way; false: there is nothing for it to do.  Making returns
 * what lib said.
 */
struct churn_kind {
    const char *name;
    bool (*choose)(struct churn *c);
    int (*make)(struct churn *c);
    unsigned int weight; /* how often, among the others */
};

struct churn_plan {
    const struct churn_kind *kinds;
    unsigned int nr_kinds;
    const struct churn_kind *clear; /* nothing is mapped afterwards */
    unsigned int largest;           /* leaves up to this level */
    unsigned int nr_cuts;
    const uint64_t *cut; /* offsets of pages in the window, ascending */
};

struct churn_result {
    struct verdict verdict; /* the guest's */
    unsigned long changes;  /* made */
    unsigned long refused;  /* of them, by a store that was refused */
    unsigned long failed;   /* lib returned something else */
    unsigned long translated, translated_wrong; /* by AT */
    unsigned long landed_wrong;         /* writes: not where they were to go */
    unsigned long leaves, leaves_wrong; /* in the tables */
    unsigned long stores, flushes;      /* lib's */
    unsigned long left;                 /* tables, when all was unmapped */
};

struct churn {
    struct tree *tree;
    vaddr_t window;
    const struct churn_plan *plan;
    uint64_t random;
    struct churn_state now[CHURN_CUTS], next[CHURN_CUTS];
    struct churn_change change;
    unsigned int nr_probes;
    struct probe probes[PROBES];
    unsigned int interval[PROBES]; /* in which it is */
    uint64_t written[PROBES][CHURN_SHIFTS];
    unsigned long notes;
    unsigned long made[CHURN_KINDS]; /* changes of each kind */
    struct churn_result *result;
};

/*
 * [window, window + CHURN_WINDOW) is free, begins at a whole GiB, and is free
 * again afterwards.  The machine invalidates as `how` says.
 */
void churn(struct tree *tree, vaddr_t window, const struct churn_plan *plan,
           unsigned long changes, enum flush how, struct churn_result *result);

/* For those who choose and make. */

uint64_t churn_below(struct churn *c, uint64_t n);
vaddr_t churn_va(const struct churn *c, uint64_t offset);
vaddr_t churn_cut_va(const struct churn *c, unsigned int cut);
/* The cut at an offset; -1: there is none. */
int churn_cut_at(const struct churn *c, uint64_t offset);
uint64_t churn_bytes(const struct churn *c, unsigned int first,
                     unsigned int end);
/* Where the page at an offset of the window is, in such a state. */
maddr_t churn_frame(const struct churn_state *state, uint64_t offset);
/* One of the shifts; that of frames which superpages can have, if so said. */
uint64_t churn_any_shift(struct churn *c, bool aligned);
/* Too long for leaves of 4 KiB: tables are to be few. */
bool churn_is_long(const struct churn *c, unsigned int first, unsigned int end);
unsigned int churn_any_level(struct churn *c, unsigned int first,
                             unsigned int end);
/* A few intervals for the change. */
void churn_choose_range(struct churn *c);
/* The leaves that lie there may be broken. */
void churn_break_range(struct churn *c);
void churn_set_next(struct churn *c, const struct churn_state *state);

#endif /* BARE_ARM_CHURN_H */
