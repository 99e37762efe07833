/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest finds, through the structures of its own width, with every
 * byte that nothing was said about zero.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "pv/boot_abi.h"
#include "unit_random.h"

#define NEXT_TO 16 /* bytes behind each page that nobody may touch */

struct guarded {
    uint8_t page[DW_PAGE_SIZE];
    uint8_t beyond[NEXT_TO];
};

static void soil(struct guarded *g)
{
    memset(g, 0xa5, sizeof(*g));
}

static void check_guard(const struct guarded *g)
{
    for (unsigned int i = 0; i < NEXT_TO; i++)
        ck_assert_uint_eq(g->beyond[i], 0xa5);
}

static bool all_zero(const void *data, size_t size)
{
    const uint8_t *bytes = data;

    while (size > 0 && bytes[size - 1] == 0)
        size--;
    return size == 0;
}

/* ---- start_info ---- */

/* Every number differs from all others, in each of its bytes that count. */
static struct pv_start_info some_info(uint64_t high)
{
    return (struct pv_start_info){
        .nr_pages = high | 0x01020304,
        .shared_info = MADDR(high | 0x11121314),
        .flags = 0x21222324,
        .store_mfn = MFN(high | 0x31323334),
        .store_evtchn = 0x41424344,
        .console_mfn = MFN(high | 0x51525354),
        .console_evtchn = 0x61626364,
        .pt_base = VADDR(high | 0x71727374),
        .nr_pt_frames = high | 0x81828384,
        .mfn_list = VADDR(high | 0x91929394),
        .mod_start = high | 0xa1a2a3a4,
        .mod_len = high | 0xb1b2b3b4,
        .first_p2m_pfn = PFN(high | 0xc1c2c3c4),
        .nr_p2m_frames = high | 0xd1d2d3d4,
        .cmdline = "console=hvc0 root=\"a b\" -- \xff",
    };
}

/*
 * Takes each member out of the guest's structure, compares and clears it;
 * nothing is left then.
 */
#define TAKE(s, member, value)                                                 \
    do {                                                                       \
        ck_assert_uint_eq((s)->member, (value));                               \
        (s)->member = 0;                                                       \
    } while (0)

#define CHECK_START_INFO(s, info, type)                                        \
    do {                                                                       \
        ck_assert_str_eq((s)->magic, (type));                                  \
        memset((s)->magic, 0, strlen(type));                                   \
        TAKE(s, nr_pages, (info)->nr_pages);                                   \
        TAKE(s, shared_info, (info)->shared_info.v);                           \
        TAKE(s, flags, (info)->flags);                                         \
        TAKE(s, store_mfn, (info)->store_mfn.v);                               \
        TAKE(s, store_evtchn, (info)->store_evtchn);                           \
        TAKE(s, console.domU.mfn, (info)->console_mfn.v);                      \
        TAKE(s, console.domU.evtchn, (info)->console_evtchn);                  \
        TAKE(s, pt_base, (info)->pt_base.v);                                   \
        TAKE(s, nr_pt_frames, (info)->nr_pt_frames);                           \
        TAKE(s, mfn_list, (info)->mfn_list.v);                                 \
        TAKE(s, mod_start, (info)->mod_start);                                 \
        TAKE(s, mod_len, (info)->mod_len);                                     \
        TAKE(s, first_p2m_pfn, (info)->first_p2m_pfn.v);                       \
        TAKE(s, nr_p2m_frames, (info)->nr_p2m_frames);                         \
        ck_assert_str_eq((char *)(s)->cmd_line, (info)->cmdline);              \
        memset((s)->cmd_line, 0, strlen((info)->cmdline));                     \
    } while (0)

START_TEST(start_info_32)
{
    struct pv_start_info info = some_info(0);
    struct guarded g;

    soil(&g);
    ck_assert_int_eq(pv_start_info_write(&pv_abi_x86_32p, &info, g.page), 0);
    CHECK_START_INFO((start_info_x86_32_t *)g.page, &info, "xen-3.0-x86_32p");
    ck_assert(all_zero(g.page, sizeof(g.page)));
    check_guard(&g);
}
END_TEST

START_TEST(start_info_64)
{
    struct pv_start_info info = some_info(0xe1e2e3e400000000);
    struct guarded g;

    soil(&g);
    ck_assert_int_eq(pv_start_info_write(&pv_abi_x86_64, &info, g.page), 0);
    CHECK_START_INFO((start_info_x86_64_t *)g.page, &info, "xen-3.0-x86_64");
    ck_assert(all_zero(g.page, sizeof(g.page)));
    check_guard(&g);
}
END_TEST

START_TEST(no_command_line)
{
    struct pv_start_info info = {.cmdline = NULL};
    start_info_x86_64_t *s;
    struct guarded g;

    soil(&g);
    ck_assert_int_eq(pv_start_info_write(&pv_abi_x86_64, &info, g.page), 0);
    s = (start_info_x86_64_t *)g.page;
    ck_assert(all_zero(s->cmd_line, sizeof(s->cmd_line)));
}
END_TEST

/* 1023 bytes and the NUL fit; one more is refused, not cut. */
START_TEST(long_command_line)
{
    const struct pv_abi *abi = _i == 0 ? &pv_abi_x86_32p : &pv_abi_x86_64;
    size_t at = _i == 0 ? offsetof(start_info_x86_32_t, cmd_line)
                        : offsetof(start_info_x86_64_t, cmd_line);
    char line[PV_CMDLINE_MAX + 1] = {'\0'};
    struct pv_start_info info = {.cmdline = line};
    struct guarded g;

    memset(line, 'x', PV_CMDLINE_MAX - 1);
    ck_assert_int_eq(pv_start_info_write(abi, &info, g.page), 0);
    ck_assert_int_eq(memcmp(g.page + at, line, PV_CMDLINE_MAX), 0);
    line[PV_CMDLINE_MAX - 1] = 'x';
    soil(&g);
    ck_assert_int_eq(pv_start_info_write(abi, &info, g.page), -E2BIG);
    ck_assert(all_zero(g.page, DW_PAGE_SIZE));
    check_guard(&g);
}
END_TEST

/* The members of a word's size, one by one above and at 32 bits. */
START_TEST(too_wide_for_32)
{
    uint64_t *field[11];
    struct pv_start_info info;
    struct guarded g;

    field[0] = &info.nr_pages;
    field[1] = &info.shared_info.v;
    field[2] = &info.store_mfn.v;
    field[3] = &info.console_mfn.v;
    field[4] = &info.pt_base.v;
    field[5] = &info.nr_pt_frames;
    field[6] = &info.mfn_list.v;
    field[7] = &info.mod_start;
    field[8] = &info.mod_len;
    field[9] = &info.first_p2m_pfn.v;
    field[10] = &info.nr_p2m_frames;
    info = some_info(0);
    *field[_i] = UINT32_MAX;
    ck_assert_int_eq(pv_start_info_write(&pv_abi_x86_32p, &info, g.page), 0);
    for (unsigned int bit = 32; bit < 64; bit++) {
        *field[_i] = UINT64_C(1) << bit;
        soil(&g);
        ck_assert_int_eq(pv_start_info_write(&pv_abi_x86_32p, &info, g.page),
                         -ERANGE);
        ck_assert(all_zero(g.page, DW_PAGE_SIZE));
        check_guard(&g);
        ck_assert_int_eq(pv_start_info_write(&pv_abi_x86_64, &info, g.page), 0);
    }
}
END_TEST

/* ---- shared_info: nothing but masked events ---- */

#define CHECK_SHARED_INFO(s)                                                   \
    do {                                                                       \
        for (unsigned int i = 0; i < 32; i++)                                  \
            TAKE(s, vcpu_info[i].evtchn_upcall_mask, 1);                       \
    } while (0)

START_TEST(shared_info)
{
    struct guarded g;

    soil(&g);
    pv_shared_info_write(&pv_abi_x86_32p, g.page);
    CHECK_SHARED_INFO((shared_info_x86_32_t *)g.page);
    ck_assert(all_zero(g.page, sizeof(g.page)));
    check_guard(&g);
    soil(&g);
    pv_shared_info_write(&pv_abi_x86_64, g.page);
    CHECK_SHARED_INFO((shared_info_x86_64_t *)g.page);
    ck_assert(all_zero(g.page, sizeof(g.page)));
    check_guard(&g);
}
END_TEST

/* ---- vCPU 0 ---- */

/* The any-width context, with bytes behind it to be left alone. */
union context {
    vcpu_guest_context_x86_32_t x86_32;
    vcpu_guest_context_x86_64_t x86_64;
    uint8_t bytes[sizeof(vcpu_guest_context_x86_64_t) + NEXT_TO];
};
#define CONTEXT_SIZE sizeof(vcpu_guest_context_x86_64_t)

/* Selectors as in xen/arch-x86/xen-x86_32.h and xen-x86_64.h. */
#define CHECK_VCPU(c, IP, SP, SI, DX, FLAGS, cs_, ds_, ss_, vcpu, cr3_,        \
                   assist)                                                     \
    do {                                                                       \
        TAKE(c, flags, 1u << 2 | 1u << 5); /* in kernel, online */             \
        TAKE(c, user_regs.IP, (vcpu)->entry.v);                                \
        TAKE(c, user_regs.SP, (vcpu)->stack.v);                                \
        TAKE(c, user_regs.SI, (vcpu)->start_info.v);                           \
        TAKE(c, user_regs.DX, (vcpu)->suspend_record.v);                       \
        TAKE(c, user_regs.FLAGS, 0x200); /* interrupts on */                   \
        TAKE(c, user_regs.cs, (cs_));                                          \
        TAKE(c, user_regs.ds, (ds_));                                          \
        TAKE(c, user_regs.es, (ds_));                                          \
        TAKE(c, user_regs.fs, (ds_));                                          \
        TAKE(c, user_regs.gs, (ds_));                                          \
        TAKE(c, user_regs.ss, (ss_));                                          \
        TAKE(c, kernel_ss, (ss_));                                             \
        TAKE(c, kernel_sp, (vcpu)->stack.v);                                   \
        TAKE(c, ctrlreg[3], (cr3_));                                           \
        TAKE(c, debugreg[6], 0xffff0ff0);                                      \
        TAKE(c, debugreg[7], 0x400);                                           \
        TAKE(c, vm_assist, (assist));                                          \
    } while (0)

static void write_vcpu(const struct pv_abi *abi, const struct pv_vcpu *vcpu,
                       union context *c)
{
    memset(c, 0xa5, sizeof(*c));
    ck_assert_int_eq(pv_vcpu_write(abi, vcpu, c, CONTEXT_SIZE), 0);
    for (unsigned int i = 0; i < NEXT_TO; i++)
        ck_assert_uint_eq(c->bytes[CONTEXT_SIZE + i], 0xa5);
}

START_TEST(vcpu_32)
{
    struct pv_vcpu vcpu = {
        .entry = VADDR(0xc0101112),
        .stack = VADDR(0xc1212223),
        .start_info = VADDR(0xc2313233),
        .root = MFN(0x12345),
        .extended_cr3 = _i != 0,
        .suspend_record = MFN(_i ? 0x54321 : 0),
    };
    union context c;

    write_vcpu(&pv_abi_x86_32p, &vcpu, &c);
    CHECK_VCPU(&c.x86_32, eip, esp, esi, edx, eflags, 0xe019, 0xe021, 0xe021,
               &vcpu, 0x12345000, _i != 0 ? 1u << 3 : 0);
    ck_assert(all_zero(&c, CONTEXT_SIZE));
}
END_TEST

START_TEST(vcpu_64)
{
    struct pv_vcpu vcpu = {
        .entry = VADDR(0xffffffff81101112),
        .stack = VADDR(0xffffffff82212223),
        .start_info = VADDR(0xffffffff83313233),
        .root = MFN(0x123456789a),
        .suspend_record = MFN(0x9876543210),
    };
    union context c;

    write_vcpu(&pv_abi_x86_64, &vcpu, &c);
    CHECK_VCPU(&c.x86_64, rip, rsp, rsi, rdx, rflags, 0xe033, 0, 0xe02b, &vcpu,
               0x123456789a000, 0);
    ck_assert(all_zero(&c, CONTEXT_SIZE));
}
END_TEST

/*
 * A 32-bit guest's CR3 holds a frame above 4 GiB with its top 12 bits below
 * (xen-x86_32.h, xen_pfn_to_cr3).
 */
START_TEST(cr3_above_4gib)
{
    static const struct {
        uint64_t mfn, cr3;
    } root[] = {
        {0, 0},
        {0xfffff, 0xfffff000},
        {0x100000, 0x1},
        {0x123456, 0x23456001},
        {0xfffffffe, 0xffffefff},
    };

    for (unsigned int i = 0; i < sizeof(root) / sizeof(root[0]); i++) {
        struct pv_vcpu vcpu = {.root = MFN(root[i].mfn)};
        union context c;

        write_vcpu(&pv_abi_x86_32p, &vcpu, &c);
        ck_assert_uint_eq(c.x86_32.ctrlreg[3], root[i].cr3);
        ck_assert_uint_eq(xen_cr3_to_pfn_x86_32(c.x86_32.ctrlreg[3]),
                          root[i].mfn);
    }
}
END_TEST

START_TEST(vcpu_refused)
{
    struct pv_vcpu vcpu = {.root = MFN(1)};
    uint64_t *const wide[] = {&vcpu.entry.v, &vcpu.stack.v, &vcpu.start_info.v,
                              &vcpu.root.v};
    union context c;

    for (unsigned int i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        uint64_t saved = *wide[i];

        *wide[i] = UINT64_C(1) << 32;
        ck_assert_int_eq(pv_vcpu_write(&pv_abi_x86_32p, &vcpu, &c, sizeof(c)),
                         -ERANGE);
        ck_assert_int_eq(pv_vcpu_write(&pv_abi_x86_64, &vcpu, &c, sizeof(c)),
                         0);
        *wide[i] = saved;
    }
    /* A frame whose address has more than 52 bits. */
    vcpu.root.v = UINT64_C(1) << 40;
    ck_assert_int_eq(pv_vcpu_write(&pv_abi_x86_64, &vcpu, &c, sizeof(c)),
                     -ERANGE);
    vcpu.root.v = 1;
    memset(&c, 0xa5, sizeof(c));
    ck_assert_int_eq(
        pv_vcpu_write(&pv_abi_x86_32p, &vcpu, &c, sizeof(c.x86_32) - 1),
        -ENOSPC);
    ck_assert_int_eq(
        pv_vcpu_write(&pv_abi_x86_64, &vcpu, &c, sizeof(c.x86_64) - 1),
        -ENOSPC);
    for (size_t i = 0; i < sizeof(c); i++)
        ck_assert_uint_eq(c.bytes[i], 0xa5);
    ck_assert_int_eq(
        pv_vcpu_write(&pv_abi_x86_32p, &vcpu, &c, sizeof(c.x86_32)), 0);
}
END_TEST

/* ---- the P2M and the descriptors ---- */

START_TEST(p2m_list)
{
    static const uint64_t mfns[] = {0, 1, 0xfffffffe, UINT64_MAX, 0x12345678};
    uint32_t list32[] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
    uint64_t list64[] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};

    pv_p2m_write(&pv_abi_x86_32p, mfns, 0, list32);
    pv_p2m_write(&pv_abi_x86_64, mfns, 0, list64);
    ck_assert_uint_eq(list32[0], 0xa5);
    ck_assert_uint_eq(list64[0], 0xa5);
    pv_p2m_write(&pv_abi_x86_32p, mfns, 5, list32);
    pv_p2m_write(&pv_abi_x86_64, mfns, 5, list64);
    for (unsigned int i = 0; i < 5; i++) {
        ck_assert_uint_eq(list32[i], (uint32_t)mfns[i]);
        ck_assert_uint_eq(list64[i], mfns[i]);
    }
    ck_assert_uint_eq(list32[3], UINT32_MAX);
    ck_assert_uint_eq(list32[5], 0xa5);
    ck_assert_uint_eq(list64[5], 0xa5);
}
END_TEST

START_TEST(by_type)
{
    ck_assert_ptr_eq(pv_abi_by_type("xen-3.0-x86_32p"), &pv_abi_x86_32p);
    ck_assert_ptr_eq(pv_abi_by_type("xen-3.0-x86_64"), &pv_abi_x86_64);
    ck_assert_ptr_null(pv_abi_by_type("xen-3.0-x86_32"));
    ck_assert_ptr_null(pv_abi_by_type("xen-3.0-x86_64p"));
    ck_assert_ptr_null(pv_abi_by_type("hvm-3.0-x86_64"));
    ck_assert_ptr_null(pv_abi_by_type(""));
}
END_TEST

START_TEST(descriptors)
{
    const struct pv_abi *p = &pv_abi_x86_32p, *q = &pv_abi_x86_64;

    ck_assert_str_eq(p->protocol, "x86_32-abi");
    ck_assert_str_eq(q->protocol, "x86_64-abi");
    ck_assert_uint_eq(p->word, 4);
    ck_assert_uint_eq(q->word, 8);
    ck_assert(p->low_root && !q->low_root);
    ck_assert(!p->init_p2m && q->init_p2m);
    ck_assert_ptr_eq(p->format, &pt_x86_pae_pv);
    ck_assert_ptr_eq(q->format, &pt_x86_64_pv);
    ck_assert_uint_eq(q->xen_table_level, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("boot_abi");
    TCase *tc = tcase_create("boot_abi");

    tcase_add_test(tc, start_info_32);
    tcase_add_test(tc, start_info_64);
    tcase_add_test(tc, no_command_line);
    tcase_add_loop_test(tc, long_command_line, 0, 2);
    tcase_add_loop_test(tc, too_wide_for_32, 0, 11);
    tcase_add_test(tc, shared_info);
    tcase_add_loop_test(tc, vcpu_32, 0, 2);
    tcase_add_test(tc, vcpu_64);
    tcase_add_test(tc, cr3_above_4gib);
    tcase_add_test(tc, vcpu_refused);
    tcase_add_test(tc, p2m_list);
    tcase_add_test(tc, by_type);
    tcase_add_test(tc, descriptors);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
