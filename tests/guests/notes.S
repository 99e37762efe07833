/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notes.S - how each variant tells the domain builder what it is.
 *
 * Either ELF notes (elfnote.h) or, for the legacy variant, the __xen_guest
 * string alone. PAE_MODE=yes in a note means that the guest takes an L3 above
 * 4 GiB; PAE=yes in the string means that it does not.
 */
#include <xen/elfnote.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

#ifdef GUEST_LEGACY

    .section __xen_guest, "", @progbits
    .ascii  "GUEST_OS=domwright,GUEST_VER=0.1,XEN_VER=xen-3.0"
    .ascii  ",LOADER=generic,PAE=yes"
    .ascii  ",VIRT_BASE="
    .asciz  TEXT(GUEST_VIRT_BASE)

#else

    .macro  note_string type:req, text:req
    .balign 4
    .long   2f - 1f, 4f - 3f, \type
1:  .asciz  "Xen"
2:  .balign 4
3:  .asciz  "\text"
4:  .balign 4
    .endm

    /* A number is as wide as a pointer of the guest. */
    .macro  note_number type:req, value:req
    .balign 4
    .long   2f - 1f, 4f - 3f, \type
1:  .asciz  "Xen"
2:  .balign 4
3:
#ifdef __x86_64__
    .quad   \value
#else
    .long   \value
#endif
4:  .balign 4
    .endm

    .section .note.Xen, "a", @note
    note_string XEN_ELFNOTE_GUEST_OS, "domwright"
    note_string XEN_ELFNOTE_GUEST_VERSION, "0.1"
    note_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    note_string XEN_ELFNOTE_LOADER, "generic"
    note_number XEN_ELFNOTE_ENTRY, _start
    note_number XEN_ELFNOTE_VIRT_BASE, GUEST_VIRT_BASE
    /* Program headers hold virtual addresses for physical ones too. */
    note_number XEN_ELFNOTE_PADDR_OFFSET, GUEST_VIRT_BASE
#ifdef GUEST_HYPERCALL_PAGE
    note_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
#endif
#ifndef __x86_64__
    note_string XEN_ELFNOTE_PAE_MODE, "yes"
#endif
#ifdef GUEST_INIT_P2M
    note_number XEN_ELFNOTE_INIT_P2M, GUEST_INIT_P2M
#endif
#ifdef GUEST_MOD_START_PFN
    note_number XEN_ELFNOTE_MOD_START_PFN, 1
#endif

#endif

    .section .note.GNU-stack, "", @progbits
