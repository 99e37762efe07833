/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_entry.S - from multiboot's 32-bit start to C in long mode, the static
 * tables, traps, and accesses that may fault.
 */

#include "x86_entry.h"

#define PHYS(symbol) (symbol - IMAGE_OFFSET)

/* Multiboot specification 0.6.96, 3.1: addresses are in the header. */
#define MAGIC     0x1badb002
#define FLAGS     0x00010002

#define CR0_SET   0x80010001 /* PG, WP, PE */
#define CR4_SET   0x000000a0 /* PGE, PAE */
#define MSR_EFER  0xc0000080
#define EFER_SET  0x00000900 /* NXE, LME */

#define TABLE_FLAGS 0x027 /* P, RW, US, A */
#define LEAF_FLAGS  0x063 /* P, RW, A, D */

    .section .head, "ax"
    .balign 4
header:
    .long   MAGIC, FLAGS, -(MAGIC + FLAGS)
    .long   PHYS(header), PHYS(image_start), PHYS(load_end), PHYS(image_end)
    .long   PHYS(start32)

    .code32
    .globl  start32
start32:
    cld
    movl    %eax, PHYS(boot_magic)
    movl    %ebx, PHYS(boot_info)
    movl    $PHYS(root), %eax
    movl    %eax, %cr3
    movl    %cr4, %eax
    orl     $CR4_SET, %eax
    movl    %eax, %cr4
    movl    $MSR_EFER, %ecx
    rdmsr
    orl     $EFER_SET, %eax
    wrmsr
    movl    %cr0, %eax
    orl     $CR0_SET, %eax
    movl    %eax, %cr0
    lgdt    PHYS(gdt_low)
    ljmp    $8, $PHYS(low64)

    .code64
low64:
    movabsq $high64, %rax
    jmp     *%rax

    .text
high64:
    lgdt    gdt_high(%rip)
    movl    $16, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    xorl    %eax, %eax
    movl    %eax, %fs
    movl    %eax, %gs
    movabsq $stack_end, %rsp
    xorl    %ebp, %ebp
    call    bare_main
1:  hlt
    jmp     1b

/*
 * move_to(to, from, bytes, cr3): the last copy and the switch, with nothing in
 * between that writes to memory; what is copied holds the stack, too.
 */
    .globl  move_to
move_to:
    movq    %rcx, %rax
    movq    %rdx, %rcx
    rep movsb
    movq    %rax, %cr3
    ret

    .globl  probe_read
probe_read:
read_access:
    movq    (%rdi), %rax
    movq    %rax, (%rsi)
    xorl    %eax, %eax
    ret

    .globl  probe_write
probe_write:
write_access:
    movq    %rsi, (%rdi)
    xorl    %eax, %eax
    ret

/* What is there is a ret, at most. */
    .globl  probe_exec
probe_exec:
    call    *%rdi
    xorl    %eax, %eax
    ret

    .globl  probe_trapped
probe_trapped:
    movl    $1, %eax
    ret

/* Intel SDM vol. 3A, table 6-1: who pushes an error code. */
    .balign 16
    .globl  trap_stubs
trap_stubs:
    .set    vector, 0
    .rept   32
    .balign 16
    .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq   $0
    .endif
    pushq   $vector
    jmp     trap_common
    .set    vector, vector + 1
    .endr

trap_common:
    pushq   %rax
    pushq   %rcx
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    cld
    movq    %rsp, %rdi
    call    bare_trap
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %rcx
    popq    %rax
    addq    $16, %rsp
    iretq

    .section .rodata
    .balign 8
    .globl  probe_fixups, probe_fixups_end
probe_fixups:
    .quad   read_access, write_access
probe_fixups_end:

    .balign 8
gdt:
    .quad   0
    .quad   0x00af9b000000ffff /* 8: 64-bit code */
    .quad   0x00cf93000000ffff /* 16: data */
gdt_low:
    .word   gdt_low - gdt - 1
    .long   PHYS(gdt)
gdt_high:
    .word   gdt_low - gdt - 1
    .quad   gdt

    .data
    .balign 4
    .globl  boot_magic, boot_info
boot_magic:
    .long   0
boot_info:
    .long   0

    .bss
    .balign 16
    .skip   16384
stack_end:

/*
 * The static tables.  Those of the direct map and those for temporary mappings
 * cover 4 GiB in entries of 2 MiB, none of them a leaf; the low 2 MiB of either
 * have a table of their own.  The image's maps 2 MiB in pages from where the
 * image's offset is.
 */
    .section .tables, "aw"
    .macro  point_to table
    .quad   PHYS(\table) + TABLE_FLAGS
    .endm

    .balign 4096
    .globl  root
root:
    point_to l3_boot
    .fill   261, 8, 0
    point_to l3_direct
    .fill   248, 8, 0
    point_to l3_image

    .macro  four tables
    .set    nr, 0
    .rept   4
    .quad   PHYS(\tables) + nr * 4096 + TABLE_FLAGS
    .set    nr, nr + 1
    .endr
    .fill   508, 8, 0
    .endm
l3_boot:
    four    l2_boot
l3_direct:
    four    l2_direct
l3_image:
    .fill   510, 8, 0
    point_to l2_image
    .quad   0

l2_boot:
    point_to l1_identity
    .fill   4 * 512 - 1, 8, 0
l2_direct:
    point_to l1_direct
    .fill   4 * 512 - 1, 8, 0
l1_direct:
    .fill   512, 8, 0
l2_image:
    point_to l1_image
    .fill   511, 8, 0

    .globl  l1_image
l1_image:
    .fill   256, 8, 0
    .set    nr, 256
    .rept   256
    .quad   nr * 4096 + LEAF_FLAGS
    .set    nr, nr + 1
    .endr

/* Constant: virtual is physical here, wherever the image is. */
    .globl  l1_identity
l1_identity:
    .set    nr, 0
    .rept   512
    .quad   nr * 4096 + LEAF_FLAGS
    .set    nr, nr + 1
    .endr

    .section .rodata
    .balign 8
    .globl  static_tables
    .macro  static table, level, constant=0
    .quad   \table
    .long   \level, \constant
    .endm
static_tables:
    static  root, 3
    static  l3_boot, 2
    static  l3_direct, 2
    static  l3_image, 2
    .set    nr, 0
    .rept   4
    static  "(l2_boot + 4096 * nr)", 1
    static  "(l2_direct + 4096 * nr)", 1
    .set    nr, nr + 1
    .endr
    static  l2_image, 1
    static  l1_direct, 0
    static  l1_image, 0
    static  l1_identity, 0, 1
    .quad   0, 0

    .section .note.GNU-stack, "", @progbits
