/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem/memmap.h - from what firmware and MTRRs say of memory to RAM of one
 * memory type.
 *
 * Order of calls: memmap_ram() makes of E820 ranges, as they come, what is RAM;
 * memmap_chunks() cuts that where the MTRRs change the memory type.  Nothing is
 * allocated: the caller brings the arrays.
 *
 * Ranges are [first, end) in bytes.  Physical addresses have at most 52 bits
 * (MAXPHYADDR, Intel SDM vol. 3A, 4.1.4), so that an end is never 1 << 64.
 */
#ifndef DW_MEM_MEMMAP_H
#define DW_MEM_MEMMAP_H

#include <stddef.h>

#include "frame.h"

#define MEM_ADDR_END (UINT64_C(1) << 52)

/* The E820 type that is RAM (ACPI specification, 15.1); no other one is. */
#define MEM_E820_RAM 1

struct mem_range {
    maddr_t first, end;
    uint32_t type; /* E820's */
};

/* Memory types: Intel SDM vol. 3A, table 12-8, and two of our own. */
enum mem_type {
    MEM_UC = 0,
    MEM_WC = 1,
    MEM_WT = 4,
    MEM_WP = 5,
    MEM_WB = 6,
    MEM_UNDEFINED = 0x100, /* ranges overlap in a way that the SDM excludes */
    MEM_UNKNOWN = 0x101,   /* what decides it is not known */
};

struct mtrr_range {
    maddr_t first, end; /* whole pages */
    enum mem_type type;
};

/* What is known of MTRRs. */
struct mtrrs {
    bool disabled; /* IA32_MTRR_DEF_TYPE.E is clear: all memory is UC */
    enum mem_type default_type;
    /*
     * Of fixed ranges, which are below 1 MiB and win over all others, those
     * that are enabled; fixed_unknown: there may be some that we do not know.
     */
    const struct mtrr_range *fixed;
    size_t nr_fixed;
    bool fixed_unknown;
    const struct mtrr_range *variable;
    size_t nr_variable;
    /*
     * Below this and from 4 GiB on the default is WB: AMD's TOM2 with
     * Tom2ForceMemTypeWB (AMD APM vol. 2, 7.9.4); 0: no such thing.
     * tom2_unknown: there may be one, so the default is not known there.
     */
    maddr_t tom2;
    bool tom2_unknown;
};

/* RAM of one memory type, in whole pages. */
struct mem_chunk {
    maddr_t first, end;
    enum mem_type type;
};

/*
 * What is RAM: sorted, disjoint, neighbours joined, to the byte.  The ranges
 * may be empty, overlap and be in any order; where RAM and something else
 * overlap, it is no RAM.  Room for `n` ranges is always enough.
 * -EINVAL: a range ends before it begins.  -ERANGE: RAM beyond MEM_ADDR_END.
 * -ENOSPC: more than `max`.
 */
int __attribute__((warn_unused_result))
memmap_ram(const struct mem_range *e820, size_t n, struct mem_range *ram,
           size_t max, size_t *nr);

/*
 * The range that a variable MTRR's base and mask are, type and valid bits left
 * out; the mask's highest bit tells how wide addresses are.  -EDOM: the mask
 * has gaps, so that the range is not one (SDM vol. 3A, 12.11.3), or none set.
 */
int __attribute__((warn_unused_result))
memmap_mtrr_range(uint64_t base, uint64_t mask, struct mtrr_range *range);

/*
 * The memory type at `at`, by the rules of SDM vol. 3A, 12.11.4.1; *next is an
 * address above it up to which the type is the same.
 */
enum mem_type memmap_type(const struct mtrrs *mtrrs, maddr_t at, maddr_t *next);

/*
 * The whole pages of `ram`, which is as memmap_ram() makes it, cut where the
 * type changes; `mtrrs` NULL: all of it is MEM_UNKNOWN.  Where fixed ranges may
 * be unknown, no chunk crosses 1 MiB.  memmap_chunks_max() is room enough.
 * -ENOSPC: more than `max`.
 */
size_t memmap_chunks_max(size_t nr_ram, const struct mtrrs *mtrrs);
int __attribute__((warn_unused_result))
memmap_chunks(const struct mem_range *ram, size_t nr_ram,
              const struct mtrrs *mtrrs, struct mem_chunk *chunk, size_t max,
              size_t *nr);

#endif /* DW_MEM_MEMMAP_H */
