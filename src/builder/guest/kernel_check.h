/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_check.h - what is wrong with a kernel.  libxenguest tries its loaders
 * and tells no more than that none of them liked the file.
 */
#ifndef DW_KERNEL_CHECK_H
#define DW_KERNEL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct diag;         /* diag.h */
struct xc_dom_image; /* xenguest.h */

/*
 * Why xc_dom_kernel_file(dom) or xc_dom_parse_image(dom) failed, in one line in
 * out[0 .. len - 1].  file[0 .. size - 1] is the kernel as it was before that
 * call, which may have unpacked it, and `said` has libxenguest's words about
 * it.  false: it is not known.
 */
bool kernel_find_fault(const struct xc_dom_image *dom, const void *file,
                       size_t size, const struct diag *said, char *out,
                       size_t len);

#endif /* DW_KERNEL_CHECK_H */
