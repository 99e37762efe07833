/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/lock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "machine/alloc.h"
#include "machine/host.h"

#define SECOND UINT64_C(1000000000)

/* Nanoseconds after which who waits says so again. */
#define WANTED_AGAIN UINT64_C(50000000)

/* And microseconds after which one looks whether he has it. */
#define LOOK_DELAY 50

int fx_lock_init(struct fx_super *super)
{
    pthread_mutexattr_t attr;
    int r;

    r = pthread_mutexattr_init(&attr);
    if (r)
        return -r;
    r = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (!r)
        r = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (!r)
        r = pthread_mutex_init(&super->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    return -r;
}

static uint64_t now(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* Whoever has to wait says when, again and again, to those who come back for it
 * at once. */
static int wait_for_it(struct fx_super *super)
{
    uint64_t at, mine;
    struct timespec until;
    int r;

    do {
        at = mine = now();
        __atomic_store_n(&super->wanted, at, __ATOMIC_SEQ_CST);
        at += WANTED_AGAIN;
        until = (struct timespec){(time_t)(at / SECOND), (long)(at % SECOND)};
        r = pthread_mutex_clocklock(&super->lock, CLOCK_MONOTONIC, &until);
    } while (r == ETIMEDOUT);
    /* Another's word stays. */
    __atomic_compare_exchange_n(&super->wanted, &mine, 0, false,
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return r;
}

static void take(struct fx_super *super)
{
    int r = pthread_mutex_trylock(&super->lock);

    if (r == EBUSY)
        r = wait_for_it(super);
    if (r == EOWNERDEAD)
        pthread_mutex_consistent(&super->lock);
}

/* Who was killed while he waited is not waited for any longer than he would
 * have been silent. */
void fx_lock_give_way(struct fx_host *host)
{
    struct fx_super *super = host->super;
    uint64_t seen = __atomic_load_n(&super->locks, __ATOMIC_RELAXED), wanted;

    while (__atomic_load_n(&super->locks, __ATOMIC_RELAXED) == seen) {
        wanted = __atomic_load_n(&super->wanted, __ATOMIC_SEQ_CST);
        if (!wanted || now() - wanted > 2 * WANTED_AGAIN)
            return;
        usleep(LOOK_DELAY);
    }
}

void fx_lock(struct fx_host *host)
{
    struct fx_super *super = host->super;

    take(super);
    host->fd_checked = false;
    /* Whoever held it cleared what he freed; a child of his that he forked in
     * the midst of that has no part in it. */
    host->to_clear = (struct fx_range){0, 0};
    super->locks++;
    host->unrepaired = super->busy && host->hooks->repair(host);
    super->busy = true;
}

void fx_unlock(struct fx_host *host)
{
    if (host->may_reap && !host->unrepaired && host->hooks->leave)
        host->hooks->leave(host);
    if (host->to_clear.first != host->to_clear.end)
        fx_clear_freed(host);
    /* Without a name it is gone with its command, and faster until then. */
    if (host->space.freed >= FX_TRIM_FRAMES && !host->space.unlimited)
        fx_space_trim(host);
    host->super->busy = host->unrepaired;
    pthread_mutex_unlock(&host->super->lock);
}
