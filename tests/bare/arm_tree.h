/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_tree.h - live stage-2 tables: frames for them, and lib's ops with this
 * machine's stores and invalidations.
 */
#ifndef BARE_ARM_TREE_H
#define BARE_ARM_TREE_H

#include "arm_cpu.h"
#include "pt/map.h"

struct tree {
    struct pt_tables tables;
    struct pt_ops ops;
    enum flush how; /* FLUSH_RIGHT, but where a mistake is shown */
    long refuse;    /* the store after so many, once; < 0: none */
    unsigned long stores, flushes;
    unsigned long used; /* tables, without the root */
};

/*
 * An empty tree of `format`; not to be copied afterwards. There is one at a
 * time: the tables of the one before are free again.
 */
void tree_new(struct tree *tree, const struct pt_format *format);
/* A frame that holds no table: the guest's, for good. */
mfn_t frame_new(void);

#endif /* BARE_ARM_TREE_H */
