/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pt_entry.h - one page-table entry of a PV guest, by level and guest width.
 *
 * Levels are 1 .. 4.  A 32-bit guest has PAE's three, in the same format.  Pure
 * functions; the values are those of Xen 4.17 (xen/arch/x86).
 */
#ifndef FX_PT_ENTRY_H
#define FX_PT_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

struct fx_host;

#define FX_ENTRIES 512

/* Bits of an entry. */
#define FX_PRESENT      (UINT64_C(1) << 0)
#define FX_RW           (UINT64_C(1) << 1)
#define FX_USER         (UINT64_C(1) << 2)
#define FX_PWT          (UINT64_C(1) << 3)
#define FX_PCD          (UINT64_C(1) << 4)
#define FX_ACCESSED     (UINT64_C(1) << 5)
#define FX_DIRTY        (UINT64_C(1) << 6)
#define FX_PSE          (UINT64_C(1) << 7) /* a superpage; in an L1, PAT */
#define FX_GLOBAL       (UINT64_C(1) << 8)
#define FX_AVAIL        (UINT64_C(7) << 9)
#define FX_ADDRESS      UINT64_C(0x000ffffffffff000)
#define FX_AVAIL_HIGH   (UINT64_C(0x7ff) << 52)
#define FX_GUEST_KERNEL (UINT64_C(1) << 52) /* L1, 64-bit: USER is Xen's */
#define FX_GRANT        (UINT64_C(1) << 62) /* L1: made through a grant */
#define FX_NX           (UINT64_C(1) << 63)

/* Where Xen's own entries lie: in a 64-bit L4, and in the L2 behind a PAE L3's
 * slot 3 from 0xf5800000 on (public/arch-x86/xen-x86_*.h). */
#define FX_L4_XEN_FIRST 256
#define FX_L4_XEN_END   272
#define FX_PAE_L2_XEN   428
#define FX_PAE_L3_XEN   3 /* the slot of that L2 */

static inline uint64_t fx_entry_mfn(uint64_t entry)
{
    return (entry & FX_ADDRESS) >> 12;
}

/* Of a table of that level, the slot for an address. */
static inline unsigned int fx_entry_slot(unsigned int level, uint64_t address)
{
    return address >> (12 + 9 * (level - 1)) & (FX_ENTRIES - 1);
}

/* The entry there, of the table in a frame; NULL where that is no memory. */
uint64_t *fx_entry_in(struct fx_host *host, uint64_t table, unsigned int level,
                      uint64_t address);

/* As a CPU sets accessed and dirty bits: all at once. */
static inline void fx_entry_add(uint64_t *entry, uint64_t bits)
{
    if ((*entry & bits) != bits)
        __atomic_fetch_or(entry, bits, __ATOMIC_SEQ_CST);
}

/* The bits that a present entry must not have. */
uint64_t fx_entry_refused(unsigned int level, bool is_32bit);

/* What Xen makes of an entry that it accepts... */
uint64_t fx_entry_adjust(unsigned int level, bool is_32bit, uint64_t entry);

/* ... and of one that is in use no more. */
uint64_t fx_entry_unadjust(unsigned int level, bool is_32bit, uint64_t entry);

/* Can the new entry replace the old one without being validated? */
bool fx_entry_similar(uint64_t old, uint64_t value);

/* Is the slot Xen's own, in a table with that type info? */
bool fx_entry_is_xens(uint32_t type_info, bool is_32bit, unsigned int slot);

#endif /* FX_PT_ENTRY_H */
