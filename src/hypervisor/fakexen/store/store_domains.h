/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_domains.h - the domains that are connected to xenstore.  As store.h has
 * it: with the host's lock held, 0 or a negative errno.
 */
#ifndef FX_STORE_DOMAINS_H
#define FX_STORE_DOMAINS_H

#include "store/store.h"

/* Watchers of @introduceDomain and @releaseDomain are told; -ENOENT to release
 * one that is not connected, and otherwise what it owns goes, too. */
int __attribute__((warn_unused_result))
fx_store_introduce(struct fx_store *store, unsigned int domid);
int __attribute__((warn_unused_result))
fx_store_release(struct fx_store *store, unsigned int domid);
bool fx_store_is_introduced(struct fx_store *store, unsigned int domid);

/*
 * What xenstored does on VIRQ_DOM_EXC: domains that are no more are released,
 * and what they own is removed, connected or not.  In step with other
 * processes after that, as fx_store_sync() has it.
 */
int __attribute__((warn_unused_result)) fx_store_bury(struct fx_store *store);

#endif /* FX_STORE_DOMAINS_H */
