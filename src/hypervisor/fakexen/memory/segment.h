/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * segment.h - segment descriptors of a PV guest.
 */
#ifndef FX_SEGMENT_H
#define FX_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Checks the descriptors in a frame that becomes part of a GDT or LDT, and
 * corrects their privilege levels: 0 or -EINVAL.
 */
int __attribute__((warn_unused_result))
fx_check_descriptors(uint64_t *descriptors, bool is_32bit);

/* The same for one; false: it must not be. */
bool __attribute__((warn_unused_result))
fx_check_descriptor(uint64_t *descriptor, bool is_32bit);

#endif /* FX_SEGMENT_H */
