/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/xenlog.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* libxc's panics begin with "panic: file.c:123: ", which is of no use here, as
 * is our hooks' own name, which stands before every message of ours. */
static const char *without_origin(const char *text)
{
    static const char panic[] = "panic: ", ours[] = "domwright: ";
    const char *colon;

    if (!strncmp(text, ours, sizeof(ours) - 1))
        return text + sizeof(ours) - 1;
    if (strncmp(text, panic, sizeof(panic) - 1))
        return text;
    text += sizeof(panic) - 1;
    colon = strstr(text, ": ");
    return colon ? colon + 2 : text;
}

/* They end with the name of an error code, of which these tell nothing. */
static void cut_code(char *text)
{
    static const char *const codes[] = {
        ": Internal error",
        ": Invalid kernel",
        ": Invalid configuration",
        ": Out of memory",
    };
    size_t i, len = strlen(text);

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        size_t code_len = strlen(codes[i]);

        if (len > code_len && !strcmp(text + len - code_len, codes[i])) {
            text[len - code_len] = '\0';
            return;
        }
    }
}

static void message(xentoollog_logger *logger, xentoollog_level level, int err,
                    const char *context, const char *format, va_list al)
{
    struct diag *dg = ((struct xenlog *)logger)->dg;
    char text[sizeof(dg->cause)], shown[sizeof(text)];

    vsnprintf(text, sizeof(text), format, al);
    text[strcspn(text, "\n")] = '\0'; /* some of libxc's messages go on */
    cut_code(text);
    if (dg->verbose) {
        text_escape(shown, sizeof(shown), text);
        fprintf(stderr, "%s: %s%s%s\n", context ? context : "xc", shown,
                err > 0 ? ": " : "", err > 0 ? strerror(err) : "");
    }
    if (dg->cause[0])
        return;
    if (level >= XTL_ERROR)
        snprintf(dg->cause, sizeof(dg->cause), "%s", without_origin(text));
    else
        snprintf(dg->detail, sizeof(dg->detail), "%s", text);
}

static void progress(xentoollog_logger *logger, const char *context,
                     const char *doing, int percent, unsigned long done,
                     unsigned long total)
{
    const struct xenlog_progress *who = ((struct xenlog *)logger)->progress;

    (void)context;
    (void)doing;
    (void)percent;
    if (who)
        who->tell(who->arg, done, total);
}

void xenlog_init(struct xenlog *log, struct diag *dg)
{
    *log = (struct xenlog){
        .logger.vmessage = message,
        .logger.progress = progress,
        .dg = dg,
    };
}
