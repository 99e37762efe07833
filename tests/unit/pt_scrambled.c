/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt_scrambled.h"

#define LEVELS   5
#define PROT_ALL (PT_WRITE | PT_EXEC | PT_USER | PT_GLOBAL)
#define PA_BITS  40
#define MFN_MASK ((UINT64_C(1) << (PA_BITS - DW_PAGE_SHIFT)) - 1)

/* Codes in two bits; the fourth value is a LEAF as well. */
static const struct scramble {
    uint64_t key;
    unsigned int rotate;
    unsigned int empty, table, leaf;
} scramble[LEVELS] = {
    {UINT64_C(0x96e39e71131f992d), 17, 2, 4, 1}, /* no TABLE at level 0 */
    {UINT64_C(0x8d3c92fb8d1f3131), 41, 0, 3, 2},
    {UINT64_C(0x06dfc91bf5e59458), 5, 1, 2, 3},
    {UINT64_C(0x648c617bc71383ba), 58, 3, 1, 0},
    {UINT64_C(0x3d910cfa1caf608f), 29, 1, 0, 2},
};

static uint64_t rotate(uint64_t v, unsigned int by)
{
    return v << by | v >> (64 - by);
}

static uint64_t encode(unsigned int level, unsigned int code, mfn_t mfn,
                       uint32_t prot)
{
    const struct scramble *s = &scramble[level];
    uint64_t plain = code | (uint64_t)prot << 2 | mfn.v << 6;

    return rotate(plain, s->rotate) ^ s->key;
}

static uint64_t scrambled_empty(unsigned int level)
{
    return encode(level, scramble[level].empty, MFN(0x5a5a5), PT_WRITE);
}

static uint64_t scrambled_leaf(unsigned int level, mfn_t mfn, uint32_t prot)
{
    return encode(level, scramble[level].leaf, mfn, prot & PROT_ALL);
}

static uint64_t scrambled_protect(unsigned int level, uint64_t raw,
                                  uint32_t prot)
{
    const struct scramble *s = &scramble[level];
    uint64_t plain = rotate(raw ^ s->key, 64 - s->rotate);

    plain = (plain & ~(uint64_t)(PROT_ALL << 2)) | (prot & PROT_ALL) << 2;
    return rotate(plain, s->rotate) ^ s->key;
}

static uint64_t scrambled_table(unsigned int level, mfn_t mfn)
{
    return encode(level, scramble[level].table, mfn, PT_EXEC);
}

static struct pt_entry scrambled_decode(unsigned int level, uint64_t raw)
{
    const struct scramble *s = &scramble[level];
    uint64_t plain = rotate(raw ^ s->key, 64 - s->rotate);
    struct pt_entry entry = {.kind = PT_LEAF};

    if ((plain & 3) == s->empty)
        entry.kind = PT_EMPTY;
    else if ((plain & 3) == s->table)
        entry.kind = PT_TABLE;
    if (entry.kind != PT_EMPTY)
        entry.mfn = MFN(plain >> 6 & MFN_MASK);
    if (entry.kind == PT_LEAF)
        entry.prot = plain >> 2 & PROT_ALL;
    return entry;
}

const struct pt_format pt_scrambled = {
    .name = "scrambled",
    .levels = LEVELS,
    .va_bits = 36,
    .va_signed = true,
    .pa_bits = PA_BITS,
    .prots = PROT_ALL,
    .level = {{.shift = 12, .bits = 4, .leaf = true},
              {.shift = 16, .bits = 6, .leaf = true},
              {.shift = 22, .bits = 2},
              {.shift = 24, .bits = 9, .leaf = true},
              {.shift = 33, .bits = 3}},
    .empty = scrambled_empty,
    .leaf = scrambled_leaf,
    .table = scrambled_table,
    .protect = scrambled_protect,
    .decode = scrambled_decode,
};
