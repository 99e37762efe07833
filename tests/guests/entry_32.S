/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * entry_32.S - start, hypercalls, traps and probes of the 32-bit guests.
 *
 * The kernel runs in ring 1; see arch-x86/xen-x86_32.h for the hypercall
 * convention. entry_64.S has the same symbols, but for probe_cr3().
 */
#include "entry.h"

#define SAVE(reg, index) movl %reg, entry_regs + 4 * (index)
#define SAVE_SEG(reg, index)                                                   \
    movl    %reg, %eax;                                                        \
    SAVE(eax, index)

    .text
    .globl  _start
_start:
    SAVE(eax, ENTRY_AX)
    SAVE(ebx, ENTRY_BX)
    SAVE(ecx, ENTRY_CX)
    SAVE(edx, ENTRY_DX)
    SAVE(edi, ENTRY_DI)
    SAVE(esi, ENTRY_SI)
    SAVE(ebp, ENTRY_BP)
    SAVE(esp, ENTRY_SP)
    pushfl
    popl    %eax
    SAVE(eax, ENTRY_FLAGS)
    SAVE_SEG(cs, ENTRY_CS)
    SAVE_SEG(ds, ENTRY_DS)
    SAVE_SEG(es, ENTRY_ES)
    SAVE_SEG(fs, ENTRY_FS)
    SAVE_SEG(gs, ENTRY_GS)
    SAVE_SEG(ss, ENTRY_SS)

    /* The boot stack is one page with page tables below it: use our own. */
    movl    $kernel_stack_end, %esp
    xorl    %ebp, %ebp
    cld
    call    guest_start
1:  jmp     1b

    .globl  hypercall
hypercall:
    pushl   %ebx
    pushl   %esi
    pushl   %edi
    movl    16(%esp), %eax
    movl    20(%esp), %ebx
    movl    24(%esp), %ecx
    movl    28(%esp), %edx
    movl    32(%esp), %esi
    movl    36(%esp), %edi
#ifdef GUEST_HYPERCALL_PAGE
    shll    $5, %eax
    addl    $hypercall_page, %eax
    call    *%eax
#else
    int     $0x82
#endif
    popl    %edi
    popl    %esi
    popl    %ebx
    ret

    .globl  probe_write
probe_write:
    movl    4(%esp), %edx
    movl    (%edx), %eax
write_access:
    movl    %eax, (%edx)
    xorl    %eax, %eax
    ret

    .globl  probe_read
probe_read:
    movl    4(%esp), %edx
    movl    8(%esp), %ecx
read_access:
    movl    (%edx), %eax
    movl    %eax, (%ecx)
    xorl    %eax, %eax
    ret

    .globl  probe_cr3
probe_cr3:
    movl    4(%esp), %edx
cr3_access:
    movl    %edx, %cr3
    xorl    %eax, %eax
    ret

probe_trapped:
    movl    $1, %eax
    ret

/*
 * Xen puts EIP, CS (with the saved upcall mask above it) and EFLAGS on the
 * stack in use, and the error code where there is one. An event upcall is
 * never unmasked here, so a plain iret is enough to go back.
 */
#define TRAP_STUB(vector, has_error)                                           \
    .globl  trap_stub_##vector;                                                \
trap_stub_##vector:                                                            \
    .if has_error == 0;                                                        \
    pushl   $0;                                                                \
    .endif;                                                                    \
    pushl   $vector;                                                           \
    jmp     trap_common;

TRAP_VECTORS(TRAP_STUB)

trap_common:
    pushal
    cld
    pushl   %esp
    call    guest_trap
    addl    $4, %esp
    popal
    addl    $8, %esp
    iret

    .section .rodata
    .balign 4
    .globl  probe_fixups, probe_fixups_end
probe_fixups:
    .long   write_access, probe_trapped
    .long   read_access, probe_trapped
    .long   cr3_access, probe_trapped
probe_fixups_end:

    .data
    .balign 4
    .globl  entry_regs
entry_regs:
    .fill   ENTRY_NR, 4, 0

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
