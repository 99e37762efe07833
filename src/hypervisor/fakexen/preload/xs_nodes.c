/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxenstore's calls about nodes: values, lists of children, permissions.
 */
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

#include "preload/xs_request.h"
#include "preload/xs_unserved.h"

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    void *data = NULL;
    size_t bytes = 0;
    struct fx_request rq = {.about = {.name = "xs_read",
                                      .path = path,
                                      .transaction = &t,
                                      .bytes = &bytes}};

    if (fx_request_begin(&rq, h))
        rq.rc = fx_store_read(rq.store, rq.txn, path, &data, &bytes);
    if (len)
        *len = (unsigned int)bytes;
    if (!fx_request_end(&rq))
        return NULL;
    fx_unserved_read(path, data, bytes);
    return data;
}

/* The names as callers get them: an array of pointers, and what they point to
 * behind it. */
static char **make_directory(const char *names, size_t bytes, unsigned int *num)
{
    size_t i, nr = 0;
    char **vector, *name;

    for (i = 0; i < bytes; i++)
        nr += !names[i];
    vector = malloc(nr * sizeof(*vector) + bytes + 1);
    if (!vector)
        return NULL;
    name = memcpy(vector + nr, names, bytes);
    for (i = 0; i < nr; i++, name += strlen(name) + 1)
        vector[i] = name;
    *num = (unsigned int)nr;
    return vector;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    char *names = NULL, **vector = NULL;
    size_t bytes = 0;
    struct fx_request rq = {.about = {.name = "xs_directory",
                                      .path = path,
                                      .transaction = &t,
                                      .bytes = &bytes}};

    if (fx_request_begin(&rq, h))
        rq.rc = fx_store_directory(rq.store, rq.txn, path, &names, &bytes);
    if (fx_request_end(&rq))
        vector = make_directory(names, bytes, num);
    free(names);
    return vector;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    size_t bytes = len;
    struct fx_request rq = {.about = {.name = "xs_write",
                                      .path = path,
                                      .transaction = &t,
                                      .bytes = &bytes}};

    if (fx_request_begin(&rq, h))
        rq.rc = fx_store_write(rq.store, rq.txn, path, data, len);
    return fx_request_end(&rq);
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct fx_request rq = {
        .about = {.name = "xs_mkdir", .path = path, .transaction = &t}};

    if (fx_request_begin(&rq, h))
        rq.rc = fx_store_mkdir(rq.store, rq.txn, path);
    return fx_request_end(&rq);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct fx_request rq = {
        .about = {.name = "xs_rm", .path = path, .transaction = &t}};

    if (fx_request_begin(&rq, h))
        rq.rc = fx_store_rm(rq.store, rq.txn, path);
    return fx_request_end(&rq);
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h,
                                          xs_transaction_t t, const char *path,
                                          unsigned int *num)
{
    struct xs_permissions *perms = NULL;
    struct fx_request rq = {.about = {.name = "xs_get_permissions",
                                      .path = path,
                                      .transaction = &t}};

    if (fx_request_begin(&rq, h))
        rq.rc = fx_store_get_perms(rq.store, rq.txn, path, &perms, num);
    return fx_request_end(&rq) ? perms : NULL;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    struct fx_request rq = {.about = {.name = "xs_set_permissions",
                                      .path = path,
                                      .transaction = &t}};

    if (fx_request_begin(&rq, h))
        rq.rc = fx_store_set_perms(rq.store, rq.txn, path, perms, num_perms);
    return fx_request_end(&rq);
}
