/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xs_watches.h - a handle's watches, and the events that it has not read yet.
 * Most of it is libxenstore's interface.
 */
#ifndef FX_XS_WATCHES_H
#define FX_XS_WATCHES_H

#include <stdbool.h>

#include <xenstore.h>

/* The store's fx_store_fire: queues events for all handles. */
void fx_watches_fire(void *arg, const char *path, bool exact);

/* Frees a handle's watches and events.  With the locks held. */
void fx_watches_free(struct xs_handle *h);

/* In a child: it has no watches, and no thread that keeps them, yet. */
void fx_watches_after_fork(void);

#endif /* FX_XS_WATCHES_H */
