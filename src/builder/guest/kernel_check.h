/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_check.h - what is wrong with a kernel.  libxenguest tries its loaders
 * and tells no more than that none of them liked the file; and it leaves out
 * what a truncated one lacks, and builds the rest.
 */
#ifndef DW_KERNEL_CHECK_H
#define DW_KERNEL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct xc_dom_image; /* xenguest.h */

/* Is all there that the ELF image's own tables speak of? */
bool kernel_is_complete(const void *elf, size_t size);

/*
 * Why xc_dom_parse_image(dom) failed, in one line in out[0 .. len - 1].
 * file[0 .. size - 1] is the kernel as it was before that call, which may have
 * unpacked it.  false: it is not known.
 */
bool kernel_find_fault(const struct xc_dom_image *dom, const void *file,
                       size_t size, char *out, size_t len);

#endif /* DW_KERNEL_CHECK_H */
