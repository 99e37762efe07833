/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_mistakes.h - a run that could not see a mistake would prove nothing: each
 * forgotten invalidation shows the guest the old, and lib's own never does.
 */
#ifndef BARE_ARM_MISTAKES_H
#define BARE_ARM_MISTAKES_H

#include "arm_tree.h"

/*
 * Reports in TAP.  The tree maps the image, in 4 KiB leaves, and holds no other
 * leaf than those: QEMU forgets everything in the block around a superpage that
 * was used.  [window, window + 16 pages) is free, and is free again afterwards.
 */
void mistakes(struct tree *tree, vaddr_t window);

#endif /* BARE_ARM_MISTAKES_H */
