/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/wake.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "machine/host.h"

#define SECOND INT64_C(1000000000) /* in nanoseconds */

void fx_wake(struct fx_host *host)
{
    uint32_t *word = &host->super->changes;

    __atomic_fetch_add(word, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

uint32_t fx_wake_count(const struct fx_host *host)
{
    return __atomic_load_n(&host->super->changes, __ATOMIC_ACQUIRE);
}

void fx_wake_wait_for(const struct fx_host *host, uint32_t seen, int64_t ns)
{
    const struct timespec most = {.tv_sec = ns / SECOND,
                                  .tv_nsec = ns % SECOND};

    syscall(SYS_futex, &host->super->changes, FUTEX_WAIT, seen, &most, NULL, 0);
}

void fx_wake_wait(const struct fx_host *host, uint32_t seen)
{
    fx_wake_wait_for(host, seen, SECOND);
}
