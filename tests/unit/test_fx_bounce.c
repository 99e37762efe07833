/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fakexen enters a guest's kernel: what it pushes, where it goes on, and
 * what it leaves as it was where it cannot.  No guest runs for that.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/bounce.h"

#define STACK_BYTES 256u
#define STACK_64    UINT64_C(0xffff880000001000)
#define STACK_32    UINT64_C(0xc0001000)

static struct {
    struct fx_domain domain;
    struct fx_vcpu_state v;
    struct fx_caller caller;
    uint8_t stack[STACK_BYTES], mask;
    uint64_t base; /* of the stack, at its low end */
    bool unmapped;
} world;

static int copy_out(const struct fx_caller *caller, uint64_t to,
                    const void *from, size_t size)
{
    (void)caller;
    if (world.unmapped || to < world.base ||
        to + size > world.base + STACK_BYTES)
        return -EFAULT;
    memcpy(world.stack + (to - world.base), from, size);
    return 0;
}

/* A vCPU that was interrupted at 0x1234, in its kernel or its program. */
static void start(bool is_32bit, bool kernel)
{
    cpu_user_regs_t *u = &world.v.context.user_regs;

    memset(&world, 0, sizeof(world));
    world.base = is_32bit ? STACK_32 : STACK_64;
    world.domain.is_32bit = is_32bit;
    world.caller = (struct fx_caller){
        .domain = &world.domain,
        .is_guest = true,
        .is_32bit = is_32bit,
        .copy_out = copy_out,
    };
    u->rip = 0x1234;
    u->rsp = kernel ? world.base + 0x88 : 0x7000;
    u->rflags = FX_EFLAGS_IF | FX_EFLAGS_TF | FX_EFLAGS_NT | FX_EFLAGS_AC | 2;
    u->rcx = 0xc0c0;
    u->r11 = 0x1111;
    u->ds = 0xd5;
    u->gs = 0x65;
    u->cs = is_32bit ? (kernel ? 0xe019 : 0xe02b) : 0xe033;
    u->ss = is_32bit ? (kernel ? 0xe021 : 0xe033) : 0xe02b;
    world.v.context.kernel_sp = world.base + STACK_BYTES;
    world.v.context.kernel_ss = 0xe021;
    if (kernel && !is_32bit)
        world.v.context.flags = VGCF_in_kernel;
}

static int bounce(const struct fx_bounce *b)
{
    return fx_bounce(&world.caller, &world.v, &world.mask, b);
}

/* The word of the frame that was pushed. */
static uint64_t word(unsigned int n)
{
    uint64_t at = world.v.context.user_regs.rsp - world.base, wide = 0;
    uint32_t narrow;

    if (!world.domain.is_32bit) {
        memcpy(&wide, world.stack + at + 8 * n, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, world.stack + at + 4 * n, sizeof(narrow));
    return narrow;
}

START_TEST(trap_in_a_64_bit_kernel)
{
    const struct fx_bounce b = {
        .address = 0xabc0, .has_error = true, .error = 0x12};
    const cpu_user_regs_t *u = &world.v.context.user_regs;

    start(false, true);
    ck_assert_int_eq(bounce(&b), 0);
    /* 16-byte aligned, of 8 words. */
    ck_assert_uint_eq(u->rsp, world.base + 0x80 - 64);
    ck_assert_uint_eq(word(0), 0xc0c0);
    ck_assert_uint_eq(word(1), 0x1111);
    ck_assert_uint_eq(word(2), 0x12);
    ck_assert_uint_eq(word(3), 0x1234);
    ck_assert_uint_eq(word(4), 0xe030); /* by which it knows that it was it */
    ck_assert_uint_eq(word(5), FX_EFLAGS_IF | FX_EFLAGS_TF | FX_EFLAGS_NT |
                                   FX_EFLAGS_AC | 2);
    ck_assert_uint_eq(word(6), world.base + 0x88);
    ck_assert_uint_eq(word(7), 0xe02b);
    ck_assert_uint_eq(u->rip, 0xabc0);
    ck_assert_uint_eq(u->cs, FX_KERNEL_CS_64);
    ck_assert_uint_eq(u->rflags, FX_EFLAGS_IF | 2);
    ck_assert_uint_eq(world.mask, 0);
}
END_TEST

START_TEST(event_from_a_64_bit_program)
{
    const struct fx_bounce b = {.address = 0xabc0, .masks_events = true};
    const cpu_user_regs_t *u = &world.v.context.user_regs;

    start(false, false);
    ck_assert_int_eq(bounce(&b), 0);
    ck_assert_uint_eq(u->rsp, world.base + STACK_BYTES - 56);
    ck_assert_uint_eq(word(2), 0x1234);
    ck_assert_uint_eq(word(3), 0xe033);
    ck_assert_uint_eq(word(5), 0x7000);
    ck_assert(world.v.context.flags & VGCF_in_kernel);
    ck_assert_uint_eq(world.mask, 1);
}
END_TEST

/* What was masked is told in the frame, as an interrupt flag and by itself. */
START_TEST(mask_is_in_the_frame)
{
    const struct fx_bounce b = {.address = 0xabc0, .cs = 0xe019};

    start(false, true);
    world.mask = 1;
    ck_assert_int_eq(bounce(&b), 0);
    ck_assert_uint_eq(word(3), UINT64_C(1) << 32 | 0xe030);
    ck_assert(!(word(4) & FX_EFLAGS_IF));
    start(true, true);
    world.mask = 1;
    ck_assert_int_eq(bounce(&b), 0);
    ck_assert_uint_eq(word(1), 1u << 16 | 0xe019);
    ck_assert(!(word(2) & FX_EFLAGS_IF));
    ck_assert_uint_eq(world.mask, 1);
}
END_TEST

START_TEST(trap_in_a_32_bit_kernel)
{
    const struct fx_bounce b = {
        .address = 0xabc0, .cs = 0xe019, .has_error = true, .error = 0x12};
    const cpu_user_regs_t *u = &world.v.context.user_regs;

    start(true, true);
    ck_assert_int_eq(bounce(&b), 0);
    /* No stack pointer is in it: it stays on the same stack. */
    ck_assert_uint_eq(u->rsp, world.base + 0x88 - 16);
    ck_assert_uint_eq(word(0), 0x12);
    ck_assert_uint_eq(word(1), 0x1234);
    ck_assert_uint_eq(word(2), 0xe019);
    ck_assert_uint_eq(word(3), FX_EFLAGS_IF | FX_EFLAGS_TF | FX_EFLAGS_NT |
                                   FX_EFLAGS_AC | 2);
    ck_assert_uint_eq(u->rip, 0xabc0);
    ck_assert_uint_eq(u->cs, 0xe019);
    ck_assert_uint_eq(u->ss, 0xe021);
    /* A 32-bit kernel's AC is its own. */
    ck_assert_uint_eq(u->rflags, FX_EFLAGS_IF | FX_EFLAGS_AC | 2);
}
END_TEST

START_TEST(trap_from_a_32_bit_program)
{
    const struct fx_bounce b = {.address = 0xabc0, .cs = 0xe019};
    const cpu_user_regs_t *u = &world.v.context.user_regs;

    start(true, false);
    ck_assert_int_eq(bounce(&b), 0);
    ck_assert_uint_eq(u->rsp, world.base + STACK_BYTES - 20);
    ck_assert_uint_eq(word(0), 0x1234);
    ck_assert_uint_eq(word(1), 0xe02b);
    ck_assert_uint_eq(word(3), 0x7000);
    ck_assert_uint_eq(word(4), 0xe033);
    ck_assert_uint_eq(u->ss, 0xe021);
}
END_TEST

START_TEST(failsafe_has_the_data_segments)
{
    const struct fx_bounce b = {
        .address = 0xabc0, .cs = 0xe019, .failsafe = true};

    start(false, true);
    ck_assert_int_eq(bounce(&b), 0);
    ck_assert_uint_eq(word(2), 0xd5);
    ck_assert_uint_eq(word(5), 0x65);
    ck_assert_uint_eq(word(6), 0x1234);
    start(true, true);
    ck_assert_int_eq(bounce(&b), 0);
    ck_assert_uint_eq(word(0), 0xd5);
    ck_assert_uint_eq(word(3), 0x65);
    ck_assert_uint_eq(word(4), 0x1234);
}
END_TEST

/* IOPL is the one that Xen keeps for the guest. */
START_TEST(iopl_is_the_guests)
{
    const struct fx_bounce b = {.address = 0xabc0, .cs = 0xe019};

    start(true, true);
    world.v.iopl = 1;
    ck_assert_int_eq(bounce(&b), 0);
    ck_assert_uint_eq(word(2) & FX_EFLAGS_IOPL, 1u << 12);
}
END_TEST

START_TEST(no_way_in_changes_nothing)
{
    const struct fx_bounce good = {
        .address = 0xabc0, .cs = 0xe019, .masks_events = true};
    const struct fx_bounce nowhere = {.cs = 0, .masks_events = true};
    struct fx_vcpu_state before;
    int is_32bit;

    for (is_32bit = 0; is_32bit < 2; is_32bit++) {
        start(is_32bit, false);
        before = world.v;
        world.unmapped = true;
        ck_assert_int_eq(bounce(&good), -EFAULT);
        ck_assert_int_eq(bounce(&nowhere), -EINVAL);
        ck_assert(!memcmp(&before, &world.v, sizeof(before)));
        ck_assert_uint_eq(world.mask, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fakexen's bounce frames");
    TCase *tcase = tcase_create("frames");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, trap_in_a_64_bit_kernel);
    tcase_add_test(tcase, event_from_a_64_bit_program);
    tcase_add_test(tcase, mask_is_in_the_frame);
    tcase_add_test(tcase, trap_in_a_32_bit_kernel);
    tcase_add_test(tcase, trap_from_a_32_bit_program);
    tcase_add_test(tcase, failsafe_has_the_data_segments);
    tcase_add_test(tcase, iopl_is_the_guests);
    tcase_add_test(tcase, no_way_in_changes_nothing);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
