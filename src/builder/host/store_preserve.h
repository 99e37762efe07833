/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_preserve.h - a domain that makes room for another of its name.
 */
#ifndef DW_STORE_PRESERVE_H
#define DW_STORE_PRESERVE_H

#include <stdint.h>

#include "config/uuid.h"
#include "host/host.h"

/*
 * Gives a domain's entries another name, and a /vm entry of another UUID in
 * place of its own, as libxl_domain_preserve() does.  -EEXIST: a domain has
 * that name.  -ENOENT: it has no entries, as somebody is taking it away.
 */
int __attribute__((warn_unused_result))
store_preserve(struct host *host, uint32_t domid, const char *name,
               const uint8_t uuid[UUID_BYTES]);

#endif /* DW_STORE_PRESERVE_H */
