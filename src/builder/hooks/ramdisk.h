/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ramdisk.h - a ramdisk arrives whole.
 *
 * libxenguest unpacks a gzip ramdisk, into a room whose size it takes from the
 * file's last four bytes; of several members, which Linux unpacks one after the
 * other, the guest would get the first, and nobody is told.  And a file that is
 * cut off asks for as much memory as those bytes happen to say.  What is not
 * one sound member reaches the guest as it is: a Linux unpacks it by itself,
 * and says what is wrong with it.
 */
#ifndef DW_RAMDISK_H
#define DW_RAMDISK_H

#include "hooks/gzip.h"

struct xc_dom_image; /* xenguest.h */

/*
 * Has module number `i` of `dom`, if there is such a one, arrive whole.  To be
 * called before libxenguest builds it, once: it inflates the file.  What it is
 * made of is in *gzip then; GZIP_NOT also where libxenguest leaves it alone.
 * 0 or -ENOMEM.
 */
int __attribute__((warn_unused_result))
ramdisk_keep_whole(struct xc_dom_image *dom, unsigned int i, struct gzip *gzip);

#endif /* DW_RAMDISK_H */
