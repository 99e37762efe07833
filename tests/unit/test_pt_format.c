/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each format says about one entry, and about addresses. */
#include "test_pt.h"

#include "pt_scrambled.h"
#include "pt_ref.h"

#define NX       (UINT64_C(1) << 63)
#define TOP_HALF UINT64_C(0xffff800000000000)

/* Descriptors: the levels join, and together translate all of va_bits. */
START_TEST(shape)
{
    const struct pt_format *fmt = test_format[_i];
    unsigned int shift = DW_PAGE_SHIFT;

    ck_assert_uint_le(fmt->levels, PT_MAX_LEVELS);
    ck_assert(fmt->level[0].leaf);
    ck_assert(!fmt->level[fmt->levels - 1].leaf);
    for (unsigned int l = 0; l < fmt->levels; l++) {
        ck_assert_uint_eq(fmt->level[l].shift, shift);
        ck_assert_uint_le(1u << fmt->level[l].bits, PT_ENTRIES);
        shift += fmt->level[l].bits;
        ck_assert(pt_table_span(fmt, l) == UINT64_C(1) << shift);
    }
    ck_assert_uint_eq(shift, fmt->va_bits);
}
END_TEST

static void check_entry(const struct pt_format *fmt, unsigned int level,
                        uint64_t raw, enum pt_kind kind, uint64_t mfn,
                        uint32_t prot)
{
    struct pt_entry e = fmt->decode(level, raw);

    REF_ASSERT(e.kind == kind && e.mfn.v == mfn && e.prot == prot,
               "%s: level %u: %#llx: kind %d mfn %#llx prot %#x, "
               "expected %d %#llx %#x",
               fmt->name, level, (unsigned long long)raw, (int)e.kind,
               (unsigned long long)e.mfn.v, e.prot, (int)kind,
               (unsigned long long)mfn, prot);
}

START_TEST(encode_decode)
{
    const struct pt_format *fmt = test_format[_i];
    struct world w = {.rng = test_seed()};

    for (unsigned int n = 0; n < 2000; n++) {
        unsigned int l = (unsigned int)world_below(&w, fmt->levels);
        uint64_t frames = pt_span(fmt, l) >> DW_PAGE_SHIFT;
        unsigned int mfn_bits = fmt->pa_bits - DW_PAGE_SHIFT;
        uint64_t mfn = world_random(&w) >> (64 - mfn_bits);
        uint32_t prot = world_below(&w, 16);

        check_entry(fmt, l, fmt->empty(l), PT_EMPTY, 0, 0);
        if (l > 0)
            check_entry(fmt, l, fmt->table(l, MFN(mfn)), PT_TABLE, mfn, 0);
        mfn &= ~(frames - 1);
        if (fmt->level[l].leaf)
            check_entry(fmt, l, fmt->leaf(l, MFN(mfn), prot), PT_LEAF, mfn,
                        prot & fmt->prots);
    }
}
END_TEST

START_TEST(decode_anything)
{
    const struct pt_format *fmt = test_format[_i];
    struct world w = {.rng = test_seed()};

    for (unsigned int n = 0; n < 20000; n++) {
        unsigned int l = (unsigned int)world_below(&w, fmt->levels);
        struct pt_entry e = fmt->decode(l, world_random(&w));

        REF_ASSERT(e.kind == PT_EMPTY || e.kind == PT_LEAF ||
                       (e.kind == PT_TABLE && l > 0),
                   "%s: kind %d at level %u", fmt->name, (int)e.kind, l);
        REF_ASSERT((e.prot & ~fmt->prots) == 0 &&
                       (e.kind == PT_LEAF || e.prot == 0),
                   "%s: permissions %#x", fmt->name, e.prot);
        REF_ASSERT(e.mfn.v >> 40 == 0, "%s: frame too wide", fmt->name);
    }
}
END_TEST

START_TEST(frame_width)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t limit = UINT64_C(1) << (fmt->pa_bits - DW_PAGE_SHIFT);

    ck_assert(pt_mfn_fits(fmt, MFN(0)));
    ck_assert(pt_mfn_fits(fmt, MFN(limit - 1)));
    ck_assert(!pt_mfn_fits(fmt, MFN(limit)));
    ck_assert(!pt_mfn_fits(fmt, MFN_INVALID));
}
END_TEST

/* Guests have been started with exactly these values; they stay. */
START_TEST(pv_bits)
{
    static const struct pt_format *const pv[] = {&pt_x86_pae_pv, &pt_x86_64_pv};
    const struct pt_format *fmt = pv[_i];
    /* A, D, USER, GLOBAL, NX and the available bits, one by one. */
    static const uint64_t theirs[] = {
        1 << 2,
        1 << 5,
        1 << 6,
        1 << 8,
        1 << 9,
        1 << 10,
        1 << 11,
        UINT64_C(1) << 52,
        UINT64_C(1) << 62,
        NX,
    };

    ck_assert(fmt->leaf(0, MFN(0x12345678), 0) == 0x12345678021);
    ck_assert(fmt->leaf(0, MFN(0x12345678), 0xf) == 0x12345678023);
    for (unsigned int l = 1; l < fmt->levels; l++) {
        ck_assert(fmt->table(l, MFN(0x12345678)) == 0x12345678067);
        ck_assert(!fmt->level[l].leaf);
    }
    for (unsigned int i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
        uint64_t bit = theirs[i];

        check_entry(fmt, 0, 0x1021 ^ bit, PT_LEAF, 1, 0);
        check_entry(fmt, 0, 0x1023 ^ bit, PT_LEAF, 1, PT_WRITE);
        check_entry(fmt, 1, 0x1067 ^ bit, PT_TABLE, 1, 0);
        check_entry(fmt, 0, 0x1022 ^ bit, PT_EMPTY, 0, 0);
        check_entry(fmt, 1, 0x1066 ^ bit, PT_EMPTY, 0, 0);
    }
    /* Bits above 44 of a PAE entry are seen, not hidden. */
    check_entry(fmt, 0, UINT64_C(0x000fedcba9876021), PT_LEAF, 0xfedcba9876, 0);
    /* A superpage is never walked as a table. */
    check_entry(fmt, 1, 0x4000e7, PT_LEAF, 0x400, PT_WRITE);
    check_entry(fmt, 2, 0x400000e7, PT_LEAF, 0x40000, PT_WRITE);
    /* Bit 7 is PAT at level 0. */
    check_entry(fmt, 0, 0x10a3, PT_LEAF, 1, PT_WRITE);
}
END_TEST

START_TEST(native_bits)
{
    const struct pt_format *fmt = &pt_x86_64_native;
    const uint32_t wx = PT_WRITE | PT_EXEC;

    ck_assert(fmt->leaf(0, MFN(1), 0) == (0x1061 | NX));
    ck_assert(fmt->leaf(0, MFN(1), wx) == 0x1063);
    ck_assert(fmt->leaf(0, MFN(1), PT_EXEC | PT_USER | PT_GLOBAL) == 0x1165);
    ck_assert(fmt->leaf(1, MFN(0x200), wx) == 0x2000e3);
    ck_assert(fmt->leaf(2, MFN(0x40000), wx) == 0x400000e3);
    ck_assert(fmt->table(3, MFN(5)) == 0x5027);

    /* PAT of a superpage is bit 12, which is no part of the frame. */
    check_entry(fmt, 1, 0x2010e3, PT_LEAF, 0x200, wx);
    check_entry(fmt, 2, 0x400010e3, PT_LEAF, 0x40000, wx);
    check_entry(fmt, 0, 0x10e3, PT_LEAF, 1, wx);
    check_entry(fmt, 3, 0x10e7, PT_TABLE, 1, 0);
    check_entry(fmt, 1, 0x1027 | NX, PT_TABLE, 1, 0);
    check_entry(fmt, 0, ~UINT64_C(1), PT_EMPTY, 0, 0);
}
END_TEST

/* The bits of each type, which is an index into PT_X86_PAT. */
START_TEST(native_memory)
{
    static const struct {
        enum pt_memory memory;
        uint64_t low, high;       /* at level 0, and above */
        unsigned int index, type; /* as in IA32_PAT */
    } types[] = {
        {PT_WB, 0, 0, 0, 6},
        {PT_WT, 0x8, 0x8, 1, 4},
        {PT_WC, 0x80, 0x1000, 4, 1},
        {PT_UC, 0x18, 0x18, 3, 0},
    };
    const struct pt_format *fmt = &pt_x86_64_native;

    for (unsigned int i = 0; i < 4; i++)
        for (unsigned int l = 0; l < 3; l++) {
            uint64_t bits = l == 0 ? types[i].low : types[i].high;
            uint64_t any = l == 0 ? 0x98 : 0x1018;
            uint64_t raw = fmt->leaf(l, MFN(0x40000), PT_WRITE) | 0xe00;

            ck_assert(fmt->set_memory(l, raw, types[i].memory) == (raw | bits));
            ck_assert(fmt->set_memory(l, raw | any, types[i].memory) ==
                      (raw | bits));
            ck_assert(fmt->decode(l, raw | bits).memory == types[i].memory);
            ck_assert(fmt->decode(l, raw | bits).mfn.v == 0x40000);
            ck_assert_uint_eq(PT_X86_PAT >> (8 * types[i].index) & 0xff,
                              types[i].type);
        }
    /* UC- and write-protect are neither of them, and cautiously so. */
    ck_assert(fmt->decode(0, 0x1071).memory == PT_UC);
    ck_assert(fmt->decode(0, 0x10e9).memory == PT_UC);
    ck_assert(fmt->decode(1, 0x200098 | 0x61).memory == PT_UC);
    ck_assert(fmt->decode(0, 0).memory == PT_WB);
}
END_TEST

/* The scrambled format is of use only as long as it breaks. */
START_TEST(scrambled_breaks)
{
    const struct pt_format *fmt = &pt_scrambled;

    for (unsigned int l = 0; l < fmt->levels; l++) {
        ck_assert(fmt->empty(l) != 0);
        ck_assert(fmt->decode(l, 0).kind != PT_EMPTY);
        for (unsigned int wrong = 0; wrong < fmt->levels; wrong++) {
            uint64_t table = fmt->table(l, MFN(0x40001));

            if (wrong == l)
                continue;
            ck_assert(fmt->decode(wrong, table).mfn.v != 0x40001);
            ck_assert(fmt->decode(wrong, fmt->empty(l)).kind != PT_EMPTY);
        }
    }
}
END_TEST

/* `top` is the last page of the space; ends wrap to 0 where it is 64-bit. */
START_TEST(ranges)
{
    const struct pt_format *fmt = test_format[_i];
    uint64_t size = UINT64_C(1) << fmt->va_bits, page = DW_PAGE_SIZE;
    uint64_t top = world_canonical(fmt, size - page);
    uint64_t low_end = fmt->va_signed ? size / 2 : size;
    const struct {
        uint64_t first, end;
        bool valid;
    } range[] = {
        {0, page, true},
        {0, low_end, true},
        {low_end - page, low_end, true},
        {top, top + page, true},
        {0, 0, false},
        {page, page, false},
        {2 * page, page, false},
        {top, top, false},
        {1, page, false},
        {0, page - 1, false},
        {0, low_end + page, false},
        {low_end, low_end + page, !fmt->va_signed && low_end < size},
        {top - page, top + 2 * page, false},
        {top + page, top + 2 * page, fmt->va_signed},
        {0, top + page, !fmt->va_signed},
        {low_end - page, world_canonical(fmt, low_end) + page, false},
        {UINT64_MAX - page + 1, 0, fmt->va_signed},
        {page, 0, false},
    };

    for (unsigned int i = 0; i < sizeof(range) / sizeof(range[0]); i++)
        ck_assert_msg(pt_range_valid(fmt, VADDR(range[i].first),
                                     VADDR(range[i].end)) == range[i].valid,
                      "%s: range %u", fmt->name, i);
    ck_assert(pt_addr_valid(fmt, VADDR(low_end - 1)));
    ck_assert(!pt_addr_valid(fmt, VADDR(low_end)));
    ck_assert(pt_addr_valid(fmt, VADDR(UINT64_MAX)) == fmt->va_signed);
}
END_TEST

START_TEST(canonical_halves)
{
    const struct pt_format *fmt = &pt_x86_64_pv;

    ck_assert(pt_range_valid(fmt, VADDR(TOP_HALF), VADDR(0)));
    ck_assert(!pt_range_valid(fmt, VADDR(TOP_HALF - DW_PAGE_SIZE), VADDR(0)));
    ck_assert(!pt_range_valid(fmt, VADDR(UINT64_C(0x7ffffffff000)),
                              VADDR(TOP_HALF + DW_PAGE_SIZE)));
    ck_assert_uint_eq(pt_index(fmt, 3, VADDR(TOP_HALF)), 256);
    ck_assert_uint_eq(pt_index(&pt_x86_pae_pv, 2, VADDR(0xc0000000)), 3);
}
END_TEST

TCase *format_tests(void)
{
    TCase *tc = tcase_create("format");

    tcase_add_loop_test(tc, shape, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, encode_decode, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, decode_anything, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, frame_width, 0, TEST_FORMATS);
    tcase_add_loop_test(tc, pv_bits, 0, 2);
    tcase_add_test(tc, native_bits);
    tcase_add_test(tc, native_memory);
    tcase_add_test(tc, scrambled_breaks);
    tcase_add_loop_test(tc, ranges, 0, TEST_FORMATS);
    tcase_add_test(tc, canonical_halves);
    return tc;
}
