/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/newborn.h - a domain that has not run its first instruction, as
 * libxenguest would have saved it, from its plan and the pages that a builder
 * writes.  No Xen takes part.
 */
#ifndef DW_STREAM_NEWBORN_H
#define DW_STREAM_NEWBORN_H

#include <stddef.h>
#include <stdint.h>

#include "pv/layout.h"

struct newborn {
    /* All of its memory follows in one piece from PFN 0 on. */
    const struct pv_layout *layout;
    /*
     * From PFN 0 to pv_layout_written_end(), in which each page is named by its
     * PFN: in page tables, start_info and `context`.
     */
    const uint8_t *pages;
    const void *context; /* vCPU 0's, vcpu_guest_context of its width */
    size_t context_size;
    const void *shared_info; /* a page */
    uint32_t tsc_mode;
    /* How far it is, in pages; 0 to go on.  Or NULL. */
    int (*tell)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

/*
 * Writes libxenguest's part of a saved domain, version 3.  A page that a
 * builder writes is there, zeros as holes in a file; any other takes 8 bytes.
 * The P2M list is zeros: whoever restores it writes that, but wants it to be
 * memory.  CPUID and MSRs are left out: the domain gets those of the host where
 * it is restored.  0; what tell() returned; or a negative errno of write(2), or
 * -ENOMEM.
 */
int __attribute__((warn_unused_result))
newborn_write(int fd, const struct newborn *newborn);

#endif /* DW_STREAM_NEWBORN_H */
