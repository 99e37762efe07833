/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regress/matrix.h - what is tried with which guests, hosts and tools: data.
 *
 * A cell is a value of each dimension.  Its name is its way and those values on
 * which that depends: "save/pae/16M/1vcpu/high/patched/built-by-xl/...".
 */
#ifndef DW_REGRESS_MATRIX_H
#define DW_REGRESS_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

enum dimension_id {
    DIM_WAY,      /* what is done with the guest */
    DIM_GUEST,    /* its kernel */
    DIM_SIZE,     /* its memory, MiB */
    DIM_VCPUS,    /* how many it may have */
    DIM_PLACE,    /* the host's memory: where its page tables may lie */
    DIM_LEVEL,    /* whose rules the host goes by */
    DIM_LOG,      /* can its Xen log what a guest writes to? */
    DIM_BUILDER,  /* which program builds the guest, */
    DIM_SENDER,   /* ... saves it */
    DIM_RECEIVER, /* ... and restores it */
    DIMENSIONS,
};

/* Of the way: what becomes of the guest. */
enum way {
    WAY_BUILD,
    WAY_CHECKPOINT,
    WAY_SAVE,
    WAY_IMAGE,
    WAY_MIGRATE,
    WAY_LIVE,
    WAY_TERM,
    WAY_KILL,
    WAY_FULL,
    WAY_CUT,
    WAYS,
};

struct value {
    const char *name;   /* in a cell's */
    const char *arg;    /* what it is for programs: a kernel, a number */
    unsigned int needs; /* NEEDS_* */
};

/* What has to be there; a cell is skipped where it is not. */
#define NEEDS_XL 1u

struct dimension {
    const char *name;
    const char *what; /* for people */
    const struct value *values;
    unsigned int n;
};

extern const struct dimension matrix[DIMENSIONS];

/* The dimensions that a way depends on, as a mask. */
unsigned int way_depends(enum way way);

struct cell {
    uint8_t at[DIMENSIONS]; /* by dimension: the value's number */
    unsigned int round;     /* from 0 on */
};

static inline const struct value *cell_value(const struct cell *cell,
                                             enum dimension_id id)
{
    return &matrix[id].values[cell->at[id]];
}

#define CELL_NAME 200
void cell_name(const struct cell *cell, char name[CELL_NAME]);

struct choice {
    const char *only;    /* a pattern as sh(1) has them, or a part; or NULL */
    bool quick;          /* each value and each pair of tools once */
    bool one_guest;      /* somebody's own: of guests and sizes the first */
    unsigned int rounds; /* at least 1 */
    uint64_t seed;       /* of the order */
    unsigned int shard, shards; /* from 1 on; 1 and 1: all */
};

/* The cells in their order, in malloc(3)ed memory.  -ENOMEM. */
int __attribute__((warn_unused_result))
matrix_cells(const struct choice *choice, struct cell **cells, unsigned int *n);

#endif /* DW_REGRESS_MATRIX_H */
