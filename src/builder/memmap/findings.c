/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memmap/findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int findings_add(struct findings *findings, const char *fmt, ...)
{
    char *text;
    va_list al;
    int n;

    if (findings->nr == findings->room) {
        size_t room = findings->room ? 2 * findings->room : 8;
        char **more = realloc(findings->text, room * sizeof(*more));

        if (!more)
            return -ENOMEM;
        findings->text = more;
        findings->room = room;
    }
    va_start(al, fmt);
    n = vasprintf(&text, fmt, al);
    va_end(al);
    if (n < 0)
        return -ENOMEM;
    findings->text[findings->nr++] = text;
    return 0;
}

void findings_dispose(struct findings *findings)
{
    size_t i;

    for (i = 0; i < findings->nr; i++)
        free(findings->text[i]);
    free(findings->text);
    *findings = (struct findings){0};
}
