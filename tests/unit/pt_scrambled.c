/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt_scrambled.h"

#define LEVELS   5
#define PROTS    (PT_READ | PT_WRITE | PT_USER | PT_GLOBAL)
#define SOFTWARE 6 /* values */
#define PA_BITS  40
#define MFN_MASK ((UINT64_C(1) << (PA_BITS - DW_PAGE_SHIFT)) - 1)

/* code: 0, permissions: 2, software: 7, frame: 10; what is above is kept. */
#define AT_PROT     2
#define AT_SOFTWARE 7
#define AT_MFN      10

/* Codes in two bits; the fourth value is a LEAF as well. */
static const struct scramble {
    uint64_t key;
    unsigned int rotate;
    unsigned int empty, table, leaf;
} scramble[LEVELS] = {
    {UINT64_C(0x96e39e71131f992d), 53, 2, 4, 1}, /* no TABLE at level 0 */
    {UINT64_C(0x8d3c92fb8d1f3131), 41, 0, 3, 2},
    {UINT64_C(0x06dfc91bf5e59458), 37, 1, 2, 3},
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
    uint64_t plain = code | (uint64_t)prot << AT_PROT |
                     (uint64_t)2 << AT_SOFTWARE | mfn.v << AT_MFN;

    return rotate(plain, s->rotate) ^ s->key;
}

static uint64_t scrambled_empty(unsigned int level)
{
    return encode(level, scramble[level].empty, MFN(0x5a5a5), PT_WRITE);
}

static uint64_t scrambled_leaf(unsigned int level, mfn_t mfn, uint32_t prot)
{
    return encode(level, scramble[level].leaf, mfn, prot & PROTS);
}

static uint64_t scrambled_protect(unsigned int level, uint64_t raw,
                                  uint32_t prot)
{
    const struct scramble *s = &scramble[level];
    uint64_t plain = rotate(raw ^ s->key, 64 - s->rotate);

    plain &= ~((uint64_t)PROTS << AT_PROT);
    plain |= (uint64_t)(prot & PROTS) << AT_PROT;
    return rotate(plain, s->rotate) ^ s->key;
}

static uint64_t scrambled_set_software(unsigned int level, uint64_t raw,
                                       uint32_t value)
{
    const struct scramble *s = &scramble[level];
    uint64_t plain = rotate(raw ^ s->key, 64 - s->rotate);

    plain &= ~((uint64_t)7 << AT_SOFTWARE);
    plain |= (uint64_t)(value + 2) << AT_SOFTWARE;
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
        entry.mfn = MFN(plain >> AT_MFN & MFN_MASK);
    if (entry.kind == PT_LEAF) {
        entry.prot = (plain >> AT_PROT & PROTS) | PT_EXEC;
        entry.software = ((plain >> AT_SOFTWARE & 7) + SOFTWARE - 2) % SOFTWARE;
    }
    return entry;
}

const struct pt_format pt_scrambled = {
    .name = "scrambled",
    .levels = LEVELS,
    .va_bits = 36,
    .va_signed = true,
    .pa_bits = PA_BITS,
    .prots = PROTS,
    .implied = PT_EXEC,
    .software = SOFTWARE - 1,
    .break_first = true,
    .level = {{.shift = 12, .bits = 4, .leaf = true},
              {.shift = 16, .bits = 6, .leaf = true},
              {.shift = 22, .bits = 2},
              {.shift = 24, .bits = 9, .leaf = true},
              {.shift = 33, .bits = 3}},
    .empty = scrambled_empty,
    .leaf = scrambled_leaf,
    .table = scrambled_table,
    .protect = scrambled_protect,
    .set_software = scrambled_set_software,
    .decode = scrambled_decode,
};
