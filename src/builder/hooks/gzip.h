/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gzip.h - what a gzip file is made of (RFC 1952).  libxenguest unpacks its
 * first member, into a room whose size it takes from the file's last four
 * bytes, and looks at nothing else.
 */
#ifndef DW_GZIP_H
#define DW_GZIP_H

#include <stddef.h>
#include <stdint.h>

enum gzip_state {
    GZIP_NOT,     /* no gzip file */
    GZIP_WHOLE,   /* one member and nothing behind it */
    GZIP_PADDED,  /* zeros behind it */
    GZIP_MORE,    /* something else behind it: another member, an archive */
    GZIP_CUT,     /* the file ends within the first member */
    GZIP_DAMAGED, /* no inflating it */
    GZIP_LARGE,   /* more comes out of it than what is looked at */
};

struct gzip {
    enum gzip_state state;
    uint64_t unpacked; /* bytes that came out of the first member */
    uint64_t behind;   /* bytes of the file behind it, where its end is known */
};

/*
 * Looks at bytes[0 .. size - 1]: inflates the first member and keeps nothing of
 * it.  It goes no further than some KiB behind `most` bytes of that, as a file
 * of a MiB may hold a GiB.  Where there is no memory for it, GZIP_DAMAGED.
 */
void gzip_look(const void *bytes, size_t size, uint64_t most,
               struct gzip *gzip);

#endif /* DW_GZIP_H */
