/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/signals.h"

/* How long a signal may have to wait. */
#define LOOK_MS 100

/* The most that anybody's pipe may have (pipe(7)), not to stop at each 64 KiB.
 */
#define PIPE_SIZE (1 << 20)

static int wait_for_more(void *arg)
{
    struct feed *feed = arg;
    struct pollfd fd = {.fd = feed->source.fd, .events = POLLIN};
    int rc;

    do {
        if (feed->is_called_off)
            return -ECANCELED;
        rc = interrupt_check(feed->dg);
        if (rc)
            return rc;
    } while (poll(&fd, 1, LOOK_MS) <= 0);
    return 0;
}

void feed_init(struct feed *feed, int fd, struct diag *dg)
{
    memset(feed, 0, sizeof(*feed));
    feed->spool = feed->to[0] = feed->to[1] = -1;
    feed->dg = dg;
    source_open(&feed->source, fd, -1);
    feed->source.is_file = false;
    feed->source.wait = wait_for_more;
    feed->source.wait_arg = feed;
}

int feed_begin(struct feed *feed, const char *name, struct diag *dg)
{
    return saved_begin(&feed->reader, &feed->saved, &feed->source, name, dg);
}

/* ---- as a whole ---- */

static int open_spool(struct feed *feed, struct diag *dg)
{
    const char *folder = secure_getenv("TMPDIR");

    if (!folder || !*folder)
        folder = "/var/tmp";
    feed->spool = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return feed->spool >= 0 ? 0
                            : diag_fail(dg, DW_FAILED, -errno,
                                        "keeping the stream in %s: %s", folder,
                                        strerror(errno));
}

int feed_spool(struct feed *feed, struct diag *dg)
{
    int rc = open_spool(feed, dg);

    if (rc)
        return rc;
    feed->source.copy = feed->spool;
    return saved_finish(&feed->reader);
}

/* ---- as it comes ---- */

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* That nothing more comes ends libxenguest's restore, if it has not ended. */
static void *run(void *arg)
{
    struct feed *feed = arg;

    feed->rc = saved_finish(&feed->reader);
    close_end(&feed->to[1]);
    return NULL;
}

int feed_start(struct feed *feed, int *fd, struct diag *dg)
{
    int r;

    if (pipe2(feed->to, O_CLOEXEC))
        return diag_fail(dg, DW_FAILED, -errno, "a pipe: %s", strerror(errno));
    fcntl(feed->to[1], F_SETPIPE_SZ, PIPE_SIZE); /* or as large as it is */
    feed->source.copy = feed->to[1];
    diag_init(&feed->own);
    feed->dg = feed->reader.dg = &feed->own;
    r = pthread_create(&feed->thread, NULL, run, feed);
    if (r)
        return diag_fail(dg, DW_FAILED, -r, "a thread: %s", strerror(r));
    *fd = feed->to[0];
    return 0;
}

int feed_stop(struct feed *feed, bool failed, struct diag *dg)
{
    feed->is_called_off = failed;
    close_end(&feed->to[0]);
    pthread_join(feed->thread, NULL);
    /* It ended because of us. */
    if (failed && (feed->rc == -EPIPE || feed->rc == -ECANCELED))
        return 0;
    return feed->rc ? diag_fail(dg, feed->own.code, feed->rc, "%s",
                                feed->own.line[0])
                    : 0;
}

void feed_close(struct feed *feed)
{
    saved_dispose(&feed->saved);
    source_close(&feed->source);
    close_end(&feed->spool);
    close_end(&feed->to[0]);
    close_end(&feed->to[1]);
}
