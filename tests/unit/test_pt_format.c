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
    ck_assert_uint_eq(fmt->prots & fmt->implied, 0);
    ck_assert((fmt->software != 0) == (fmt->set_software != NULL));
    for (unsigned int l = 0; l < fmt->levels; l++) {
        ck_assert_uint_eq(fmt->level[l].shift, shift);
        ck_assert_uint_eq(pt_entries(fmt, l), 1u << fmt->level[l].bits);
        ck_assert_uint_le(pt_entries(fmt, l),
                          l + 1 < fmt->levels ? PT_ENTRIES : WORLD_ROOT);
        shift += fmt->level[l].bits;
        ck_assert(pt_table_span(fmt, l) == UINT64_C(1) << shift);
    }
    ck_assert_uint_eq(shift, fmt->va_bits);
}
END_TEST

/* `prot` beside what is implied. */
static void check_entry(const struct pt_format *fmt, unsigned int level,
                        uint64_t raw, enum pt_kind kind, uint64_t mfn,
                        uint32_t prot)
{
    struct pt_entry e = fmt->decode(level, raw);

    if (kind == PT_LEAF)
        prot |= fmt->implied;
    REF_ASSERT(e.kind == kind && e.mfn.v == mfn && e.prot == prot,
               "%s: level %u: %#llx: kind %d mfn %#llx prot %#x, "
               "expected %d %#llx %#x",
               fmt->name, level, (unsigned long long)raw, (int)e.kind,
               (unsigned long long)e.mfn.v, e.prot, (int)kind,
               (unsigned long long)mfn, prot);
}

/* Everything that a leaf can say, said together, and one after the other. */
static void check_leaf(struct world *w, const struct pt_format *fmt,
                       unsigned int level, uint64_t mfn, uint32_t prot)
{
    uint64_t raw = fmt->leaf(level, MFN(mfn), prot);
    struct pt_entry e = {.kind = PT_LEAF, .mfn = MFN(mfn), .prot = prot}, is;

    check_entry(fmt, level, raw, PT_LEAF, mfn, prot & fmt->prots);
    e.software = (uint32_t)world_below(w, fmt->software + 1);
    if (fmt->set_memory != NULL)
        e.memory = (enum pt_memory)world_below(w, 4);
    raw = pt_encode(fmt, level, &e);
    is = fmt->decode(level, raw);
    REF_ASSERT(is.kind == PT_LEAF && is.mfn.v == mfn &&
                   is.prot == pt_allowed(fmt, prot) && is.memory == e.memory &&
                   is.software == e.software,
               "%s: %#llx is not what was asked for", fmt->name,
               (unsigned long long)raw);
    e.prot = (uint32_t)world_below(w, 32);
    raw = fmt->protect(level, raw, e.prot);
    if (fmt->set_software != NULL) {
        e.software = (uint32_t)world_below(w, fmt->software + 1);
        raw = fmt->set_software(level, raw, e.software);
    }
    if (fmt->set_memory != NULL) {
        e.memory = (enum pt_memory)world_below(w, 4);
        raw = fmt->set_memory(level, raw, e.memory);
    }
    REF_ASSERT(raw == pt_encode(fmt, level, &e), "%s: %#llx has more in it",
               fmt->name, (unsigned long long)raw);
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
        uint32_t prot = world_below(&w, 32);

        check_entry(fmt, l, fmt->empty(l), PT_EMPTY, 0, 0);
        if (l > 0)
            check_entry(fmt, l, fmt->table(l, MFN(mfn)), PT_TABLE, mfn, 0);
        mfn &= ~(frames - 1);
        if (fmt->level[l].leaf)
            check_leaf(&w, fmt, l, mfn, prot);
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
        REF_ASSERT(e.kind == PT_LEAF ? pt_allowed(fmt, e.prot) == e.prot
                                     : e.prot == 0,
                   "%s: permissions %#x", fmt->name, e.prot);
        REF_ASSERT(e.kind == PT_LEAF ? pt_can_say(fmt, e.memory, e.software)
                                     : e.memory == PT_WB && e.software == 0,
                   "%s: memory %d, software %#x", fmt->name, (int)e.memory,
                   e.software);
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
    ck_assert(fmt->leaf(0, MFN(0x12345678), 0x1f) == 0x12345678023);
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

/* Software's bits are where hardware looks at nothing. */
START_TEST(native_software)
{
    const struct pt_format *fmt = &pt_x86_64_native;

    ck_assert_uint_eq(fmt->software, 7);
    ck_assert(fmt->set_software(0, 0x1fe3, 0) == 0x11e3);
    ck_assert(fmt->set_software(1, 0x2000e3, 5) == 0x200ae3);
    ck_assert_uint_eq(fmt->decode(0, 0x1fe3).software, 7);
    ck_assert_uint_eq(fmt->decode(2, 0x400002e3).software, 1);
    ck_assert_uint_eq(fmt->decode(3, 0x1e67).software, 0); /* a table */
    ck_assert_uint_eq(pt_x86_64_pv.decode(0, 0x1e21).software, 0);
}
END_TEST

/*
 * Arm stage 2, from the Arm ARM's figures of stage 2 descriptors (D8.3): bits
 * 1:0, MemAttr 5:2, S2AP 7:6, SH 9:8, AF 10, XN 54:53, software 58:55.
 */
#define XN (UINT64_C(2) << 53)

START_TEST(arm_bits)
{
    const struct pt_format *fmt = test_format[_i];
    const uint32_t rwx = PT_READ | PT_WRITE | PT_EXEC;

    ck_assert(fmt->leaf(0, MFN(0x12345678), rwx) == UINT64_C(0x123456787ff));
    ck_assert(fmt->leaf(0, MFN(1), 0x1f) == 0x17ff);
    ck_assert(fmt->leaf(0, MFN(1), 0) == (0x173f | XN));
    ck_assert(fmt->leaf(0, MFN(1), PT_READ) == (0x177f | XN));
    ck_assert(fmt->leaf(0, MFN(1), PT_WRITE) == (0x17bf | XN));
    ck_assert(fmt->leaf(0, MFN(1), PT_EXEC) == 0x173f);
    ck_assert(fmt->leaf(1, MFN(0x200), rwx) == 0x2007fd);
    ck_assert(fmt->leaf(2, MFN(0x40000), PT_READ) == (0x4000077d | XN));
    ck_assert(fmt->table(1, MFN(5)) == 0x5003);
    ck_assert(fmt->table(fmt->levels - 1, MFN(5)) == 0x5003);
    ck_assert(fmt->empty(0) == 0 && fmt->empty(fmt->levels - 1) == 0);
    ck_assert(fmt->break_first);

    /* Pages have bit 1, blocks do not; no block of 512 GiB. */
    check_entry(fmt, 0, 0x17ff, PT_LEAF, 1, rwx);
    check_entry(fmt, 0, 0x17fd, PT_EMPTY, 0, 0);
    check_entry(fmt, 0, 0x17fe, PT_EMPTY, 0, 0);
    check_entry(fmt, 1, 0x2007fd, PT_LEAF, 0x200, rwx);
    check_entry(fmt, 1, 0x2007ff, PT_TABLE, 0x200, 0);
    check_entry(fmt, 1, 0x2007fc, PT_EMPTY, 0, 0);
    check_entry(fmt, 2, 0x400007fd, PT_LEAF, 0x40000, rwx);
    check_entry(fmt, 2, 0x1003, PT_TABLE, 1, 0);
    check_entry(fmt, 3, 0x400007fd, PT_EMPTY, 0, 0);
    check_entry(fmt, 3, 0x1003, PT_TABLE, 1, 0);
    /* Without its access flag it is one still. */
    check_entry(fmt, 0, 0x13ff, PT_LEAF, 1, rwx);
    /* What hardware does not look at: RES0 in a block, bits over 48. */
    check_entry(fmt, 1, 0x3ff7fd, PT_LEAF, 0x200, rwx);
    check_entry(fmt, 2, 0x7ffff7fd, PT_LEAF, 0x40000, rwx);
    check_entry(fmt, 0, UINT64_C(0xf0000000017ff), PT_LEAF, 1, rwx);
    check_entry(fmt, 0, UINT64_C(0xfffffffff7ff), PT_LEAF, 0xfffffffff, rwx);
}
END_TEST

START_TEST(arm_execute)
{
    const struct pt_format *fmt = &pt_arm_s2_40;
    /* Contiguous, DBM, what is ignored, and software's. */
    const uint64_t theirs = UINT64_C(0x7f98) << 48;

    for (uint64_t xn = 0; xn < 4; xn++) {
        uint64_t raw = 0x17ff | xn << 53 | theirs;

        check_entry(fmt, 0, raw, PT_LEAF, 1,
                    PT_READ | PT_WRITE | (xn != 2 ? PT_EXEC : 0));
        ck_assert(fmt->protect(0, raw, 0) == (0x173f | XN | theirs));
        ck_assert(fmt->protect(0, raw, PT_EXEC) == (0x173f | theirs));
    }
}
END_TEST

START_TEST(arm_memory)
{
    static const struct {
        uint64_t attr;
        enum pt_memory memory;
    } decoded[] = {
        {0x0, PT_UC}, {0x1, PT_UC}, {0x2, PT_UC}, {0x3, PT_UC},
        {0x5, PT_WC}, {0x6, PT_UC}, {0x7, PT_UC}, {0x9, PT_UC},
        {0xa, PT_WT}, {0xb, PT_UC}, {0xd, PT_UC}, {0xe, PT_UC},
        {0xf, PT_WB}, {0x4, PT_UC}, {0x8, PT_UC}, {0xc, PT_UC},
    };
    const struct pt_format *fmt = &pt_arm_s2_40;

    for (unsigned int l = 0; l < 3; l++) {
        uint64_t any = l == 0 ? 0x40000ffb : 0x40000ff9;
        uint64_t none = (l == 0 ? 0x40000cc3 : 0x40000cc1);

        ck_assert(fmt->set_memory(l, any, PT_WB) == (none | 0x33c));
        ck_assert(fmt->set_memory(l, any, PT_WT) == (none | 0x328));
        ck_assert(fmt->set_memory(l, any, PT_WC) == (none | 0x214));
        ck_assert(fmt->set_memory(l, any, PT_UC) == (none | 0x204));
        for (unsigned int i = 0; i < 16; i++) {
            struct pt_entry e = fmt->decode(l, none | decoded[i].attr << 2);

            ck_assert(e.memory == decoded[i].memory && e.mfn.v == 0x40000);
        }
    }
}
END_TEST

START_TEST(arm_software)
{
    const struct pt_format *fmt = &pt_arm_s2_48;
    const uint64_t all = UINT64_C(0xf) << 55;

    ck_assert_uint_eq(fmt->software, 15);
    ck_assert(fmt->set_software(0, 0x17ff, 15) == (0x17ff | all));
    ck_assert(fmt->set_software(1, 0x2007fd | all, 1) ==
              (0x2007fd | UINT64_C(1) << 55));
    ck_assert_uint_eq(fmt->decode(0, 0x17ff | all).software, 15);
    ck_assert_uint_eq(fmt->decode(0, 0x17ff | ~all).software, 0);
    ck_assert_uint_eq(fmt->decode(1, 0x1003 | all).software, 0); /* a table */
}
END_TEST

/* Arm ARM, D8.2: T0SZ, SL0 and the tables in a row that belong together. */
START_TEST(arm_roots)
{
    static const struct {
        const struct pt_format *format;
        unsigned int t0sz, sl0, entries;
    } root[] = {
        {&pt_arm_s2_32, 32, 1, 4},    {&pt_arm_s2_36, 28, 1, 64},
        {&pt_arm_s2_39, 25, 1, 512},  {&pt_arm_s2_40, 24, 1, 1024},
        {&pt_arm_s2_42, 22, 1, 4096}, {&pt_arm_s2_43, 21, 1, 8192},
        {&pt_arm_s2_44, 20, 2, 32},   {&pt_arm_s2_48, 16, 2, 512},
    };

    for (unsigned int i = 0; i < sizeof(root) / sizeof(root[0]); i++) {
        const struct pt_format *fmt = root[i].format;
        uint64_t last = (UINT64_C(1) << fmt->va_bits) - 1;

        ck_assert_uint_eq(64 - fmt->va_bits, root[i].t0sz);
        ck_assert_uint_eq(fmt->levels - 2, root[i].sl0);
        ck_assert_uint_eq(pt_entries(fmt, fmt->levels - 1), root[i].entries);
        ck_assert_uint_eq(pt_index(fmt, fmt->levels - 1, VADDR(last)),
                          root[i].entries - 1);
        ck_assert(fmt->level[2].leaf && !fmt->level[3].leaf);
    }
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
    tcase_add_test(tc, native_software);
    tcase_add_loop_test(tc, arm_bits, TEST_ARM, TEST_FORMATS);
    tcase_add_test(tc, arm_execute);
    tcase_add_test(tc, arm_memory);
    tcase_add_test(tc, arm_software);
    tcase_add_test(tc, arm_roots);
    tcase_add_test(tc, scrambled_breaks);
    tcase_add_loop_test(tc, ranges, 0, TEST_FORMATS);
    tcase_add_test(tc, canonical_halves);
    return tc;
}
