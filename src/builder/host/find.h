/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * find.h - which domain is meant, of those that Xen has.
 *
 * An entry in xenstore whose domain is gone names nobody.  Where one domain of
 * a name or a UUID lives and another one is dying, the living one is meant.
 */
#ifndef DW_FIND_H
#define DW_FIND_H

#include <stdint.h>
#include <xenstore.h>

#include "host/host.h"

/*
 * The domain that `who` names: by ID if it is a number, by UUID if it is one
 * that a domain has, by name otherwise.  -ESRCH and the failure in host->dg:
 * there is no such domain.
 */
int __attribute__((warn_unused_result))
host_find(struct host *host, const char *who, xc_domaininfo_t *info);

/* The same where the domain may be gone: an ID need not be in use. */
int __attribute__((warn_unused_result))
host_find_id(struct host *host, const char *who, uint32_t *domid);

/*
 * The domain of that name; -ESRCH: none has it, or another negative errno, and
 * it is left to the caller to say what failed.  In a transaction, domains that
 * come to be before its end count, too: it fails with -EAGAIN then.
 */
int __attribute__((warn_unused_result))
host_find_name(struct host *host, xs_transaction_t t, const char *name,
               uint32_t *domid);

/*
 * What a domain is called in messages: its name, or its ID where it has none;
 * of one that is gone by now, the name of the last call.  Good until the next
 * call for the same host.  errno stays as it is.
 */
const char *host_called(struct host *host, uint32_t domid);

#endif /* DW_FIND_H */
