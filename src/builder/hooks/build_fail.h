/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * build_fail.h - the one way in which the builder's steps report: a line
 * through the caller's logger, be that ours, xl's or libvirt's, and an errno.
 */
#ifndef DW_BUILD_FAIL_H
#define DW_BUILD_FAIL_H

#include <inttypes.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

/*
 * Reports "STEP: what happened" and returns rc, a negative errno.  Whoever is
 * called with a struct xc_dom_image has done so where it fails, and its callers
 * only pass rc on: one failure is one line.  errno fits it, and is to stay so:
 * xl and libvirt tell what it means.  (In between, libxenguest says "out of
 * memory" of whatever fails in the first hook, and no hook comes earlier.)
 */
int __attribute__((format(printf, 4, 5), warn_unused_result))
build_fail(struct xc_dom_image *dom, int rc, const char *step, const char *fmt,
           ...);

#endif /* DW_BUILD_FAIL_H */
