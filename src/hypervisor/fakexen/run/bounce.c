/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/bounce.h"

#include <errno.h>
#include <string.h>

/* Cleared on the way into a kernel, as by a CPU; AC by 64-bit Xen besides. */
#define CLEARED_32 (FX_EFLAGS_TF | FX_EFLAGS_NT | FX_EFLAGS_RF | FX_EFLAGS_VM)
#define CLEARED_64 (CLEARED_32 | FX_EFLAGS_AC)

/* The most words of a frame: of a failsafe one of 64 bits. */
#define MAX_WORDS 12

/* A frame, from its lowest address on. */
struct frame {
    unsigned int nr;
    uint64_t word[MAX_WORDS];
};

static void add(struct frame *frame, uint64_t word)
{
    frame->word[frame->nr++] = word;
}

bool fx_in_kernel(const struct fx_domain *domain, const struct fx_vcpu_state *v)
{
    if (domain->is_32bit)
        return (v->context.user_regs.cs & 3) == 1;
    return v->context.flags & VGCF_in_kernel;
}

/* What the guest takes for its interrupt flag: events that are not masked. */
static uint64_t flags_of(const struct fx_vcpu_state *v, uint8_t mask)
{
    uint64_t flags = v->context.user_regs.rflags;

    flags &= ~(uint64_t)(FX_EFLAGS_IF | FX_EFLAGS_IOPL);
    flags |= (uint64_t)v->iopl << 12;
    return mask ? flags : flags | FX_EFLAGS_IF;
}

static void add_data_segments(struct frame *frame, const cpu_user_regs_t *r)
{
    add(frame, r->ds);
    add(frame, r->es);
    add(frame, r->fs);
    add(frame, r->gs);
}

static int push(const struct fx_caller *caller, uint64_t at,
                const struct frame *frame)
{
    uint32_t narrow[MAX_WORDS];
    unsigned int i;

    if (!caller->is_32bit)
        return fx_copy_out(caller, at, frame->word,
                           frame->nr * sizeof(frame->word[0]));
    for (i = 0; i < frame->nr; i++)
        narrow[i] = (uint32_t)frame->word[i];
    return fx_copy_out(caller, at, narrow, frame->nr * sizeof(narrow[0]));
}

/* RCX and R11 come first, which SYSCALL and SYSRET have made of use.  A kernel
 * learns by the privilege level in CS whether it was interrupted itself. */
static int bounce_64(const struct fx_caller *caller, struct fx_vcpu_state *v,
                     uint8_t mask, const struct fx_bounce *b)
{
    cpu_user_regs_t *r = &v->context.user_regs;
    bool kernel = v->context.flags & VGCF_in_kernel;
    uint64_t at = kernel ? r->rsp : v->context.kernel_sp;
    uint16_t cs = kernel ? (uint16_t)(r->cs & ~3) : r->cs;
    struct frame frame = {0};

    add(&frame, r->rcx);
    add(&frame, r->r11);
    if (b->failsafe)
        add_data_segments(&frame, r);
    if (b->has_error)
        add(&frame, b->error);
    add(&frame, r->rip);
    add(&frame, cs | (uint64_t)mask << 32);
    add(&frame, flags_of(v, mask));
    add(&frame, r->rsp);
    add(&frame, r->ss);
    at = (at & ~UINT64_C(15)) - frame.nr * sizeof(uint64_t);
    if (push(caller, at, &frame))
        return -EFAULT;
    v->context.flags |= VGCF_in_kernel;
    r->rflags &= ~(uint64_t)CLEARED_64;
    r->cs = FX_KERNEL_CS_64;
    r->ss = FX_KERNEL_SS_64;
    r->rsp = at;
    r->rip = b->address;
    return 0;
}

static int bounce_32(const struct fx_caller *caller, struct fx_vcpu_state *v,
                     uint8_t mask, const struct fx_bounce *b)
{
    cpu_user_regs_t *r = &v->context.user_regs;
    bool kernel = (r->cs & 3) == 1;
    uint64_t at = kernel ? r->rsp : v->context.kernel_sp;
    struct frame frame = {0};

    if (b->failsafe)
        add_data_segments(&frame, r);
    if (b->has_error)
        add(&frame, b->error);
    add(&frame, r->rip);
    add(&frame, r->cs | (uint64_t)mask << 16);
    add(&frame, flags_of(v, mask));
    if (!kernel) {
        add(&frame, r->rsp);
        add(&frame, r->ss);
    }
    at = (uint32_t)(at - frame.nr * sizeof(uint32_t));
    if (push(caller, at, &frame))
        return -EFAULT;
    r->rflags &= ~(uint64_t)CLEARED_32;
    if (!kernel)
        r->ss = (uint16_t)v->context.kernel_ss;
    r->cs = (uint16_t)b->cs;
    r->rsp = at;
    r->rip = (uint32_t)b->address;
    return 0;
}

int fx_bounce(const struct fx_caller *caller, struct fx_vcpu_state *v,
              uint8_t *mask, const struct fx_bounce *bounce)
{
    uint8_t masked = mask ? *mask : 0;
    int rc;

    if (caller->is_32bit ? !(bounce->cs & ~3u) : !bounce->address)
        return -EINVAL;
    rc = caller->is_32bit ? bounce_32(caller, v, masked, bounce)
                          : bounce_64(caller, v, masked, bounce);
    if (!rc && mask && bounce->masks_events)
        *mask = 1;
    return rc;
}
