/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/store_request.h"

#include <stdbool.h>
#include <string.h>

/* How many bytes it has altogether; more than there can be: a bad one. */
static size_t whole(const struct fx_store_request *request)
{
    struct xsd_sockmsg head;

    if (request->got < sizeof(head))
        return sizeof(head);
    memcpy(&head, request->bytes, sizeof(head));
    return sizeof(head) + head.len;
}

static bool is_whole(const struct fx_store_request *request)
{
    return request->got >= sizeof(struct xsd_sockmsg) &&
           request->got == whole(request);
}

enum fx_store_taken fx_store_take(struct fx_store_request *request,
                                  struct xenstore_domain_interface *page)
{
    XENSTORE_RING_IDX prod = __atomic_load_n(&page->req_prod, __ATOMIC_ACQUIRE);
    XENSTORE_RING_IDX cons = page->req_cons;

    if (prod - cons > XENSTORE_RING_SIZE)
        return FX_STORE_BAD;
    while (cons != prod && !is_whole(request)) {
        if (whole(request) >= sizeof(request->bytes))
            return FX_STORE_BAD;
        request->bytes[request->got++] = page->req[MASK_XENSTORE_IDX(cons++)];
    }
    __atomic_store_n(&page->req_cons, cons, __ATOMIC_RELEASE);
    if (whole(request) >= sizeof(request->bytes))
        return FX_STORE_BAD;
    return is_whole(request) ? FX_STORE_WHOLE : FX_STORE_MORE;
}
