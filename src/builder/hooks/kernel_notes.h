/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_notes.h - what a kernel's ELF file says about the PV interface.
 * libxenguest keeps it to itself (its struct elf_dom_parms is private), and
 * nothing of it where it refuses the kernel.
 *
 * Sources: xen/elfnote.h for the notes and xen/features.h; libxenguest's own
 * order for where they are looked for (PT_NOTE segments, then SHT_NOTE
 * sections, then the legacy "__xen_guest" section) and how they are read, so
 * that both see the same kernel.
 */
#ifndef DW_KERNEL_NOTES_H
#define DW_KERNEL_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a kernel's words for Xen were found. */
enum kernel_source {
    KERNEL_SAYS_NOTHING,
    KERNEL_HAS_NOTES,  /* one of Xen's at least, of whatever type */
    KERNEL_HAS_STRING, /* __xen_guest */
};

/* A number that a kernel does not give. */
#define KERNEL_UNSET UINT64_MAX

struct kernel_notes {
    enum kernel_source source;
    unsigned int machine; /* e_machine of elf.h */
    bool pae;             /* runs with PAE at all */
    bool extended_cr3;    /* and takes an L3 above 4 GiB */
    bool mod_start_pfn;   /* modules need not be mapped */
    bool symbols;         /* BSD_SYMTAB: they are loaded behind it */
    /* Addresses, or KERNEL_UNSET: */
    uint64_t init_p2m, virt_base, paddr_offset, phys32_entry, hypercall_page;
    uint64_t entry; /* the ELF header's where nothing else is said */
    /* What it has to load, by physical address; first > end: nothing. */
    uint64_t first, end;
    /* As libxenguest keeps them, cut at 15 bytes; "": not given. */
    char loader[16], guest_os[16], xen_version[16];
    uint32_t required; /* XENFEAT_*, of submap 0 */
    /* The first "!feature" that libxenguest does not know; "": none. */
    char unknown_feature[64];
    bool cut; /* the file ends before the contents of a note of Xen's */
};

/*
 * Reads the notes of the ELF image in elf[0 .. size - 1], which is neither
 * changed nor kept.  An image without notes is no error: all members say "no".
 * -ENOEXEC and -EBADMSG are elf_image_open()'s.
 */
int __attribute__((warn_unused_result))
kernel_notes_read(const void *elf, size_t size, struct kernel_notes *notes);

/* Is all there that is loaded of the ELF image, and its notes of Xen's? */
bool kernel_is_complete(const void *elf, size_t size);

#endif /* DW_KERNEL_NOTES_H */
