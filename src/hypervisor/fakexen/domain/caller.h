/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * caller.h - the caller's memory, which may not be there.
 *
 * 0 or -EFAULT; nothing of the caller's can make fakexen crash.
 */
#ifndef FX_CALLER_H
#define FX_CALLER_H

#include <stddef.h>
#include <stdint.h>

int __attribute__((warn_unused_result))
fx_copy_from(void *to, uint64_t from, size_t size);
int __attribute__((warn_unused_result))
fx_copy_to(uint64_t to, const void *from, size_t size);

#endif /* FX_CALLER_H */
