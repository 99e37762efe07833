/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/signals.h"

/* Nothing is shown of what is done sooner; and no faster than one can read. */
#define FIRST_MS 1000
#define NEXT_MS  100

static uint64_t ms_since(const struct timespec *begin)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - begin->tv_sec) * 1000 +
                      (now.tv_nsec - begin->tv_nsec) / 1000000);
}

/* A page is 4 KiB. */
static void show(struct progress *p, const char *verb, bool pages,
                 uint64_t done, uint64_t total)
{
    /* Erases what a longer line has left: ECMA-48's EL. */
    fprintf(stderr, "\r%s %" PRIu64 " of %" PRIu64 " %s%s\033[K", verb,
            pages ? done >> 8 : done, pages ? total >> 8 : total,
            pages ? "MiB" : "page tables", p->note);
    fflush(stderr);
    p->line = true;
}

static int go_on(struct progress *p, const char *verb, bool pages,
                 uint64_t done, uint64_t total)
{
    uint64_t ms;

    if (p->shows) {
        ms = ms_since(&p->begin);
        if (ms >= FIRST_MS && (!p->line || ms >= p->shown_ms + NEXT_MS)) {
            show(p, verb, pages, done, total);
            p->shown_ms = ms;
        }
    }
    return interrupt_check(p->dg);
}

static int tell(void *arg, enum dw_build_step step, uint64_t done,
                uint64_t total)
{
    static const char *const verbs[] = {
        [DW_POPULATE] = "populated",
        [DW_CONSTRUCT] = "constructed",
        [DW_PIN] = "pinned",
    };

    return go_on(arg, verbs[step], step != DW_PIN, done, total);
}

int progress_pages(struct progress *progress, const char *verb, uint64_t done,
                   uint64_t total)
{
    return go_on(progress, verb, true, done, total);
}

void progress_note(struct progress *progress, const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsnprintf(progress->note, sizeof(progress->note), fmt, al);
    va_end(al);
}

void progress_init(struct progress *progress, struct diag *dg)
{
    *progress = (struct progress){
        .hook = {.tell = tell, .arg = progress},
        .dg = dg,
        .shows = !dg->quiet && !dg->verbose && isatty(STDERR_FILENO),
    };
    clock_gettime(CLOCK_MONOTONIC, &progress->begin);
}

void progress_clear(struct progress *progress)
{
    if (progress->line)
        fputs("\r\033[K", stderr);
    progress->line = false;
}
