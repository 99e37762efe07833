/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/lock.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "machine/alloc.h"
#include "machine/host.h"

/* How long it takes for one who waits to be woken, at most. */
#define LOOK_DELAY 50 /* microseconds */
#define MOST_LOOKS 200

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

/* Whoever has to wait says so, to those who come back for it at once. */
static void take(struct fx_super *super)
{
    int r = pthread_mutex_trylock(&super->lock);

    if (r == EBUSY) {
        __atomic_fetch_add(&super->waiting, 1, __ATOMIC_SEQ_CST);
        r = pthread_mutex_lock(&super->lock);
        if (__atomic_load_n(&super->waiting, __ATOMIC_SEQ_CST))
            __atomic_fetch_sub(&super->waiting, 1, __ATOMIC_SEQ_CST);
    }
    if (r == EOWNERDEAD)
        pthread_mutex_consistent(&super->lock);
}

/* Those who were killed while they waited are not waited for twice. */
void fx_lock_give_way(struct fx_host *host)
{
    struct fx_super *super = host->super;
    uint64_t seen = __atomic_load_n(&super->locks, __ATOMIC_RELAXED);
    int looks;

    for (looks = 0; looks < MOST_LOOKS; looks++) {
        if (!__atomic_load_n(&super->waiting, __ATOMIC_SEQ_CST) ||
            __atomic_load_n(&super->locks, __ATOMIC_RELAXED) != seen)
            return;
        usleep(LOOK_DELAY);
    }
    __atomic_store_n(&super->waiting, 0, __ATOMIC_SEQ_CST);
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
