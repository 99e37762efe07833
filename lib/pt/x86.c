/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/x86.c - x86 page-table formats.  Bits: Intel SDM vol. 3A, 4.4.2 (PAE)
 * and 4.5.4 (4-level paging); AMD APM vol. 2, 5.2 and 5.3.
 */
#include "pt/format.h"

#define X86_PRESENT  (UINT64_C(1) << 0)
#define X86_RW       (UINT64_C(1) << 1)
#define X86_USER     (UINT64_C(1) << 2)
#define X86_PWT      (UINT64_C(1) << 3)
#define X86_PCD      (UINT64_C(1) << 4)
#define X86_ACCESSED (UINT64_C(1) << 5)
#define X86_DIRTY    (UINT64_C(1) << 6)
#define X86_PSE      (UINT64_C(1) << 7) /* above level 0; PAT at level 0 */
#define X86_PAT      (UINT64_C(1) << 7) /* at level 0 */
#define X86_GLOBAL   (UINT64_C(1) << 8)
#define X86_PAT_HIGH (UINT64_C(1) << 12) /* above it */
#define X86_NX       (UINT64_C(1) << 63)

#define X86_ADDR      UINT64_C(0x000ffffffffff000) /* bits 51:12 */
#define X86_SUPERPAGE 2 /* highest level at which PSE makes a leaf */

#define X86_SOFTWARE       UINT64_C(0xe00) /* bits 11:9, ignored */
#define X86_SOFTWARE_SHIFT 9

static uint64_t x86_empty(unsigned int level)
{
    (void)level;
    return 0;
}

/* The frame behind an entry: PAT and reserved bits lie below a superpage. */
static mfn_t x86_mfn(unsigned int level, uint64_t raw, enum pt_kind kind)
{
    uint64_t addr = raw & X86_ADDR;

    if (kind == PT_LEAF)
        addr &= ~((DW_PAGE_SIZE << (9 * level)) - 1);
    return maddr_to_mfn(MADDR(addr));
}

static enum pt_kind x86_kind(unsigned int level, uint64_t raw)
{
    if ((raw & X86_PRESENT) == 0)
        return PT_EMPTY;
    if (level == 0)
        return PT_LEAF;
    /* Bit 7 of a level-3 entry is reserved: it makes no superpage. */
    if (level <= X86_SUPERPAGE && (raw & X86_PSE) != 0)
        return PT_LEAF;
    return PT_TABLE;
}

static struct pt_entry x86_entry(unsigned int level, uint64_t raw)
{
    struct pt_entry entry = {.kind = x86_kind(level, raw)};

    if (entry.kind != PT_EMPTY)
        entry.mfn = x86_mfn(level, raw, entry.kind);
    return entry;
}

/*
 * PV.  ACCESSED is set in every entry and DIRTY and USER in those that point
 * to tables, because guests have been started with exactly these bits ever
 * since there is a PV domain builder.  Xen sets USER and GLOBAL in the leaves
 * of 64-bit guests by itself, and a guest may set NX and the available bits:
 * none of them says anything about the mapping that this format can express.
 */
static uint64_t pv_protect(unsigned int level, uint64_t raw, uint32_t prot)
{
    (void)level;
    return (prot & PT_WRITE) != 0 ? raw | X86_RW : raw & ~X86_RW;
}

static uint64_t pv_leaf(unsigned int level, mfn_t mfn, uint32_t prot)
{
    /* The descriptors allow level 0 only. */
    return pv_protect(level, mfn_to_maddr(mfn).v | X86_PRESENT | X86_ACCESSED,
                      prot);
}

static uint64_t pv_table(unsigned int level, mfn_t mfn)
{
    (void)level;
    return mfn_to_maddr(mfn).v | X86_PRESENT | X86_RW | X86_USER |
           X86_ACCESSED | X86_DIRTY;
}

static struct pt_entry pv_decode(unsigned int level, uint64_t raw)
{
    struct pt_entry entry = x86_entry(level, raw);

    if (entry.kind == PT_LEAF)
        entry.prot = PT_READ | ((raw & X86_RW) != 0 ? PT_WRITE : 0);
    return entry;
}

/*
 * Native.  ACCESSED and DIRTY are set from the start: nobody here reclaims
 * pages, and hardware then never writes to an entry behind our back.  A
 * table entry allows everything, so that the leaf alone decides.
 */
static uint64_t native_protect(unsigned int level, uint64_t raw, uint32_t prot)
{
    (void)level;
    raw &= ~(X86_RW | X86_NX | X86_USER | X86_GLOBAL);
    if ((prot & PT_WRITE) != 0)
        raw |= X86_RW;
    if ((prot & PT_EXEC) == 0)
        raw |= X86_NX;
    if ((prot & PT_USER) != 0)
        raw |= X86_USER;
    if ((prot & PT_GLOBAL) != 0)
        raw |= X86_GLOBAL;
    return raw;
}

static uint64_t native_pat(unsigned int level)
{
    return level == 0 ? X86_PAT : X86_PAT_HIGH;
}

/* The places of the types in PT_X86_PAT. */
static uint64_t native_set_memory(unsigned int level, uint64_t raw,
                                  enum pt_memory memory)
{
    raw &= ~(X86_PWT | X86_PCD | native_pat(level));
    switch (memory) {
    case PT_WB: /* 0 */
        break;
    case PT_WT: /* 1 */
        raw |= X86_PWT;
        break;
    case PT_WC: /* 4 */
        raw |= native_pat(level);
        break;
    case PT_UC: /* 3 */
        raw |= X86_PCD | X86_PWT;
        break;
    }
    return raw;
}

static enum pt_memory native_memory(unsigned int level, uint64_t raw)
{
    uint64_t index = raw & (X86_PWT | X86_PCD | native_pat(level));

    return index == 0                   ? PT_WB
           : index == X86_PWT           ? PT_WT
           : index == native_pat(level) ? PT_WC
                                        : PT_UC;
}

static uint64_t native_set_software(unsigned int level, uint64_t raw,
                                    uint32_t value)
{
    (void)level;
    return (raw & ~X86_SOFTWARE) | (uint64_t)value << X86_SOFTWARE_SHIFT;
}

static uint64_t native_leaf(unsigned int level, mfn_t mfn, uint32_t prot)
{
    uint64_t raw = mfn_to_maddr(mfn).v | X86_PRESENT | X86_ACCESSED | X86_DIRTY;

    if (level > 0)
        raw |= X86_PSE;
    return native_protect(level, raw, prot);
}

static uint64_t native_table(unsigned int level, mfn_t mfn)
{
    (void)level;
    return mfn_to_maddr(mfn).v | X86_PRESENT | X86_RW | X86_USER | X86_ACCESSED;
}

static struct pt_entry native_decode(unsigned int level, uint64_t raw)
{
    struct pt_entry entry = x86_entry(level, raw);

    if (entry.kind != PT_LEAF)
        return entry;
    entry.prot = PT_READ;
    if ((raw & X86_RW) != 0)
        entry.prot |= PT_WRITE;
    if ((raw & X86_NX) == 0)
        entry.prot |= PT_EXEC;
    if ((raw & X86_USER) != 0)
        entry.prot |= PT_USER;
    if ((raw & X86_GLOBAL) != 0)
        entry.prot |= PT_GLOBAL;
    entry.memory = native_memory(level, raw);
    entry.software = (uint32_t)((raw & X86_SOFTWARE) >> X86_SOFTWARE_SHIFT);
    return entry;
}

/*
 * pa_bits is 44 here although an entry has room for 52: a 32-bit guest names
 * machine frames in 32-bit words, in its P2M list, in every hypercall and in
 * xen/include/public/arch-x86/xen-x86_32.h's M2P, so no frame at or above
 * 1 << 32 can be its own.  (Xen's compat M2P ends far below that; where, is
 * Xen's to say.)  Decoding takes all 52 bits, as the hardware does, so that
 * a stray high bit shows.
 */
const struct pt_format pt_x86_pae_pv = {
    .name = "x86 PAE, PV",
    .levels = 3,
    .va_bits = 32,
    .va_signed = false,
    .pa_bits = 44,
    .frame_in_place = true,
    .prots = PT_WRITE,
    .implied = PT_READ,
    .level = {{.shift = 12, .bits = 9, .leaf = true},
              {.shift = 21, .bits = 9},
              {.shift = 30, .bits = 2}},
    .empty = x86_empty,
    .leaf = pv_leaf,
    .table = pv_table,
    .protect = pv_protect,
    .decode = pv_decode,
};

const struct pt_format pt_x86_64_pv = {
    .name = "x86-64, PV",
    .levels = 4,
    .va_bits = 48,
    .va_signed = true,
    .pa_bits = 52,
    .frame_in_place = true,
    .prots = PT_WRITE,
    .implied = PT_READ,
    .level = {{.shift = 12, .bits = 9, .leaf = true},
              {.shift = 21, .bits = 9},
              {.shift = 30, .bits = 9},
              {.shift = 39, .bits = 9}},
    .empty = x86_empty,
    .leaf = pv_leaf,
    .table = pv_table,
    .protect = pv_protect,
    .decode = pv_decode,
};

const struct pt_format pt_x86_64_native = {
    .name = "x86-64, native",
    .levels = 4,
    .va_bits = 48,
    .va_signed = true,
    .pa_bits = 52,
    .frame_in_place = true,
    .prots = PT_WRITE | PT_EXEC | PT_USER | PT_GLOBAL,
    .implied = PT_READ,
    .software = X86_SOFTWARE >> X86_SOFTWARE_SHIFT,
    .level = {{.shift = 12, .bits = 9, .leaf = true},
              {.shift = 21, .bits = 9, .leaf = true},
              {.shift = 30, .bits = 9, .leaf = true},
              {.shift = 39, .bits = 9}},
    .empty = x86_empty,
    .leaf = native_leaf,
    .table = native_table,
    .protect = native_protect,
    .set_memory = native_set_memory,
    .set_software = native_set_software,
    .decode = native_decode,
};
