/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks/ramdisk.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

/* Deflate makes no more than 1032 bytes of one. */
#define DEFLATE_MOST 1032

/*
 * libxenguest hands over the file as it is where there is not room enough to
 * inflate it.  Four zeros behind it say that nothing is needed, and mean
 * nothing to a kernel that looks for archives.
 */
static int pad(struct xc_dom_image *dom, struct xc_dom_module *m)
{
    uint8_t *padded = xc_dom_malloc_page_aligned(dom, m->size + 4);

    if (!padded)
        return -ENOMEM;
    memcpy(padded, m->blob, m->size);
    memset(padded + m->size, 0, 4);
    m->blob = padded;
    m->size += 4;
    return 0;
}

int ramdisk_keep_whole(struct xc_dom_image *dom, unsigned int i,
                       struct gzip *gzip)
{
    struct xc_dom_module *m = &dom->modules[i];
    size_t room;

    *gzip = (struct gzip){.state = GZIP_NOT};
    /* One whose address is chosen is never unpacked. */
    if (i >= dom->num_modules || !m->blob || m->seg.vstart)
        return 0;
    room = xc_dom_check_gzip(dom->xch, m->blob, m->size);
    if (!room)
        return 0;
    gzip_look(m->blob, m->size, gzip);
    switch (gzip->state) {
    case GZIP_MORE:
    case GZIP_CUT:
        return pad(dom, m);
    case GZIP_DAMAGED:
        return room / DEFLATE_MOST > m->size ? pad(dom, m) : 0;
    default:
        return 0;
    }
}
