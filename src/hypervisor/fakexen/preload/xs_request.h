/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xs_request.h - what all of libxenstore's calls have in common: the process's
 * view of the store, its handles, and a request to it.
 *
 * Locks: the process's own mutex, then the host's.
 */
#ifndef FX_XS_REQUEST_H
#define FX_XS_REQUEST_H

#include <pthread.h>
#include <stdbool.h>

#include <xenstore.h>

#include "preload/trace.h"
#include "store/store.h"

struct fx_watch;
struct fx_watch_event;
struct fx_transaction {
    struct fx_transaction *next;
    xs_transaction_t id;
    struct fx_txn *txn;
};

struct xs_handle {
    struct xs_handle *next;
    struct fx_watch *watches;
    struct fx_watch_event *events;
    struct fx_transaction *transactions;
    xs_transaction_t last_id;
    int pipe[2]; /* holds a byte while there are events; -1: nobody asked */
    bool filter; /* XS_UNWATCH_FILTER */
};

/* The process's: one store, all handles.  Set up by xs_open(). */
struct fx_client {
    pthread_mutex_t mutex; /* recursive */
    struct fx_host *host;
    struct fx_store *store;
    struct xs_handle *handles;
};
struct fx_client *fx_client(void);

/* Takes both locks, and gives them back; errno is as it was. */
void fx_client_enter(void);
void fx_client_leave(void);

/* One call: what is traced, and may have to fail. */
struct fx_request {
    struct fx_trace_request about; /* with the name, at least */
    struct fx_call call;
    struct fx_store *store;
    struct fx_host *host;
    struct fx_txn *txn; /* of the transaction in `about` */
    int rc;
};

/* The handle's open transaction; 0 is none, and -ENOENT for one that is not. */
int __attribute__((warn_unused_result))
fx_transaction_find(const struct xs_handle *h, xs_transaction_t id,
                    struct fx_txn **txn);

/* Takes the locks.  False: the request is not to be answered, as `rc` says. */
bool fx_request_begin(struct fx_request *rq, struct xs_handle *h);

/* Gives the locks back, and tells what came of it: true, or false and errno. */
bool fx_request_end(const struct fx_request *rq);

/* The end of a call: true, or false and errno for a negative `rc`. */
bool fx_client_done(int rc);

#endif /* FX_XS_REQUEST_H */
