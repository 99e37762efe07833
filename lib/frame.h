/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frame.h - frame numbers and addresses that cannot be mixed up.
 *
 * Xen has two numberings of page frames for a PV guest and this project
 * never lets one pass for the other:
 *
 *   pfn_t    the guest's own contiguous numbering, 0 .. pages - 1
 *   mfn_t    the machine's numbering, as found in page-table entries
 *   gfn_t    what the hypervisor calls a guest's frame: the MFN for a PV
 *            guest, the guest-physical frame for a translated one
 *   vaddr_t  a guest virtual address, in bytes
 *   maddr_t  a machine address, in bytes
 *
 * Each is a struct around one integer, so that the compiler rejects a mix.
 * Ranges are [first, end): "end" is exclusive everywhere.
 */
#ifndef DW_FRAME_H
#define DW_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define DW_PAGE_SHIFT 12
#define DW_PAGE_SIZE  (UINT64_C(1) << DW_PAGE_SHIFT)

typedef struct {
    uint64_t v;
} pfn_t;

typedef struct {
    uint64_t v;
} mfn_t;

typedef struct {
    uint64_t v;
} gfn_t;

typedef struct {
    uint64_t v;
} vaddr_t;

typedef struct {
    uint64_t v;
} maddr_t;

#define PFN(n)   ((pfn_t){(n)})
#define MFN(n)   ((mfn_t){(n)})
#define GFN(n)   ((gfn_t){(n)})
#define VADDR(a) ((vaddr_t){(a)})
#define MADDR(a) ((maddr_t){(a)})

/* No frame: all ones, which is no frame on any machine. */
#define PFN_INVALID PFN(UINT64_MAX)
#define MFN_INVALID MFN(UINT64_MAX)

static inline bool pfn_valid(pfn_t pfn)
{
    return pfn.v != UINT64_MAX;
}

static inline bool mfn_valid(mfn_t mfn)
{
    return mfn.v != UINT64_MAX;
}

static inline maddr_t mfn_to_maddr(mfn_t mfn)
{
    return MADDR(mfn.v << DW_PAGE_SHIFT);
}

static inline mfn_t maddr_to_mfn(maddr_t maddr)
{
    return MFN(maddr.v >> DW_PAGE_SHIFT);
}

/* Bytes to whole pages, rounding up; does not wrap for any input. */
static inline uint64_t dw_pages_for(uint64_t bytes)
{
    return (bytes >> DW_PAGE_SHIFT) + ((bytes & (DW_PAGE_SIZE - 1)) != 0);
}

#endif /* DW_FRAME_H */
