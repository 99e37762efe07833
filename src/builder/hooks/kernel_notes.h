/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_notes.h - what a kernel's ELF says about the PV interface and
 * libxenguest keeps to itself (its struct elf_dom_parms is private).
 *
 * Sources: xen/elfnote.h for the notes; libxenguest's own order for where
 * they are looked for (PT_NOTE segments, then SHT_NOTE sections, then the
 * legacy "__xen_guest" section), so that both see the same kernel.
 */
#ifndef DW_KERNEL_NOTES_H
#define DW_KERNEL_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_notes {
    bool extended_cr3;  /* the guest takes an L3 above 4 GiB */
    bool mod_start_pfn; /* modules need not be mapped */
    uint64_t init_p2m;  /* address, or UINT64_MAX */
    bool phys32_entry;  /* has a PVH entry point */
    bool pv;            /* says something about PV: notes or __xen_guest */
};

/*
 * Reads the notes of the ELF image in elf[0 .. size - 1], which is neither
 * changed nor kept.  0, or -ENOEXEC where it is not an ELF image that libelf
 * can read.  An image without notes is no error: all members say "no".
 */
int __attribute__((warn_unused_result))
kernel_notes_read(const void *elf, size_t size, struct kernel_notes *notes);

#endif /* DW_KERNEL_NOTES_H */
