/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t watch_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t watch_earlier(int64_t a, int64_t b)
{
    return a == WATCH_FOREVER || (b != WATCH_FOREVER && b < a) ? b : a;
}

static int failed(struct watch *watch)
{
    return diag_fail(watch->host->dg, DW_NO_XEN, -EIO,
                     "waiting for domains: xenstore: %s", strerror(errno));
}

int watch_begin(struct watch *watch, struct host *host, int64_t ms)
{
    *watch = (struct watch){.host = host, .until = WATCH_FOREVER};
    if (ms != WATCH_FOREVER)
        watch->until = watch_now() + ms;
    embedded_mark(&watch->mark);
    if (!xs_watch(host->xs, "@introduceDomain", "watch") ||
        !xs_watch(host->xs, "@releaseDomain", "watch"))
        return failed(watch);
    return 0;
}

/*
 * xs_check_watch() leaves EAGAIN where there is no event, and something else
 * where there will never be another.
 */
static int drain(struct watch *watch)
{
    char **event;

    errno = EAGAIN;
    while ((event = xs_check_watch(watch->host->xs)))
        free(event);
    return errno == EAGAIN ? 0 : failed(watch);
}

int watch_sleep(struct watch *watch, struct pollfd *fd, nfds_t n, int64_t until)
{
    /* Should xenstored fail to tell, it is seen later.  Of the end of an
     * embedded host's file nobody tells. */
    const int64_t patience = embedded_here() ? 1000 : 10000;
    int64_t now = watch_now(), left = patience;

    if (watch->until != WATCH_FOREVER && now >= watch->until)
        return -ETIME;
    until = watch_earlier(watch->until, until);
    if (until != WATCH_FOREVER && until - now < patience)
        left = until > now ? until - now : 0;
    fd[0] = (struct pollfd){.fd = xs_fileno(watch->host->xs), .events = POLLIN};
    if (poll(fd, n, (int)left) < 0)
        for (nfds_t i = 0; i < n; i++)
            fd[i].revents = 0;
    if (embedded_is_gone(&watch->mark))
        return diag_fail(watch->host->dg, DW_NO_XEN, -ENXIO,
                         "the embedded host is gone");
    return drain(watch);
}
