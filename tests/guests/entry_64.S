/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * entry_64.S - start, hypercalls, traps and probes of the 64-bit guests.
 *
 * The kernel runs in ring 3; see arch-x86/xen-x86_64.h for the hypercall
 * convention. entry_32.S has the same symbols.
 */
#include "entry.h"

#define SAVE(reg, index) movq %reg, entry_regs + 8 * (index)
#define SAVE_SEG(reg, index)                                                   \
    xorl    %eax, %eax;                                                        \
    movw    %reg, %ax;                                                         \
    SAVE(rax, index)

    .text
    .globl  _start
_start:
    SAVE(rax, ENTRY_AX)
    SAVE(rbx, ENTRY_BX)
    SAVE(rcx, ENTRY_CX)
    SAVE(rdx, ENTRY_DX)
    SAVE(rdi, ENTRY_DI)
    SAVE(rsi, ENTRY_SI)
    SAVE(rbp, ENTRY_BP)
    SAVE(rsp, ENTRY_SP)
    SAVE(r8, ENTRY_R8)
    SAVE(r9, ENTRY_R8 + 1)
    SAVE(r10, ENTRY_R8 + 2)
    SAVE(r11, ENTRY_R8 + 3)
    SAVE(r12, ENTRY_R8 + 4)
    SAVE(r13, ENTRY_R8 + 5)
    SAVE(r14, ENTRY_R8 + 6)
    SAVE(r15, ENTRY_R8 + 7)
    pushfq
    popq    %rax
    SAVE(rax, ENTRY_FLAGS)
    SAVE_SEG(cs, ENTRY_CS)
    SAVE_SEG(ds, ENTRY_DS)
    SAVE_SEG(es, ENTRY_ES)
    SAVE_SEG(fs, ENTRY_FS)
    SAVE_SEG(gs, ENTRY_GS)
    SAVE_SEG(ss, ENTRY_SS)

    /* The boot stack is one page with page tables below it: use our own. */
    movq    $kernel_stack_end, %rsp
    xorl    %ebp, %ebp
    cld
    call    guest_start
1:  jmp     1b

    .globl  hypercall
hypercall:
    movl    %edi, %eax
    movq    %rsi, %rdi
    movq    %rdx, %rsi
    movq    %rcx, %rdx
    movq    %r8, %r10
    movq    %r9, %r8
#ifdef GUEST_HYPERCALL_PAGE
    shll    $5, %eax
    addq    $hypercall_page, %rax
    call    *%rax
#else
    syscall
#endif
    ret

    .globl  probe_write
probe_write:
    movq    (%rdi), %rax
write_access:
    movq    %rax, (%rdi)
    xorl    %eax, %eax
    ret

    .globl  probe_read
probe_read:
read_access:
    movq    (%rdi), %rax
    movq    %rax, (%rsi)
    xorl    %eax, %eax
    ret

probe_trapped:
    movl    $1, %eax
    ret

/*
 * Xen puts RCX and R11 on top of the usual frame, and the error code, where
 * there is one, below them. The RPL of the CS that it saved is 0, to say that
 * the kernel was interrupted; iretq needs the 3 that it really has.
 */
#define TRAP_STUB(vector, has_error)                                           \
    .globl  trap_stub_##vector;                                                \
trap_stub_##vector:                                                            \
    popq    %rcx;                                                              \
    popq    %r11;                                                              \
    .if has_error == 0;                                                        \
    pushq   $0;                                                                \
    .endif;                                                                    \
    pushq   $vector;                                                           \
    jmp     trap_common;

TRAP_VECTORS(TRAP_STUB)

trap_common:
    pushq   %rax
    pushq   %rbx
    pushq   %rcx
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %rbp
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    cld
    movq    %rsp, %rdi
    movq    %rsp, %rbp
    andq    $-16, %rsp
    call    guest_trap
    movq    %rbp, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rbp
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %rcx
    popq    %rbx
    popq    %rax
    addq    $16, %rsp
    orb     $3, 8(%rsp)
    iretq

    .section .rodata
    .balign 8
    .globl  probe_fixups, probe_fixups_end
probe_fixups:
    .quad   write_access, probe_trapped
    .quad   read_access, probe_trapped
probe_fixups_end:

    .data
    .balign 8
    .globl  entry_regs
entry_regs:
    .fill   ENTRY_NR, 8, 0

    .bss
    .balign 16
    .skip   BOOT_STACK_SIZE
kernel_stack_end:

#ifdef GUEST_HYPERCALL_PAGE
    /* Not in .bss, so that "nothing filled it" is visible as int3. */
    .data
    .balign 4096
    .globl  hypercall_page
hypercall_page:
    .fill   4096, 1, 0xcc
#endif

    .section .note.GNU-stack, "", @progbits
