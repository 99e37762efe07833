/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_memory.c - the memory of a domain.
 */
#include "hypercall/domctl_memory.h"

#include <errno.h>
#include <string.h>

#include "domain/affinity.h"
#include "domain/log_dirty.h"
#include "domain/hypercall_page.h"
#include "domain/vnuma.h"
#include "machine/frames.h"
#include "memory/page_type.h"

/* XEN_DOMCTL_getpageframeinfo3 takes no more at once. */
#define MAX_PFINFO 1024

static long max_mem(struct fx_domctl *call)
{
    uint64_t pages = call->op->u.max_mem.max_memkb >> (FX_PAGE_SHIFT - 10);

    /* Xen keeps it in 32 bits. */
    call->domain->max_pages = pages < UINT32_MAX ? pages : UINT32_MAX;
    return 0;
}

/* The words at `at`, each of which becomes what is known of its frame. */
static int frame_words(struct fx_domctl *call, uint64_t at, uint64_t n)
{
    uint64_t word[MAX_PFINFO], i;

    if (fx_copy_in(call->caller, word, at, n * sizeof(*word)))
        return -EFAULT;
    for (i = 0; i < n; i++)
        word[i] = fx_pfinfo(call->host, call->domain, word[i]);
    return fx_copy_out(call->caller, at, word, n * sizeof(*word));
}

static long page_frame_info(struct fx_domctl *call)
{
    const struct xen_domctl_getpageframeinfo3 *asked =
        &call->op->u.getpageframeinfo3;
    uint64_t at = (uint64_t)(uintptr_t)asked->array.p;
    uint64_t i;

    if (asked->num > MAX_PFINFO)
        return -E2BIG;
    if (!frame_words(call, at, asked->num))
        return 0;
    /* Those before one that cannot be read or written are done. */
    for (i = 0; i < asked->num; i++, at += sizeof(uint64_t))
        if (frame_words(call, at, 1))
            return -EFAULT;
    return 0;
}

static long hypercall_init(struct fx_domctl *call)
{
    uint64_t mfn = call->op->u.hypercall_init.gmfn;
    struct fx_host *host = call->host;
    void *page;

    if (fx_get_page(host, mfn, call->domain->id))
        return -EINVAL;
    if (fx_get_type(host, mfn, FX_WRITABLE, 0)) {
        fx_put_page(host, mfn);
        return -EPERM;
    }
    page = fx_page(host, mfn);
    if (page)
        fx_write_hypercall_page(page, call->domain->is_32bit);
    fx_put_page_and_type(host, mfn);
    return page ? 0 : -ENOMEM;
}

static long shadow_op(struct fx_domctl *call)
{
    call->copy_back = true;
    return fx_shadow_op(call->caller, call->domain, &call->op->u.shadow_op);
}

static long node_affinity(struct fx_domctl *call)
{
    struct xenctl_bitmap *map = &call->op->u.nodeaffinity.nodemap;
    uint64_t nodes = 0;

    if (call->op->cmd == XEN_DOMCTL_getnodeaffinity)
        return fx_bitmap_out(call->caller, map,
                             fx_node_affinity(call->host, call->domain));
    if (fx_bitmap_in(call->caller, map, &nodes))
        return -EFAULT;
    return fx_set_node_affinity(call->host, call->domain, nodes);
}

static long set_vnuma(struct fx_domctl *call)
{
    return fx_set_vnuma(call->caller, call->domain, &call->op->u.vnuma);
}

static long not_for_pv(struct fx_domctl *call)
{
    (void)call;
    return -EOPNOTSUPP;
}

fx_domctl_function fx_domctl_memory(uint32_t command)
{
    static const fx_domctl_function table[] = {
        [XEN_DOMCTL_max_mem] = max_mem,
        [XEN_DOMCTL_getpageframeinfo3] = page_frame_info,
        [XEN_DOMCTL_hypercall_init] = hypercall_init,
        [XEN_DOMCTL_shadow_op] = shadow_op,
        [XEN_DOMCTL_setnodeaffinity] = node_affinity,
        [XEN_DOMCTL_getnodeaffinity] = node_affinity,
        [XEN_DOMCTL_setvnumainfo] = set_vnuma,
        [XEN_DOMCTL_get_paging_mempool_size] = not_for_pv,
        [XEN_DOMCTL_set_paging_mempool_size] = not_for_pv,
    };

    return command < sizeof(table) / sizeof(table[0]) ? table[command] : NULL;
}
