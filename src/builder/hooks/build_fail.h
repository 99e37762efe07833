/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * build_fail.h - the one way in which the builder's steps report: a line
 * through the caller's logger, be that ours, xl's or libvirt's, and an errno.
 */
#ifndef DW_BUILD_FAIL_H
#define DW_BUILD_FAIL_H

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

/*
 * libxenctrl's, by which libxenguest and libxl report, too; of its public ones
 * each names a source file or another level.  The caller's logger, which libxl
 * and libvirt give to libxenctrl, is in its handle alone.
 */
void xc_report_error(xc_interface *xch, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What an errno means, whatever other threads do meanwhile. */
static inline const char *errno_text(int err)
{
    const char *text = strerrordesc_np(err);

    return text ? text : "unknown error";
}

/*
 * Where a build's refusal is kept until it is told: the first member of what
 * dom->arch_private points to.  A toolstack logs what it makes of errno when a
 * step has failed; what is kept is told after that.
 */
struct refusal {
    bool keep;
    char text[600];
};

/* Tells what was kept, if anything. */
void build_fail_tell(struct xc_dom_image *dom);

/*
 * Reports "domwright: STEP: what happened" and returns rc, a negative errno.
 * Whoever is called with a struct xc_dom_image has done so where it fails, and
 * its callers only pass rc on: one failure is one line.  errno fits it, and is
 * to stay so: xl and libvirt tell what it means.
 */
int __attribute__((format(printf, 4, 5), warn_unused_result))
build_fail(struct xc_dom_image *dom, int rc, const char *step, const char *fmt,
           ...);

#endif /* DW_BUILD_FAIL_H */
