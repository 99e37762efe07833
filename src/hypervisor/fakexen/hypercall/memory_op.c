/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op.c - __HYPERVISOR_memory_op, command by command.
 */
#include "hypercall/memory_op.h"

#include <errno.h>
#include <string.h>

#include <xen/foreign/x86_32.h>
#include <xen/memory.h>

#include "domain/state.h"
#include "domain/vnuma.h"
#include "hypercall/exchange.h"
#include "hypercall/memory_map.h"
#include "hypercall/reservation.h"
#include "hypercall/resource.h"
#include "machine/frames.h"

/* The highest PFN that the guest says it has in its shared_info. */
static long maximum_gpfn(struct fx_host *host, const struct fx_domain *domain)
{
    const void *shared = fx_is_ram(host, domain->shared_info)
                             ? fx_page(host, domain->shared_info)
                             : NULL;
    size_t at = domain->is_32bit ? offsetof(shared_info_x86_32_t, arch.max_pfn)
                                 : offsetof(shared_info_t, arch.max_pfn);
    uint64_t max_pfn = 0;

    if (shared)
        memcpy(&max_pfn, (const uint8_t *)shared + at,
               domain->is_32bit ? 4 : 8);
    return max_pfn ? (long)(max_pfn - 1) : 0;
}

static long domain_pages(const struct fx_caller *caller, unsigned int command,
                         uint64_t at)
{
    const struct fx_domain *domain;
    struct xen_memory_domain asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.domid);
    if (!domain)
        return -ESRCH;
    if (!fx_may_target(caller, domain))
        return -EPERM;
    switch (command) {
    case XENMEM_current_reservation:
        return (long)domain->tot_pages;
    case XENMEM_maximum_reservation:
        return (long)domain->max_pages;
    default:
        return maximum_gpfn(caller->host, domain);
    }
}

/* The rest is for guests that Xen translates addresses for. */
static long translated_only(const struct fx_caller *caller, uint64_t at)
{
    domid_t domid; /* first in all these structures */

    if (fx_copy_in(caller, &domid, at, sizeof(domid)))
        return -EFAULT;
    return fx_caller_domain(caller, domid) ? -EACCES : -ESRCH;
}

/* The operations that know nothing of a number to go on from: the whole of the
 * command word is theirs. */
static long whole_op(const struct fx_caller *caller, uint64_t command,
                     uint64_t at)
{
    switch (command) {
    case XENMEM_machphys_mfn_list:
    case XENMEM_machphys_compat_mfn_list:
        return fx_m2p_list_op(caller, command, at);
    case XENMEM_machphys_mapping:
        /* Domain 0's programs see none. */
        return caller->is_guest ? fx_m2p_mapping_op(caller, at) : -ENOSYS;
    case XENMEM_set_memory_map:
        return fx_set_memory_map_op(caller, at);
    case XENMEM_memory_map:
        return fx_memory_map_op(caller, at);
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        return 0; /* only HVM guests share pages */
    case XENMEM_machine_memory_map:
        return fx_machine_memory_map_op(caller, at);
    default:
        return -ENOSYS;
    }
}

long fx_memory_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    unsigned int command = arg[0] & ((1u << FX_EXTENT_SHIFT) - 1);
    uint64_t start = arg[0] >> FX_EXTENT_SHIFT;
    uint64_t at = arg[1];

    switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return fx_reservation_op(caller, command, start, at);
    case XENMEM_acquire_resource:
        return fx_acquire_resource_op(caller, start, at);
    case XENMEM_add_to_physmap:
    case XENMEM_add_to_physmap_batch:
        return translated_only(caller, at);
    case XENMEM_exchange:
        return start ? -EINVAL : fx_exchange_op(caller, at);
    case XENMEM_maximum_ram_page:
        return start ? -EINVAL : (long)caller->host->super->nr_frames;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return start ? -EINVAL : domain_pages(caller, command, at);
    case XENMEM_claim_pages:
        return start ? -EINVAL : fx_claim_op(caller, at);
    case XENMEM_reserved_device_memory_map:
        return start ? -EINVAL : fx_reserved_memory_op(caller, at);
    case XENMEM_get_vnumainfo:
        return start ? -EINVAL : fx_get_vnuma(caller, at);
    case XENMEM_remove_from_physmap:
        return start ? -EINVAL : translated_only(caller, at);
    default:
        return whole_op(caller, arg[0], at);
    }
}
