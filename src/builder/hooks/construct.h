/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * construct.h - a domain's first page tables, as its plan has them.
 */
#ifndef DW_CONSTRUCT_H
#define DW_CONSTRUCT_H

#include "pv/layout.h"

/*
 * Writes every table of `layout` in full, and touches nothing else.  `mfns`
 * resolves the layout's PFNs; `boot` is the memory from PFN 0 up to
 * pv_layout_written_end(), one page after the other.
 * 0, or -EPROTO, -EFAULT, -EEXIST or -ERANGE where tables and plan contradict
 * each other.
 */
int __attribute__((warn_unused_result))
construct_tables(const struct pv_layout *layout, const uint64_t *mfns,
                 void *boot);

#endif /* DW_CONSTRUCT_H */
