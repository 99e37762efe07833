/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_table.c - __HYPERVISOR_grant_table_op (xen/grant_table.h): a domain's
 * table and its size, and copies.  To map is the preload's (libxengnttab).
 */
#include "hypercall/grant_table.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/grant_table.h>

#include "domain/grant_frames.h"
#include "domain/state.h"
#include "hypercall/compat.h"
#include "hypercall/grant_copy.h"

/* The control domain's table is its kernel's business: it has none here. */
static int16_t list_frames(const struct fx_caller *caller,
                           struct fx_domain *domain,
                           const gnttab_setup_table_t *asked)
{
    struct fx_host *host = caller->host;
    const struct fx_domain_state *state = fx_domain_state(host, domain);
    uint32_t i;

    if (!state || asked->nr_frames > state->max_grant_frames)
        return GNTST_general_error;
    for (i = 0; i < asked->nr_frames; i++) {
        uint64_t mfn;

        if (fx_grant_frame(host, domain, i, &mfn))
            return GNTST_general_error;
        if (fx_word_out(caller, (uint64_t)(uintptr_t)asked->frame_list.p, i,
                        mfn))
            return GNTST_bad_virt_addr;
    }
    return GNTST_okay;
}

static long setup_table(const struct fx_caller *caller, uint64_t at)
{
    gnttab_setup_table_t asked;
    struct fx_domain *domain;

    if (fx_struct_in(caller, FX_GNTTAB_SETUP_TABLE, &asked, at))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.dom);
    if (!domain)
        asked.status = GNTST_bad_domain;
    else if (!fx_may_target(caller, domain))
        asked.status = GNTST_permission_denied;
    else
        asked.status = list_frames(caller, domain, &asked);
    /* Both widths have it there. */
    return fx_copy_out(caller, at + offsetof(gnttab_setup_table_t, status),
                       &asked.status, sizeof(asked.status));
}

static long query_size(const struct fx_caller *caller, uint64_t at)
{
    const struct fx_domain_state *state = NULL;
    const struct fx_domain *domain;
    gnttab_query_size_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.dom);
    asked.status = domain ? GNTST_okay : GNTST_bad_domain;
    if (domain && !fx_may_target(caller, domain)) {
        asked.status = GNTST_permission_denied;
        domain = NULL;
    }
    if (domain)
        state = fx_domain_state(caller->host, domain);
    if (domain) {
        asked.nr_frames = state ? state->nr_grant_frames : 0;
        asked.max_nr_frames = state ? state->max_grant_frames : 0;
    }
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static long get_version(const struct fx_caller *caller, uint64_t at)
{
    const struct fx_domain *domain;
    gnttab_get_version_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.dom);
    if (!domain)
        return -ESRCH;
    if (!fx_may_target(caller, domain))
        return -EPERM;
    asked.version = 1;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static int16_t why_not_mapped(const struct fx_caller *caller,
                              const gnttab_map_grant_ref_t *op)
{
    if (!(op->flags & (GNTMAP_device_map | GNTMAP_host_map)))
        return GNTST_bad_gntref;
    return fx_domain(caller->host, op->dom) ? GNTST_permission_denied
                                            : GNTST_bad_domain;
}

/* No caller has grants mapped into its own tables. */
static long refuse_map(const struct fx_caller *caller, uint64_t at,
                       uint32_t count)
{
    gnttab_map_grant_ref_t op; /* of one shape in both widths */
    uint32_t i;

    for (i = 0; i < count; i++, at += sizeof(op)) {
        if (fx_preempt_due(caller, i))
            return fx_preempt(
                caller, (uint64_t[5]){GNTTABOP_map_grant_ref, at, count - i});
        if (fx_copy_in(caller, &op, at, sizeof(op)))
            return -EFAULT;
        op.status = why_not_mapped(caller, &op);
        if (fx_copy_out(caller, at + offsetof(gnttab_map_grant_ref_t, status),
                        &op.status, sizeof(op.status)))
            return -EFAULT;
    }
    return 0;
}

/* So there are none to unmap. */
static long refuse_unmap(const struct fx_caller *caller, uint64_t at,
                         uint32_t count)
{
    const int16_t status = GNTST_bad_handle;
    uint32_t i;

    for (i = 0; i < count; i++, at += sizeof(gnttab_unmap_grant_ref_t)) {
        if (fx_preempt_due(caller, i))
            return fx_preempt(
                caller, (uint64_t[5]){GNTTABOP_unmap_grant_ref, at, count - i});
        if (fx_copy_out(caller, at + offsetof(gnttab_unmap_grant_ref_t, status),
                        &status, sizeof(status)))
            return -EFAULT;
    }
    return 0;
}

long fx_grant_table_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    uint32_t count = (uint32_t)arg[2];

    if (count > INT32_MAX)
        return -EINVAL;
    switch ((uint32_t)arg[0]) {
    case GNTTABOP_map_grant_ref:
        return refuse_map(caller, arg[1], count);
    case GNTTABOP_unmap_grant_ref:
        return refuse_unmap(caller, arg[1], count);
    case GNTTABOP_copy:
        return fx_grant_copy_op(caller, arg[1], count);
    case GNTTABOP_setup_table:
        return count == 1 ? setup_table(caller, arg[1]) : -EINVAL;
    case GNTTABOP_query_size:
        return count == 1 ? query_size(caller, arg[1]) : -EINVAL;
    case GNTTABOP_get_version:
        return get_version(caller, arg[1]);
    default:
        return -ENOSYS;
    }
}
