/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen_versions.h - what differs between the Xen versions that this tree is
 * built for, from 4.17 on: all of it, with the version and the reason.
 *
 * What headers and libraries have is asked of them: by #ifdef of the thing
 * here, or by configure (HAVE_...).
 */
#ifndef DW_XEN_VERSIONS_H
#define DW_XEN_VERSIONS_H

#include <xen/xen.h>

/*
 * "Pick one" to createdomain.  4.22 named it, and there nothing else does; on
 * those before any reserved ID does, which this is.
 */
#ifndef DOMID_ANY
#define DOMID_ANY 0x7FF5
#endif

#endif /* DW_XEN_VERSIONS_H */
