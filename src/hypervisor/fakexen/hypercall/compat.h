/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - structures whose shape depends on the caller's width.
 *
 * Whoever answers a hypercall knows the 64-bit form alone.  A 32-bit guest's
 * structures have "unsigned long" and pointers of four bytes, and align eight
 * bytes to four: they are widened on the way in and narrowed on the way out,
 * by one table.  A structure that is not in it is the same for both.
 *
 * All functions return 0 or -EFAULT.
 */
#ifndef FX_COMPAT_H
#define FX_COMPAT_H

#include "domain/caller.h"

enum fx_shape {
    FX_MULTICALL_ENTRY,
    FX_TRAP_INFO,
    FX_MMUEXT_OP,
    FX_MEMORY_RESERVATION,
    FX_MEMORY_EXCHANGE,
    FX_MACHPHYS_MFN_LIST,
    FX_MACHPHYS_MAPPING,
    FX_MEMORY_MAP,
    FX_PLATFORM_PARAMETERS,
    FX_GNTTAB_SETUP_TABLE,
    FX_GNTTAB_COPY,
    FX_SCHED_POLL,
    FX_SINGLESHOT_TIMER,
    FX_RUNSTATE_AREA,
};

/* The structure at `from`, `to`, in the 64-bit form here. */
int __attribute__((warn_unused_result))
fx_struct_in(const struct fx_caller *caller, enum fx_shape shape, void *to,
             uint64_t from);
int __attribute__((warn_unused_result))
fx_struct_out(const struct fx_caller *caller, enum fx_shape shape, uint64_t to,
              const void *from);

/* How many bytes the caller's has: the step from one to the next. */
uint64_t fx_struct_bytes(const struct fx_caller *caller, enum fx_shape shape);

/* The bytes of an xen_pfn_t or unsigned long. */
unsigned int fx_word_bytes(const struct fx_caller *caller);

/* Number `index` of an array of xen_pfn_t or unsigned long. */
int __attribute__((warn_unused_result))
fx_word_in(const struct fx_caller *caller, uint64_t *value, uint64_t array,
           uint64_t index);
int __attribute__((warn_unused_result))
fx_word_out(const struct fx_caller *caller, uint64_t array, uint64_t index,
            uint64_t value);

#endif /* FX_COMPAT_H */
