/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_entry.S - where the CPUs begin, the vectors of EL2, and the three accesses
 * of EL1 that may fault.
 */

#define STACK_SIZE 16384

    .section .text.entry, "ax"
    .global _start
_start:                     /* the first CPU: EL2, no MMU, as QEMU starts it */
    adrp x0, first_stack + STACK_SIZE
    mov sp, x0
    adrp x0, vectors
    msr vbar_el2, x0
    isb
    bl first_cpu
    b .

    .text
    .global second_start
second_start:               /* the second one, by PSCI CPU_ON */
    adrp x0, second_stack + STACK_SIZE
    mov sp, x0
    adrp x0, vectors
    msr vbar_el2, x0
    isb
    bl second_cpu
    b .

/* void guest_enter(void): EL1, no stage 1, all interrupts masked */
    .global guest_enter
guest_enter:
    adrp x0, guest_stack + STACK_SIZE
    msr sp_el1, x0
    adrp x0, guest_main
    add x0, x0, :lo12:guest_main
    msr elr_el2, x0
    mov x0, #0x3c5          /* D, A, I, F; EL1h */
    msr spsr_el2, x0
    eret

    .macro vector kind
    .balign 0x80
    sub sp, sp, #272        /* struct trap_frame */
    stp x0, x1, [sp]
    mov x1, #\kind
    b trapped
    .endm

    .balign 0x1000
vectors:
    vector 0
    vector 1
    vector 2
    vector 3
    vector 4
    vector 5
    vector 6
    vector 7
    vector 8
    vector 9
    vector 10
    vector 11
    vector 12
    vector 13
    vector 14
    vector 15

trapped:
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x2, elr_el2
    mrs x3, spsr_el2
    stp x30, x2, [sp, #240]
    str x3, [sp, #256]
    mov x0, sp
    bl trap
    ldr x3, [sp, #256]
    ldp x30, x2, [sp, #240]
    msr elr_el2, x2
    msr spsr_el2, x3
    ldp x28, x29, [sp, #224]
    ldp x26, x27, [sp, #208]
    ldp x24, x25, [sp, #192]
    ldp x22, x23, [sp, #176]
    ldp x20, x21, [sp, #160]
    ldp x18, x19, [sp, #144]
    ldp x16, x17, [sp, #128]
    ldp x14, x15, [sp, #112]
    ldp x12, x13, [sp, #96]
    ldp x10, x11, [sp, #80]
    ldp x8, x9, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp]
    add sp, sp, #272
    eret

/*
 * At EL1. Where an access faults, trap() makes its cause the result and goes
 * on behind the instruction; of probe_exec(), at its caller.
 */
    .global probe_read, probe_read_at
probe_read:                 /* uint64_t probe_read(uint64_t address) */
probe_read_at:
    ldr x0, [x0]
    ret

    .global probe_write, probe_write_at
probe_write:                /* uint64_t probe_write(address, value): 0 */
    mov x2, x0
    mov x0, #0
probe_write_at:
    str x1, [x2]
    ret

    .global probe_exec
probe_exec:                 /* uint64_t probe_exec(address): what is called */
    mov x1, x0              /* what trap() knows it by */
    mov x2, x30
    br x0

    .global guest_hvc
guest_hvc:                  /* void guest_hvc(uint64_t call, uint64_t arg) */
    hvc #0
    ret

    .section .bss
    .balign 4096
first_stack:
    .skip STACK_SIZE
second_stack:
    .skip STACK_SIZE
guest_stack:
    .skip STACK_SIZE
