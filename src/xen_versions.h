/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen_versions.h - what differs between the Xen versions that this tree is
 * built for, from 4.17 on: all of it, with the version and the reason.
 *
 * What headers and libraries have is asked of them, here by #ifdef or by
 * configure (HAVE_...).  What only a hypervisor knows follows the version that
 * they are of.
 *
 * Who needs one of them includes what the comment names beside this.
 */
#ifndef DW_XEN_VERSIONS_H
#define DW_XEN_VERSIONS_H

#include <config.h>

#include <xen/xen.h>

/* ---- what the libraries and headers have ---- */

/*
 * "Pick one" to createdomain.  4.22 named it, and there nothing else does; on
 * those before any reserved ID does, which this is.
 */
#ifndef DOMID_ANY
#define DOMID_ANY 0x7FF5
#endif

/*
 * What the caller of libxenguest asks of a domain's memory (xenguest.h): since
 * 4.22, for guests that are restored and need all of it below 4 GiB.
 */
#ifdef HAVE_STRUCT_XC_DOM_IMAGE_MEMFLAGS
#define XEN_DOM_MEMFLAGS(dom) ((dom)->memflags)
#else
#define XEN_DOM_MEMFLAGS(dom) ((void)(dom), 0u)
#endif

/* The same to xc_domain_restore(), as its last argument. */
#ifdef RESTORE_TAKES_MEMFLAGS
#define XEN_RESTORE_MEMFLAGS(flags) , (flags)
#else
#define XEN_RESTORE_MEMFLAGS(flags)
#endif

/*
 * Since 4.21 a console's page tells the guest whether anybody reads it, and
 * says no until xenconsoled does (xen/io/console.h).
 */
#ifdef HAVE_STRUCT_XENCONS_INTERFACE_CONNECTION
#define XEN_CONSOLE_STARTS(page)                                               \
    ((void)(((struct xencons_interface *)(page))->connection =                 \
                XENCONSOLE_DISCONNECTED))
#else
#define XEN_CONSOLE_STARTS(page) ((void)(page))
#endif

#endif /* DW_XEN_VERSIONS_H */
