/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pv/hypercall_page.h - the page through which a guest makes hypercalls, for a
 * domain that no Xen has made yet: elsewhere Xen writes it.
 */
#ifndef DW_PV_HYPERCALL_PAGE_H
#define DW_PV_HYPERCALL_PAGE_H

#include "pv/boot_abi.h"

extern const struct pv_stubs pv_stubs_x86_32, pv_stubs_x86_64;

/*
 * Writes the whole 4 KiB page: a stub each 32 bytes, by the calling conventions
 * of xen/arch-x86/xen-x86_32.h and xen-x86_64.h, and traps between them.
 */
void pv_hypercall_page_write(const struct pv_abi *abi, void *page);

#endif /* DW_PV_HYPERCALL_PAGE_H */
