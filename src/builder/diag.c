/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* libxc's panics begin with "panic: file.c:123: ", which is of no use here. */
static const char *without_origin(const char *text)
{
    static const char panic[] = "panic: ";
    const char *colon;

    if (strncmp(text, panic, sizeof(panic) - 1))
        return text;
    text += sizeof(panic) - 1;
    colon = strstr(text, ": ");
    return colon ? colon + 2 : text;
}

/* They end with the name of an error code, of which this one tells nothing. */
static void cut_code(char *text)
{
    static const char code[] = ": Internal error";
    size_t len = strlen(text), code_len = sizeof(code) - 1;

    if (len > code_len && !strcmp(text + len - code_len, code))
        text[len - code_len] = '\0';
}

static void diag_message(xentoollog_logger *logger, xentoollog_level level,
                         int err, const char *context, const char *format,
                         va_list al)
{
    struct diag *dg = (struct diag *)logger;
    char text[sizeof(dg->cause)];

    vsnprintf(text, sizeof(text), format, al);
    text[strcspn(text, "\n")] = '\0'; /* some of libxc's messages go on */
    cut_code(text);
    if (dg->verbose)
        fprintf(stderr, "%s: %s%s%s\n", context ? context : "xc", text,
                err > 0 ? ": " : "", err > 0 ? strerror(err) : "");
    if (level >= XTL_ERROR && !dg->cause[0])
        snprintf(dg->cause, sizeof(dg->cause), "%s", without_origin(text));
}

void diag_init(struct diag *dg)
{
    memset(dg, 0, sizeof(*dg));
    dg->logger.vmessage = diag_message;
}

void diag_step(struct diag *dg)
{
    dg->cause[0] = '\0';
}

static void set_line(struct diag *dg, int code, const char *fmt, va_list al)
{
    dg->code = code;
    vsnprintf(dg->line, sizeof(dg->line), fmt, al);
}

int diag_fail(struct diag *dg, int code, int rc, const char *fmt, ...)
{
    va_list al;

    if (!dg->code) {
        va_start(al, fmt);
        set_line(dg, code, fmt, al);
        va_end(al);
    }
    return rc;
}

static void add(char *line, size_t size, const char *more)
{
    size_t len = strlen(line);

    snprintf(line + len, size - len, ": %s", more);
}

int diag_fail_xc(struct diag *dg, const char *step, ...)
{
    int err = errno ? errno : EIO;
    va_list al;

    if (!dg->code) {
        va_start(al, step);
        set_line(dg, DW_REFUSED, step, al);
        va_end(al);
        if (dg->cause[0])
            add(dg->line, sizeof(dg->line), dg->cause);
        if (!strstr(dg->line, strerror(err)))
            add(dg->line, sizeof(dg->line), strerror(err));
    }
    return -err;
}

void diag_warn(const char *fmt, ...)
{
    va_list al;

    fputs("domwright: warning: ", stderr);
    va_start(al, fmt);
    vfprintf(stderr, fmt, al);
    va_end(al);
    fputc('\n', stderr);
}
