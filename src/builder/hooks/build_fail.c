/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks/build_fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/*
 * What the callers of libxenguest tell of a failure is errno's meaning, as the
 * last line that is read.  Nobody's disk is full, nor a command line of theirs
 * too long.
 */
static int errno_of(int rc)
{
    switch (rc) {
    case -ENOSPC:
        return ENOMEM;
    case -E2BIG:
        return EINVAL;
    default:
        return -rc;
    }
}

int build_fail(struct xc_dom_image *dom, int rc, const char *step,
               const char *fmt, ...)
{
    char what[512];
    va_list al;

    va_start(al, fmt);
    vsnprintf(what, sizeof(what), fmt, al);
    va_end(al);
    xc_report_error(dom->xch, XC_ERROR_NONE, "domwright: %s: %s", step, what);
    errno = errno_of(rc);
    return rc;
}
