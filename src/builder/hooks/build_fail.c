/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks/build_fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* libxc's word for it, which libxenguest keeps as the handle's last error. */
static xc_error_code code_of(int rc)
{
    switch (rc) {
    case -ENOMEM:
        return XC_OUT_OF_MEMORY;
    case -EINVAL:
    case -ENOSPC:
        return XC_INVALID_PARAM;
    default:
        return XC_INTERNAL_ERROR;
    }
}

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
    xc_dom_panic(dom->xch, code_of(rc), "%s: %s", step, what);
    errno = errno_of(rc);
    return rc;
}
