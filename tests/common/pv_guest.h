/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pv_guest.h - builds a PV guest through libxenguest, in a toolstack's order
 * and with nothing else of one: no xenstore, no devices.  Whose hooks build it
 * is the caller's to choose beforehand, see hooks.h.
 *
 * Order of calls: pv_guest_create(), pv_guest_load(), pv_guest_build(), and
 * whatever came of them pv_guest_release().  The domain stays, paused.  All
 * return 0 or -1, with a message.
 */
#ifndef PV_GUEST_H
#define PV_GUEST_H

#include <stdint.h>

#include <xenctrl.h>
#include <xenguest.h>

struct pv_guest {
    xc_interface *xch;
    const char *kernel;
    const char *ramdisk; /* NULL: none */
    const char *cmdline; /* NULL: an empty one */
    unsigned int mib, vcpus;
    unsigned int hole_mib;    /* in the middle of the memory; 0: none */
    uint32_t domid;           /* 0: none yet */
    struct xc_dom_image *dom; /* NULL: none */
};

/* An empty domain. */
int __attribute__((warn_unused_result)) pv_guest_create(struct pv_guest *guest);

/* Its event channels and CPU policy, and the image parsed. */
int __attribute__((warn_unused_result)) pv_guest_load(struct pv_guest *guest);

/* All that hooks do, and the grant table. */
int __attribute__((warn_unused_result)) pv_guest_build(struct pv_guest *guest);

/* What the build took of this process. */
void pv_guest_release(struct pv_guest *guest);

/* The end of the domain, if there is one. */
int __attribute__((warn_unused_result))
pv_guest_destroy(struct pv_guest *guest);

#endif /* PV_GUEST_H */
