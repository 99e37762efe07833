/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/arm_stage2.c - stage 2 of Arm's VMSAv8-64, 4 KiB granule, 48-bit output
 * addresses.  Bits: Arm ARM (DDI 0487), D8.3, stage 2 descriptors; which sizes
 * of address start at which level, and with how many tables in a row: D8.2,
 * concatenated translation tables.
 */
#include "pt/format.h"

#include <stddef.h>

#define S2_VALID   (UINT64_C(1) << 0)
#define S2_TABLE   (UINT64_C(1) << 1) /* at level 0: page */
#define S2_MEMATTR (UINT64_C(0xf) << 2)
#define S2_READ    (UINT64_C(1) << 6) /* S2AP[0] */
#define S2_WRITE   (UINT64_C(1) << 7) /* S2AP[1] */
#define S2_SH      (UINT64_C(3) << 8)
#define S2_AF      (UINT64_C(1) << 10)
#define S2_XN      (UINT64_C(3) << 53)

#define S2_ADDR UINT64_C(0x0000fffffffff000) /* bits 47:12 */

/* Where a block may stand: 2 MiB and 1 GiB, not 512 GiB. */
#define S2_BLOCK_LEVEL 2

/*
 * MemAttr without FEAT_S2FWB: outer, then inner.  Memory that is not cached is
 * treated as outer shareable, whatever SH says.
 */
#define S2_MEM_DEVICE (UINT64_C(0x1) << 2) /* nGnRE */
#define S2_MEM_NC     (UINT64_C(0x5) << 2)
#define S2_MEM_WT     (UINT64_C(0xa) << 2)
#define S2_MEM_WB     (UINT64_C(0xf) << 2)
#define S2_SH_OUTER   (UINT64_C(2) << 8)
#define S2_SH_INNER   (UINT64_C(3) << 8)

/*
 * XN is bit 54, and bit 53 ignored, without FEAT_XNX.  With it, 2 takes EL1 and
 * EL0 the right, and 1 and 3 take it from one of them.  So 0 and 2 are written,
 * which mean the same to both, and whatever is not 2 may be executed by
 * somebody.
 */
#define S2_XN_NOBODY (UINT64_C(2) << 53)

#define S2_SOFTWARE       (UINT64_C(0xf) << 55)
#define S2_SOFTWARE_SHIFT 55

static uint64_t s2_empty(unsigned int level)
{
    (void)level;
    return 0;
}

static enum pt_kind s2_kind(unsigned int level, uint64_t raw)
{
    bool table = (raw & S2_TABLE) != 0;

    if ((raw & S2_VALID) == 0)
        return PT_EMPTY;
    if (level == 0) /* without bit 1 reserved: a fault */
        return table ? PT_LEAF : PT_EMPTY;
    if (table)
        return PT_TABLE;
    return level <= S2_BLOCK_LEVEL ? PT_LEAF : PT_EMPTY;
}

static uint64_t s2_protect(unsigned int level, uint64_t raw, uint32_t prot)
{
    (void)level;
    raw &= ~(S2_READ | S2_WRITE | S2_XN);
    if ((prot & PT_READ) != 0)
        raw |= S2_READ;
    if ((prot & PT_WRITE) != 0)
        raw |= S2_WRITE;
    if ((prot & PT_EXEC) == 0)
        raw |= S2_XN_NOBODY;
    return raw;
}

static uint64_t s2_set_memory(unsigned int level, uint64_t raw,
                              enum pt_memory memory)
{
    (void)level;
    raw &= ~(S2_MEMATTR | S2_SH);
    switch (memory) {
    case PT_WB:
        return raw | S2_MEM_WB | S2_SH_INNER;
    case PT_WT:
        return raw | S2_MEM_WT | S2_SH_INNER;
    case PT_WC:
        return raw | S2_MEM_NC | S2_SH_OUTER;
    case PT_UC:
        break;
    }
    return raw | S2_MEM_DEVICE | S2_SH_OUTER;
}

static enum pt_memory s2_memory(uint64_t raw)
{
    uint64_t attr = raw & S2_MEMATTR;

    return attr == S2_MEM_WB   ? PT_WB
           : attr == S2_MEM_WT ? PT_WT
           : attr == S2_MEM_NC ? PT_WC
                               : PT_UC;
}

static uint64_t s2_set_software(unsigned int level, uint64_t raw,
                                uint32_t value)
{
    (void)level;
    return (raw & ~S2_SOFTWARE) | (uint64_t)value << S2_SOFTWARE_SHIFT;
}

static uint64_t s2_leaf(unsigned int level, mfn_t mfn, uint32_t prot)
{
    uint64_t raw = mfn_to_maddr(mfn).v | S2_VALID | S2_AF;

    if (level == 0)
        raw |= S2_TABLE;
    return s2_protect(level, s2_set_memory(level, raw, PT_WB), prot);
}

static uint64_t s2_table(unsigned int level, mfn_t mfn)
{
    (void)level;
    return mfn_to_maddr(mfn).v | S2_VALID | S2_TABLE;
}

static struct pt_entry s2_decode(unsigned int level, uint64_t raw)
{
    struct pt_entry entry = {.kind = s2_kind(level, raw)};
    uint64_t addr = raw & S2_ADDR;

    if (entry.kind == PT_LEAF) {
        addr &= ~((DW_PAGE_SIZE << (9 * level)) - 1);
        if ((raw & S2_READ) != 0)
            entry.prot |= PT_READ;
        if ((raw & S2_WRITE) != 0)
            entry.prot |= PT_WRITE;
        if ((raw & S2_XN) != S2_XN_NOBODY)
            entry.prot |= PT_EXEC;
        entry.memory = s2_memory(raw);
        entry.software = (uint32_t)((raw & S2_SOFTWARE) >> S2_SOFTWARE_SHIFT);
    }
    if (entry.kind != PT_EMPTY)
        entry.mfn = maddr_to_mfn(MADDR(addr));
    return entry;
}

/* Three levels as long as 16 tables in a row make their root. */
#define S2_DEEP(ipa_bits) ((ipa_bits) > 43)

#define S2_FORMAT(text, ipa_bits)                                              \
    {                                                                          \
        .name = (text), .levels = S2_DEEP(ipa_bits) ? 4 : 3,                   \
        .va_bits = (ipa_bits), .va_signed = false, .pa_bits = 48,              \
        .prots = PT_READ | PT_WRITE | PT_EXEC,                                 \
        .software = S2_SOFTWARE >> S2_SOFTWARE_SHIFT, .frame_in_place = true,  \
        .break_first = true, .keeps_refusals = true,                           \
        .level = {{.shift = 12, .bits = 9, .leaf = true},                      \
                  {.shift = 21, .bits = 9, .leaf = true},                      \
                  {.shift = 30,                                                \
                   .bits = S2_DEEP(ipa_bits) ? 9 : (ipa_bits)-30,              \
                   .leaf = true},                                              \
                  {.shift = 39,                                                \
                   .bits = S2_DEEP(ipa_bits) ? (ipa_bits)-39 : 0}},            \
        .empty = s2_empty, .leaf = s2_leaf, .table = s2_table,                 \
        .protect = s2_protect, .set_memory = s2_set_memory,                    \
        .set_software = s2_set_software, .decode = s2_decode,                  \
    }

const struct pt_format pt_arm_s2_32 = S2_FORMAT("Arm stage 2, 32 bits", 32);
const struct pt_format pt_arm_s2_36 = S2_FORMAT("Arm stage 2, 36 bits", 36);
const struct pt_format pt_arm_s2_39 = S2_FORMAT("Arm stage 2, 39 bits", 39);
const struct pt_format pt_arm_s2_40 = S2_FORMAT("Arm stage 2, 40 bits", 40);
const struct pt_format pt_arm_s2_42 = S2_FORMAT("Arm stage 2, 42 bits", 42);
const struct pt_format pt_arm_s2_43 = S2_FORMAT("Arm stage 2, 43 bits", 43);
const struct pt_format pt_arm_s2_44 = S2_FORMAT("Arm stage 2, 44 bits", 44);
const struct pt_format pt_arm_s2_48 = S2_FORMAT("Arm stage 2, 48 bits", 48);
