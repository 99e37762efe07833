/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks/ramdisk.h"

#include <errno.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "hooks/gzip.h"
#include "xen_versions.h"

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

/* What libxenguest makes of the file's last four bytes, if those say nothing.
 */
#define LEAST_ROOM 16

int ramdisk_keep_whole(struct xc_dom_image *dom, unsigned int i,
                       enum ramdisk_state *state)
{
    struct xc_dom_module *m = &dom->modules[i];
    struct gzip gzip;
    size_t room;

    *state = RAMDISK_WHOLE;
    /* One whose address is chosen is never unpacked. */
    if (i >= dom->num_modules || !m->blob || m->seg.vstart)
        return 0;
    gzip_look(m->blob, m->size, XC_DOM_DECOMPRESS_MAX, &gzip);
    if (gzip.state == GZIP_CUT)
        *state = RAMDISK_CUT;
    else if (gzip.state == GZIP_DAMAGED)
        *state = RAMDISK_DAMAGED;
    else if (gzip.state != GZIP_MORE && gzip.state != GZIP_LARGE)
        return 0;
    if (!XEN_UNPACKS_RAMDISKS)
        return 0;
    room = xc_dom_check_gzip(dom->xch, m->blob, m->size);
    /* It is handed over as it is already, in no more room than is in sight. */
    if (!room || (gzip.state == GZIP_DAMAGED && room / DEFLATE_MOST <= m->size))
        return 0;
    if (gzip.state == GZIP_MORE && gzip.unpacked <= LEAST_ROOM)
        *state = RAMDISK_FIRST;
    return pad(dom, m);
}
