/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF files that are no PV guest's kernel, or one of a certain size (BSS, in
 * bytes), for cases in which nothing of them is ever run.
 */
#define NOTE(type, value)                                                      \
        .long 4, 4, type; .asciz "Xen"; .long value

#define STRING(type, text)                                                     \
        .long 4, 2f - 1f, type; .asciz "Xen"; 1: .asciz text; 2: .balign 4

#ifdef PVH_ONLY
        .section .note.Xen, "a", @note
        NOTE(18, _start)                        /* PHYS32_ENTRY */
#endif

#ifdef NO_PAE
        .section __xen_guest, "a", @progbits
        .asciz "GUEST_OS=none,XEN_VER=xen-3.0,LOADER=generic,PAE=no"
#endif

#ifdef BSS
        .section .note.Xen, "a", @note
        STRING(6, "none")                       /* GUEST_OS */
        STRING(8, "generic")                    /* LOADER */
        STRING(5, "xen-3.0")                    /* XEN_VERSION */
        STRING(9, "yes")                        /* PAE_MODE */
        NOTE(3, 0)                              /* VIRT_BASE */
        NOTE(1, _start)                         /* ENTRY */
        .bss
        .skip BSS
#endif

        .text
        .globl _start
_start: hlt
