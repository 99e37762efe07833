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

void build_fail_tell(struct xc_dom_image *dom)
{
    struct refusal *kept = dom->arch_private;

    if (kept && kept->text[0])
        xc_report_error(dom->xch, XC_ERROR_NONE, "%s", kept->text);
    if (kept)
        kept->text[0] = '\0';
}

int build_fail(struct xc_dom_image *dom, int rc, const char *step,
               const char *fmt, ...)
{
    struct refusal *kept = dom->arch_private, now = {.keep = false};
    struct refusal *to = kept && kept->keep ? kept : &now;
    va_list al;
    int n;

    n = snprintf(to->text, sizeof(to->text), "domwright: %s: ", step);
    va_start(al, fmt);
    vsnprintf(to->text + n, sizeof(to->text) - (size_t)n, fmt, al);
    va_end(al);
    if (to == &now)
        xc_report_error(dom->xch, XC_ERROR_NONE, "%s", now.text);
    errno = errno_of(rc);
    return rc;
}
