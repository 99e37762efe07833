/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ramdisk.h - a ramdisk arrives whole.
 *
 * Up to 4.19 libxenguest unpacks a gzip ramdisk, into a room whose size it
 * takes from the file's last four bytes; of several members, which Linux
 * unpacks one after the other, the guest would get the first, and nobody is
 * told.  And a file that is cut off asks for as much memory as those bytes
 * happen to say.  What is not one sound member reaches the guest as it is: a
 * Linux unpacks it by itself, and says what is wrong with it.
 */
#ifndef DW_RAMDISK_H
#define DW_RAMDISK_H

struct xc_dom_image; /* xenguest.h */

enum ramdisk_state {
    RAMDISK_WHOLE,   /* nothing is to be said of it */
    RAMDISK_CUT,     /* a gzip file that ends too early; handed over as it is */
    RAMDISK_DAMAGED, /* a gzip file that cannot be unpacked; the same */
    RAMDISK_FIRST,   /* all but its first member, of a few bytes, is lost */
};

/*
 * Has module number `i` of `dom`, if there is such a one, arrive whole.  To be
 * called before libxenguest builds it, once: it inflates a gzip file.
 * 0 and *state, or -ENOMEM.
 */
int __attribute__((warn_unused_result))
ramdisk_keep_whole(struct xc_dom_image *dom, unsigned int i,
                   enum ramdisk_state *state);

#endif /* DW_RAMDISK_H */
