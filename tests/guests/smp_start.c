/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* smp_start.c - a vCPU's first registers. */
#include "guest.h"
#include "smp.h"

#include <xen/vcpu.h>

#define STACK_SIZE 8192

static uint8_t stacks[SMP_MAX_VCPUS][STACK_SIZE] __attribute__((aligned(16)));
static vcpu_guest_context_t context;

#define TRAP_INFO(number, has_error)                                           \
    context.trap_ctxt[number] =                                                \
        (trap_info_t){.vector = (number),                                      \
                      .cs = FLAT_KERNEL_CS,                                    \
                      .address = (unsigned long)trap_stub_##number};

/* As if it had been called, from nowhere. */
static void enter_main(cpu_user_regs_t *regs, unsigned int vcpu)
{
    unsigned long *sp = (unsigned long *)(void *)stacks[vcpu + 1];

#ifdef __x86_64__
    *--sp = 0;
    *--sp = 0;
    regs->rsp = (uintptr_t)(sp + 1);
    regs->rip = (uintptr_t)smp_main;
    regs->rdi = vcpu;
#else
    sp -= 3;
    *--sp = vcpu;
    *--sp = 0;
    regs->esp = (uintptr_t)sp;
    regs->eip = (uintptr_t)smp_main;
#endif
}

long smp_start(unsigned int vcpu)
{
    long rc;

    if (vcpu + 1 >= SMP_MAX_VCPUS)
        return -GUEST_ENOENT;
    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel;
    enter_main(&context.user_regs, vcpu);
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ds = FLAT_KERNEL_DS;
    context.user_regs.es = FLAT_KERNEL_DS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = (uintptr_t)stacks[vcpu + 1];
    context.ctrlreg[3] = xen_pfn_to_cr3((unsigned long)cr3_to_mfn().v);
    TRAP_VECTORS(TRAP_INFO)
    rc = hypercall(__HYPERVISOR_vcpu_op, VCPUOP_initialise, vcpu,
                   (unsigned long)&context, 0, 0);
    if (!rc)
        rc = hypercall(__HYPERVISOR_vcpu_op, VCPUOP_up, vcpu, 0, 0, 0);
    return rc;
}
