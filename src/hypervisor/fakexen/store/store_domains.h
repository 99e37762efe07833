/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_domains.h - the domains that are connected to xenstore.  As store.h has
 * it: with the host's lock held, 0 or a negative errno.
 */
#ifndef FX_STORE_DOMAINS_H
#define FX_STORE_DOMAINS_H

#include "store/store.h"

/* Watchers of @introduceDomain and @releaseDomain are told; -ENOENT to release
 * one that is not connected. */
int __attribute__((warn_unused_result))
fx_store_introduce(struct fx_store *store, unsigned int domid);
int __attribute__((warn_unused_result))
fx_store_release(struct fx_store *store, unsigned int domid);
bool fx_store_is_introduced(struct fx_store *store, unsigned int domid);

#endif /* FX_STORE_DOMAINS_H */
