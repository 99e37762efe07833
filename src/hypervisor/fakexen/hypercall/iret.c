/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iret.c - back from an event or a trap: registers from the kernel's stack.
 */
#include "hypercall/iret.h"

#include <xen/sched.h>

#include "domain/domain.h"
#include "domain/event.h"
#include "domain/state.h"
#include "machine/tlb.h"

#define EFLAGS_TF   (UINT64_C(1) << 8)
#define EFLAGS_IF   (UINT64_C(1) << 9)
#define EFLAGS_IOPL (UINT64_C(3) << 12)
#define EFLAGS_NT   (UINT64_C(1) << 14)
#define EFLAGS_RF   (UINT64_C(1) << 16)
#define EFLAGS_VM   (UINT64_C(1) << 17)

#define GP_FAULT 13

/* Bit 2 of trap_info's flags: events are masked on entry. */
#define TRAP_MASKS_EVENTS 4

static long crash(const struct fx_caller *caller)
{
    fx_domain_shutdown(caller->host, caller->domain, SHUTDOWN_crash);
    return 0;
}

/* EFLAGS.IF of the frame is what the guest knows as its upcall mask. */
static void set_upcall_mask(const struct fx_caller *caller, uint64_t flags)
{
    uint8_t *info = fx_vcpu_info(caller->host, caller->domain, caller->vcpu);

    if (info)
        __atomic_store_n(&info[FX_UPCALL_MASK], !(flags & EFLAGS_IF),
                         __ATOMIC_SEQ_CST);
}

static void set_iopl(const struct fx_caller *caller, struct fx_vcpu_state *v,
                     uint64_t flags)
{
    if (fx_has_assist(caller->domain, VMASST_TYPE_architectural_iopl))
        v->iopl = (uint8_t)((flags & EFLAGS_IOPL) >> 12);
}

/* Into user mode, if that is where the frame leads: other tables, another GS.
 * False: there are no such tables. */
static bool leave_kernel(const struct fx_caller *caller,
                         struct fx_vcpu_state *v)
{
    if (v->user_root == FX_NO_MFN)
        return false;
    v->context.flags &= ~(unsigned long)VGCF_in_kernel;
    fx_tlb_flush(caller->domain);
    return true;
}

static long iret_64(const struct fx_caller *caller, struct fx_vcpu_state *v)
{
    cpu_user_regs_t *regs = &v->context.user_regs;
    struct iret_context frame;

    if (fx_copy_in(caller, &frame, regs->rsp, sizeof(frame)) ||
        ((frame.cs & 3) == 3 && !leave_kernel(caller, v)))
        return crash(caller);
    set_iopl(caller, v, frame.rflags);
    regs->rip = frame.rip;
    regs->cs = (uint16_t)(frame.cs | 3);
    regs->rflags = (frame.rflags & ~(EFLAGS_IOPL | EFLAGS_VM)) | EFLAGS_IF;
    regs->rsp = frame.rsp;
    regs->ss = (uint16_t)(frame.ss | 3);
    if (frame.flags & VGCF_in_syscall) { /* as sysret leaves them */
        regs->rcx = regs->rip;
        regs->r11 = regs->rflags;
    } else {
        regs->rcx = frame.rcx;
        regs->r11 = frame.r11;
    }
    set_upcall_mask(caller, frame.rflags);
    return (long)frame.rax;
}

/* The words of a 32-bit frame, from the stack pointer on. */
enum { EAX, EIP, CS, EFLAGS, ESP, SS, FRAME_WORDS };

/* What the stub has pushed, and the part that any frame has. */
#define SHORT_WORDS ESP

/*
 * There is no virtual 8086 mode: the kernel gets #GP for the first instruction
 * there, with the frame on its stack in front of the error code.
 */
static long refuse_vm86(const struct fx_caller *caller, struct fx_vcpu_state *v,
                        uint64_t flags)
{
    cpu_user_regs_t *regs = &v->context.user_regs;
    const trap_info_t *handler = &v->context.trap_ctxt[GP_FAULT];
    uint32_t words[10], sp = (uint32_t)v->context.kernel_sp - sizeof(words);

    if (fx_copy_in(caller, words, (uint32_t)regs->rsp, sizeof(words)))
        return crash(caller);
    words[0] = 0;
    if (fx_copy_out(caller, sp, words, sizeof(words)))
        return crash(caller);
    regs->rsp = sp;
    regs->ss = (uint16_t)v->context.kernel_ss;
    regs->rflags &= ~(EFLAGS_VM | EFLAGS_RF | EFLAGS_NT | EFLAGS_TF);
    regs->rip = handler->address;
    regs->cs = handler->cs;
    set_upcall_mask(caller, handler->flags & TRAP_MASKS_EVENTS
                                ? flags & ~EFLAGS_IF
                                : flags);
    return (long)(uint32_t)regs->rax;
}

static long iret_32(const struct fx_caller *caller, struct fx_vcpu_state *v)
{
    cpu_user_regs_t *regs = &v->context.user_regs;
    uint32_t sp = (uint32_t)regs->rsp, frame[FRAME_WORDS];

    if (fx_copy_in(caller, frame, sp, SHORT_WORDS * sizeof(*frame)))
        return crash(caller);
    set_iopl(caller, v, frame[EFLAGS]);
    regs->rax = frame[EAX];
    regs->rip = frame[EIP];
    regs->cs = (uint16_t)frame[CS];
    regs->rflags = (frame[EFLAGS] & ~EFLAGS_IOPL) | EFLAGS_IF;
    if (frame[EFLAGS] & EFLAGS_VM)
        return refuse_vm86(caller, v, frame[EFLAGS]);
    switch (regs->cs & 3) {
    case 0:
        return crash(caller);
    case 1: /* the kernel's own ring: its stack stays */
        regs->rsp = sp + SHORT_WORDS * (uint32_t)sizeof(*frame);
        break;
    default:
        if (fx_copy_in(caller, &frame[ESP],
                       sp + SHORT_WORDS * (uint32_t)sizeof(*frame),
                       (FRAME_WORDS - ESP) * sizeof(*frame)))
            return crash(caller);
        regs->rsp = frame[ESP];
        regs->ss = (uint16_t)frame[SS];
    }
    set_upcall_mask(caller, frame[EFLAGS]);
    return (long)frame[EAX];
}

long fx_iret(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);

    (void)arg;
    if (!v)
        return crash(caller);
    return caller->is_32bit ? iret_32(caller, v) : iret_64(caller, v);
}
