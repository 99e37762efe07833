/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define LINE sizeof(((struct diag *)0)->line[0])

void diag_init(struct diag *dg)
{
    memset(dg, 0, sizeof(*dg));
}

void diag_forget(struct diag *dg)
{
    const bool verbose = dg->verbose, quiet = dg->quiet;

    diag_init(dg);
    dg->verbose = verbose;
    dg->quiet = quiet;
}

void diag_step(struct diag *dg)
{
    dg->cause[0] = '\0';
    dg->detail[0] = '\0';
}

void diag_next(struct diag *dg)
{
    diag_step(dg);
    dg->told = false;
}

void diag_drop(struct diag *dg)
{
    if (!dg->told)
        return;
    dg->told = false;
    dg->nr--;
    if (!dg->nr)
        dg->code = DW_DONE;
}

static void add_line(struct diag *dg, int code, const char *line)
{
    if (!dg->code)
        dg->code = code;
    if (dg->nr < DIAG_LINES)
        text_escape(dg->line[dg->nr], LINE, line);
    dg->nr++;
    dg->told = true;
}

int diag_fail(struct diag *dg, int code, int rc, const char *fmt, ...)
{
    char line[LINE];
    va_list al;

    if (dg->told)
        return rc;
    va_start(al, fmt);
    vsnprintf(line, sizeof(line), fmt, al);
    va_end(al);
    add_line(dg, code, line);
    return rc;
}

static void add(char line[LINE], const char *more)
{
    size_t len = strlen(line);

    snprintf(line + len, LINE - len, ": %s", more);
}

int diag_fail_xc(struct diag *dg, const char *step, ...)
{
    int err = errno ? errno : EIO;
    char line[LINE];
    va_list al;

    if (dg->told)
        return -err;
    va_start(al, step);
    vsnprintf(line, sizeof(line), step, al);
    va_end(al);
    if (dg->cause[0])
        add(line, dg->cause);
    if (!strstr(line, strerror(err)))
        add(line, strerror(err));
    add_line(dg, DW_REFUSED, line);
    return -err;
}

void diag_warn(const char *fmt, ...)
{
    char text[LINE], line[LINE];
    va_list al;

    va_start(al, fmt);
    vsnprintf(text, sizeof(text), fmt, al);
    va_end(al);
    text_escape(line, sizeof(line), text);
    fprintf(stderr, "domwright: warning: %s\n", line);
}
