/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store.h - as much of a xenstore client as a guest needs to be shut down.
 *
 * One request at a time: each call but store_pending() returns when the reply
 * is there, and each but store_request() panics if the reply is an error. Paths
 * without a leading slash are below the domain's own directory, whose name
 * changes with the domain.
 */
#ifndef GUEST_STORE_H
#define GUEST_STORE_H

#include "guest.h"
#include <xen/io/xs_wire.h>

/* The longest value that store_read() takes, with the 0 behind it. */
#define STORE_VALUE_SIZE 256

/* At the start, and again in a new domain. */
void store_start(void);
/* Any one: the path with its 0, and what stands behind it; false: an error, and
 * the reply is its name. */
bool store_request(enum xsd_sockmsg_type type, const char *path,
                   const char *value, size_t size,
                   char reply[STORE_VALUE_SIZE]);
void store_read(const char *path, char value[STORE_VALUE_SIZE]);
void store_write(const char *path, const char *value);
/* A new domain has no watches. The first event comes by itself. */
void store_watch(const char *path);
/* Will store_wait() return at once? */
bool store_pending(void);
/* Blocks until a watch fires. */
void store_wait(void);

#endif /* GUEST_STORE_H */
