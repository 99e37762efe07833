/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tty.h - what a guest writes on its console, line by line.
 *
 * xenconsoled gives each guest a terminal, and keeps what nobody has read yet.
 * Whoever reads it takes it away from others, as console clients do from each
 * other.
 */
#ifndef DW_TTY_H
#define DW_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

/* A longer line is several. */
#define TTY_LINE 4096

struct tty {
    int fd;      /* -1: there is none, now */
    bool had;    /* but there was */
    bool asked;  /* the line so far was shown: not again until it grows */
    bool taken;  /* the line so far was taken: its rest is not shown */
    int escape;  /* how far into a terminal's sequence it is */
    int64_t end; /* when the line so far counts as one: watch_now() */
    size_t len;
    char line[TTY_LINE + 1];
};

/* Takes one line, without control characters; true: it has what was looked
 * for. */
typedef bool tty_line(void *arg, const char *line);

void tty_init(struct tty *tty);

/* Where there is none yet, and the domain has one.  xenstore's node for it is
 * the one to watch for that. */
void tty_open(struct tty *tty, struct host *host, uint32_t domid);
void tty_path(uint32_t domid, char path[64]);

/*
 * Shows each line that has ended, with what is there now.  A line without an
 * end, as a prompt is, is shown when nothing has followed it for a moment: by a
 * call at tty_patience() or later.  Empty ones are not shown.
 */
void tty_read(struct tty *tty, tty_line *line, void *arg);

/* WATCH_FOREVER: there is nothing to wait for but more. */
int64_t tty_patience(const struct tty *tty);

void tty_close(struct tty *tty);

#endif /* DW_TTY_H */
