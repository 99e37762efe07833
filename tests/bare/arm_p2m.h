/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_p2m.h - the calls of lib/mem/p2m_table as changes of a churn.
 */
#ifndef BARE_ARM_P2M_H
#define BARE_ARM_P2M_H

#include "arm_churn.h"

/* Blocks of every size; then single frames, of which access is tracked. */
extern const struct churn_plan churn_p2m;
extern const struct churn_plan churn_access;

/* The tree, which is empty, becomes a P2M that maps the image. */
void p2m_begin(struct tree *tree);
/* From now on as churn_access; `window` is its. */
void p2m_track(vaddr_t window);
/* What holds of the P2M besides, and all of it removed. */
void p2m_end(void);

#endif /* BARE_ARM_P2M_H */
