/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/xs_transactions.h"

#include <errno.h>
#include <stdlib.h>

#include "preload/xs_request.h"

void fx_transactions_free(struct xs_handle *h)
{
    struct fx_transaction *t;

    while ((t = h->transactions)) {
        h->transactions = t->next;
        (void)!fx_store_end(fx_client()->store, t->txn, true);
        free(t);
    }
}

static int start_transaction(struct fx_request *rq, struct xs_handle *h,
                             xs_transaction_t *id)
{
    struct fx_transaction *t = calloc(1, sizeof(*t));
    struct fx_txn *other;
    int rc;

    if (!t)
        return -ENOMEM;
    rc = fx_store_begin(rq->store, &t->txn);
    if (rc) {
        free(t);
        return rc;
    }
    do
        t->id = ++h->last_id;
    while (!t->id || !fx_transaction_find(h, t->id, &other));
    *id = t->id;
    t->next = h->transactions;
    h->transactions = t;
    return 0;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    xs_transaction_t id = XBT_NULL;
    struct fx_request rq = {
        .about = {.name = "xs_transaction_start", .transaction = &id}};

    if (fx_request_begin(&rq, h))
        rq.rc = start_transaction(&rq, h, &id);
    return fx_request_end(&rq) ? id : XBT_NULL;
}

static int end_transaction(struct xs_handle *h, xs_transaction_t id, bool abort)
{
    struct fx_transaction **at = &h->transactions, *t;
    int rc;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    t = *at;
    if (!t)
        return -ENOENT;
    *at = t->next;
    rc = fx_store_end(fx_client()->store, t->txn, abort);
    free(t);
    return rc;
}

/* There is no transaction any more, even if its end fails. */
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t id, bool abort)
{
    struct fx_request rq = {
        .about = {.name = "xs_transaction_end", .transaction = &id}};

    if (fx_request_begin(&rq, h))
        rq.rc = end_transaction(h, id, abort);
    else
        (void)!end_transaction(h, id, true);
    return fx_request_end(&rq);
}
