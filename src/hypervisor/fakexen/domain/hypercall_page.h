/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercall_page.h - the page through which a guest makes hypercalls.
 */
#ifndef FX_HYPERCALL_PAGE_H
#define FX_HYPERCALL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Writes a stub for each hypercall of a guest of that width. */
void fx_write_hypercall_page(uint8_t *page, bool is_32bit);

#endif /* FX_HYPERCALL_PAGE_H */
