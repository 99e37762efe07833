/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * build_error.h - how the builder's steps report: one line through the
 * caller's logger, kept by libxenguest as the handle's last error.
 */
#ifndef DW_BUILD_ERROR_H
#define DW_BUILD_ERROR_H

#include <inttypes.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

/* "STEP: what happened"; `code` is an xc_error_code. */
#define build_error(dom, code, step, fmt, ...)                                 \
    xc_dom_panic((dom)->xch, (code), step ": " fmt, ##__VA_ARGS__)

#endif /* DW_BUILD_ERROR_H */
