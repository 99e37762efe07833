/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_changes.h - the operations of lib/pt as changes of a churn.
 */
#ifndef BARE_ARM_CHANGES_H
#define BARE_ARM_CHANGES_H

#include "arm_churn.h"

/* Leaves of 4 KiB alone, so that QEMU forgets nothing unasked. */
extern const struct churn_plan churn_pages;
/* Leaves of every size. */
extern const struct churn_plan churn_sizes;

#endif /* BARE_ARM_CHANGES_H */
