/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * registers.c - registers that a guest's kernel cannot write by itself: they
 * are in its vCPU's context.
 */
#include "hypercall/registers.h"

#include <errno.h>

#include "domain/context.h"
#include "domain/state.h"
#include "hypercall/descriptor.h"

#define CR0_TS (1ul << 3)
#define CR4_DE (1ul << 3)

/* DR7: which breakpoints are on, and where each one's kind begins (Intel SDM,
 * volume 3, 17.2.4). */
#define DR7_ACTIVE     0xffu
#define DR7_KIND_SHIFT 16
#define DR7_KIND_BITS  4
#define DR7_KIND_IO    2

static vcpu_guest_context_t *own_context(const struct fx_caller *caller)
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);

    return v ? &v->context : NULL;
}

long fx_stack_switch(const struct fx_caller *caller, const uint64_t arg[5])
{
    vcpu_guest_context_t *context = own_context(caller);

    if (!context)
        return -EINVAL;
    context->kernel_ss = fx_guest_selector(caller->domain, arg[0]);
    context->kernel_sp = arg[1];
    return 0;
}

long fx_fpu_taskswitch(const struct fx_caller *caller, const uint64_t arg[5])
{
    vcpu_guest_context_t *context = own_context(caller);

    if (!context)
        return -EINVAL;
    if ((int)arg[0])
        context->ctrlreg[0] |= CR0_TS;
    else
        context->ctrlreg[0] &= ~CR0_TS;
    return 0;
}

/* Breakpoints on I/O are Xen's to emulate, and need CR4.DE. */
static bool has_io_breakpoint(uint64_t dr7)
{
    unsigned int at;

    for (at = DR7_KIND_SHIFT; dr7 & DR7_ACTIVE && at < 32; at += DR7_KIND_BITS)
        if ((dr7 >> at & 3) == DR7_KIND_IO)
            return true;
    return false;
}

static long set_dr6(vcpu_guest_context_t *context, uint64_t value)
{
    if (value != (uint32_t)value)
        return -EINVAL;
    context->debugreg[6] = (value & ~FX_DR6_ZEROS) | FX_DR6_ONES;
    return 0;
}

static long set_dr7(vcpu_guest_context_t *context, uint64_t value)
{
    if (value != (uint32_t)value)
        return -EINVAL;
    value = (value & ~FX_DR7_ZEROS) | FX_DR7_ONES;
    if (value & FX_DR7_GD ||
        (has_io_breakpoint(value) && !(context->ctrlreg[4] & CR4_DE)))
        return -EPERM;
    context->debugreg[7] = value;
    return 0;
}

/* 4 and 5 are other names of 6 and 7, unless CR4.DE forbids them. */
static uint32_t register_number(const vcpu_guest_context_t *context,
                                uint64_t number)
{
    uint32_t n = (uint32_t)number;

    if (n == 4 || n == 5)
        return context->ctrlreg[4] & CR4_DE ? UINT32_MAX : n + 2;
    return n;
}

long fx_set_debugreg(const struct fx_caller *caller, const uint64_t arg[5])
{
    vcpu_guest_context_t *context = own_context(caller);
    uint32_t number;

    if (!context)
        return -EINVAL;
    number = register_number(context, arg[0]);
    switch (number) {
    case 0 ... 3:
        if (fx_in_xens_range(arg[1]))
            return -EPERM;
        context->debugreg[number] = arg[1];
        return 0;
    case 6:
        return set_dr6(context, arg[1]);
    case 7:
        return set_dr7(context, arg[1]);
    default:
        return -ENODEV;
    }
}

long fx_get_debugreg(const struct fx_caller *caller, const uint64_t arg[5])
{
    const vcpu_guest_context_t *context = own_context(caller);
    uint32_t number;

    if (!context)
        return -EINVAL;
    number = register_number(context, arg[0]);
    return number < 8 ? (long)context->debugreg[number] : -ENODEV;
}

long fx_set_segment_base(const struct fx_caller *caller, const uint64_t arg[5])
{
    vcpu_guest_context_t *context = own_context(caller);

    if (!context)
        return -EINVAL;
    if (caller->is_32bit)
        return -ENOSYS;
    if ((unsigned int)arg[0] != SEGBASE_GS_USER_SEL && !fx_canonical(arg[1]))
        return -EINVAL;
    switch ((unsigned int)arg[0]) {
    case SEGBASE_FS:
        context->fs_base = arg[1];
        return 0;
    case SEGBASE_GS_USER:
        context->gs_base_user = arg[1];
        return 0;
    case SEGBASE_GS_KERNEL:
        context->gs_base_kernel = arg[1];
        return 0;
    case SEGBASE_GS_USER_SEL:
        return fx_load_user_gs(caller, (uint16_t)arg[1]);
    default:
        return -EINVAL;
    }
}
