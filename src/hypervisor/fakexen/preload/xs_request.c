/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/xs_request.h"

#include <errno.h>

#include "machine/lock.h"
#include "preload/xs_console.h"
#include "store/store_domains.h"

struct fx_client *fx_client(void)
{
    static struct fx_client client = {
        .mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
    };

    return &client;
}

void fx_client_enter(void)
{
    pthread_mutex_lock(&fx_client()->mutex);
    fx_lock(fx_client()->host);
}

void fx_client_leave(void)
{
    int saved = errno;

    fx_console_name(fx_client()->host, fx_client()->store);
    fx_unlock(fx_client()->host);
    pthread_mutex_unlock(&fx_client()->mutex);
    errno = saved;
}

bool fx_client_done(int rc)
{
    if (rc)
        errno = -rc;
    return !rc;
}

int fx_transaction_find(const struct xs_handle *h, xs_transaction_t id,
                        struct fx_txn **txn)
{
    const struct fx_transaction *t = h->transactions;

    *txn = NULL;
    if (id == XBT_NULL)
        return 0;
    while (t && t->id != id)
        t = t->next;
    if (!t)
        return -ENOENT;
    *txn = t->txn;
    return 0;
}

bool fx_request_begin(struct fx_request *rq, struct xs_handle *h)
{
    rq->rc = fx_trace_begin(&rq->call);
    fx_client_enter();
    rq->host = fx_client()->host;
    rq->store = fx_client()->store;
    /* What is wrong with the store shows in the request. */
    (void)!fx_store_bury(rq->store);
    if (!rq->rc && rq->about.transaction)
        rq->rc = fx_transaction_find(h, *rq->about.transaction, &rq->txn);
    return !rq->rc;
}

bool fx_request_end(const struct fx_request *rq)
{
    fx_client_leave();
    fx_trace_store(&rq->call, &rq->about, rq->rc);
    return fx_client_done(rq->rc);
}
