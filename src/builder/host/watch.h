/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.h - sleeps until something may have happened to a domain.
 *
 * xenstored tells of domains that are introduced to it and of those that shut
 * down or go; of other changes nobody tells.
 */
#ifndef DW_WATCH_H
#define DW_WATCH_H

#include <poll.h>
#include <stdint.h>

#include "host/embedded.h"
#include "host/host.h"

#define WATCH_FOREVER (-1)

struct watch {
    struct host *host;
    int64_t until; /* of watch_now(), or WATCH_FOREVER */
    struct embedded_mark mark;
};

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t watch_now(void);

/* The earlier one of two ends; WATCH_FOREVER is none. */
int64_t watch_earlier(int64_t a, int64_t b);

/*
 * What happens from here on, for so many milliseconds or WATCH_FOREVER, ends a
 * sleep.  0, or a negative errno and the failure in host->dg.
 */
int __attribute__((warn_unused_result))
watch_begin(struct watch *watch, struct host *host, int64_t ms);

/*
 * Until there may be something new, one of the descriptors has what is asked of
 * it, or `until` is reached, where it is not WATCH_FOREVER.  fd[0] is filled in
 * here, and n at least 1.
 *
 * 0; -ETIME, and nothing in dg: the watch's own time is over; or a negative
 * errno and the failure in host->dg.
 */
int __attribute__((warn_unused_result))
watch_sleep(struct watch *watch, struct pollfd *fd, nfds_t n, int64_t until);

#endif /* DW_WATCH_H */
