/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.h - the guest's kernel and ramdisk, and the plan made for them.
 *
 * Order of calls: dw_hooks_register(), image_open(), image_plan(), then
 * domain_build() on its `dom`, image_close().  Nothing here touches a domain,
 * so that a kernel that cannot run is found before one exists.
 */
#ifndef DW_IMAGE_H
#define DW_IMAGE_H

#include <stdbool.h>
#include <xenctrl.h>
#include <xenguest.h>

#include "config/guest_config.h"
#include "diag.h"
#include "hooks/plan.h"

struct image {
    struct xc_dom_image *dom;
    struct dw_plan plan; /* a copy of the hooks' own */
    /* To be set between image_open() and image_plan(): it goes to a file.  Who
     * restores that clears start_info's flags, of which one says that a ramdisk
     * is not mapped: so it is. */
    bool for_file;
};

/* What a 64-bit Xen with 32-bit PV guests says of itself; for --dry-run. */
extern const char image_any_caps[];

/*
 * Opens kernel and ramdisk for a guest on the host that `xc` talks to.  `caps`
 * stands for that host's capabilities where there is no host to ask (`xc` is
 * a XC_OPENFLAG_DUMMY one); NULL otherwise.  Failures in dg are DW_CONFIG.
 */
int __attribute__((warn_unused_result))
image_open(struct image *image, xc_interface *xc, const char *caps,
           const struct config *cfg, struct diag *dg);

/* Parses the kernel and plans the memory; fills in image->plan. */
int __attribute__((warn_unused_result))
image_plan(struct image *image, const struct config *cfg, struct diag *dg);

/* 32 or 64; 0: the kernel cannot be read, or is none. */
unsigned int image_width(xc_interface *xc, const struct config *cfg);

/* May be called again, and without image_open() on a zeroed struct. */
void image_close(struct image *image);

#endif /* DW_IMAGE_H */
