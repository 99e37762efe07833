/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_request.h - a guest's requests to xenstore, out of its ring
 * (xen/io/xs_wire.h), of which nothing is to be relied on.
 */
#ifndef FX_STORE_REQUEST_H
#define FX_STORE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

/* As far as it has come; a byte behind it is for a NUL. */
struct fx_store_request {
    size_t got;
    char bytes[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX + 1];
};

enum fx_store_taken {
    FX_STORE_MORE,  /* it is not whole yet */
    FX_STORE_WHOLE, /* `got` is to be 0 before the next one is taken */
    FX_STORE_BAD,   /* no request can be so: nothing more is to be taken */
};

enum fx_store_taken fx_store_take(struct fx_store_request *request,
                                  struct xenstore_domain_interface *page);

#endif /* FX_STORE_REQUEST_H */
