/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * resource.c - XENMEM_acquire_resource: the frames that a domain shares with
 * Xen.
 */
#include "hypercall/resource.h"

#include <errno.h>

#include <xen/memory.h>

#include "domain/grant_frames.h"
#include "domain/state.h"
#include "hypercall/reservation.h"

static long acquire_frames(const struct fx_caller *caller,
                           struct fx_domain *domain,
                           const xen_mem_acquire_resource_t *asked)
{
    uint32_t i;

    for (i = 0; i < asked->nr_frames; i++) {
        uint64_t mfn;
        int rc = fx_grant_frame(caller->host, domain,
                                (uint32_t)asked->frame + i, &mfn);

        if (rc)
            return -EINVAL;
        if (fx_copy_out(caller,
                        (uint64_t)(uintptr_t)asked->frame_list.p +
                            i * sizeof(mfn),
                        &mfn, sizeof(mfn)))
            return -EFAULT;
    }
    return 0;
}

long fx_acquire_resource_op(const struct fx_caller *caller, uint64_t start,
                            uint64_t at)
{
    struct fx_host *host = caller->host;
    const struct fx_domain_state *state;
    xen_mem_acquire_resource_t asked;
    struct fx_domain *domain;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.pad || asked.frame >> 32 || (asked.frame + asked.nr_frames) >> 32)
        return -EINVAL;
    domain = fx_domain(host, asked.domid);
    if (!domain)
        return -ESRCH;
    state = fx_domain_state(host, domain);
    if (domain == caller->domain || !state)
        return -EPERM;
    if (asked.type != XENMEM_resource_grant_table) /* the others: HVM's */
        return asked.type <= XENMEM_resource_vmtrace_buf ? -EINVAL
                                                         : -EOPNOTSUPP;
    if (!asked.frame_list.p) {
        if (asked.nr_frames || start)
            return -EINVAL;
        asked.nr_frames = state->max_grant_frames;
        return fx_copy_out(caller,
                           at + offsetof(xen_mem_acquire_resource_t, nr_frames),
                           &asked.nr_frames, sizeof(asked.nr_frames));
    }
    if (start >= asked.nr_frames || asked.nr_frames > FX_MAX_EXTENTS || start ||
        asked.id != XENMEM_resource_grant_table_id_shared)
        return -EINVAL;
    return acquire_frames(caller, domain, &asked);
}
