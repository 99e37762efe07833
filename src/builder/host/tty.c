/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/watch.h"
#include "host/xenstore.h"

/* How long a line without an end has to be silent. */
#define SILENCE_MS 100

/* How much is read at once, so that a guest that never stops is not all that
 * there is. */
#define TURN 16

void tty_init(struct tty *tty)
{
    memset(tty, 0, sizeof(*tty));
    tty->fd = -1;
}

void tty_path(uint32_t domid, char path[64])
{
    snprintf(path, 64, "/local/domain/%u/console/tty", domid);
}

void tty_open(struct tty *tty, struct host *host, uint32_t domid)
{
    char *name;

    if (tty->fd >= 0)
        return;
    name = store_read(host->xs, domid, "console/tty");
    if (name && *name)
        tty->fd = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    free(name);
    /* An embedded host has /dev/null there for show. */
    if (tty->fd >= 0 && !isatty(tty->fd)) {
        close(tty->fd);
        tty->fd = -1;
    }
    tty->had |= tty->fd >= 0;
}

static void show(struct tty *tty, tty_line *line, void *arg)
{
    tty->line[tty->len] = '\0';
    if (tty->len && !tty->taken)
        tty->taken = line(arg, tty->line);
    tty->asked = true;
}

static void end_line(struct tty *tty, tty_line *line, void *arg)
{
    show(tty, line, arg);
    tty->len = 0;
    tty->taken = false;
}

/* Is it part of a terminal's sequence?  ECMA-48: ESC, and behind a '[' all up
 * to the first byte from '@' on. */
static bool is_escape(struct tty *tty, unsigned char c)
{
    int before = tty->escape;

    if (c == 0x1b)
        tty->escape = 1;
    else if (before == 1)
        tty->escape = c == '[' ? 2 : 0;
    else if (before == 2 && c >= '@')
        tty->escape = 0;
    return before || tty->escape;
}

static void add(struct tty *tty, unsigned char c, tty_line *line, void *arg)
{
    if (is_escape(tty, c))
        return;
    if (c == '\n' || c == '\r') {
        end_line(tty, line, arg);
    } else if (c == '\t' || (c >= ' ' && c != 0x7f)) {
        if (tty->len == TTY_LINE)
            end_line(tty, line, arg);
        tty->line[tty->len++] = (char)c;
        tty->asked = false;
    }
}

void tty_read(struct tty *tty, tty_line *line, void *arg)
{
    unsigned char buf[TTY_LINE];
    bool more = false;
    ssize_t n = 0;

    for (int i = 0; i < TURN && tty->fd >= 0; i++) {
        n = read(tty->fd, buf, sizeof(buf));
        if (n <= 0)
            break;
        more = true;
        for (ssize_t k = 0; k < n; k++)
            add(tty, buf[k], line, arg);
    }
    if (tty->fd >= 0 && (!n || (n < 0 && errno != EAGAIN && errno != EINTR))) {
        tty_close(tty); /* xenconsoled has closed the other end */
        end_line(tty, line, arg);
    }
    if (more)
        tty->end = watch_now() + SILENCE_MS;
    else if (tty->len && !tty->asked && watch_now() >= tty->end)
        show(tty, line, arg);
}

int64_t tty_patience(const struct tty *tty)
{
    return tty->len && !tty->asked ? tty->end : WATCH_FOREVER;
}

void tty_close(struct tty *tty)
{
    if (tty->fd >= 0)
        close(tty->fd);
    tty->fd = -1;
}
