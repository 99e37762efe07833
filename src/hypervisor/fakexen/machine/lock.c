/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/lock.h"

#include <errno.h>
#include <pthread.h>

#include "machine/alloc.h"
#include "machine/host.h"

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

void fx_lock(struct fx_host *host)
{
    struct fx_super *super = host->super;

    if (pthread_mutex_lock(&super->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&super->lock);
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
