/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/wake.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "machine/host.h"

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

void fx_wake_wait(const struct fx_host *host, uint32_t seen)
{
    const struct timespec second = {.tv_sec = 1};

    syscall(SYS_futex, &host->super->changes, FUTEX_WAIT, seen, &second, NULL,
            0);
}
