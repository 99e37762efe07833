/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain.c - the life of a domain: what Xen allocates for it, and how all of
 * that comes back.
 */
#include "domain/domain.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "domain/context.h"
#include "domain/affinity.h"
#include "domain/event.h"
#include "domain/grant_frames.h"
#include "domain/log_dirty.h"
#include "domain/policy.h"
#include "domain/pool.h"
#include "domain/ports.h"
#include "domain/state.h"
#include "domain/time.h"
#include "domain/vcpu_state.h"
#include "domain/vnuma.h"
#include "machine/frames.h"
#include "machine/space.h"
#include "machine/wake.h"
#include "memory/page_type.h"
#include "xen_versions.h"

/* XEN_DOMCTL_CDF_* that say nothing against a PV domain without an IOMMU. */
#define PV_FLAGS                                                               \
    (XEN_DOMCTL_CDF_s3_integrity | XEN_DOMCTL_CDF_oos_off |                    \
     XEN_DOMCTL_CDF_xs_domain)

/* A 32-bit guest's start_info has 32 bits for its address. */
#define SHARED_INFO_BITS 32

int64_t fx_system_time(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int check_config(const struct fx_host *host,
                        const struct xen_domctl_createdomain *config)
{
    unsigned int version = config->grant_opts & XEN_DOMCTL_GRANT_version_mask;

    if (config->flags & ~PV_FLAGS || config->iommu_opts ||
        config->vmtrace_size ||
        config->grant_opts & ~XEN_DOMCTL_GRANT_version_mask)
        return -EINVAL;
    if (config->max_vcpus < 1 || config->max_vcpus > FX_MAX_VCPUS)
        return -EINVAL;
    if (config->arch.misc_flags & ~XEN_X86_MSR_RELAXED ||
        config->arch.emulation_flags & ~XEN_X86_EMU_ALL)
        return -EINVAL;
    if (config->arch.emulation_flags) /* a PV domain has no devices */
        return -EOPNOTSUPP;
    if (version < 1 || version > 2)
        return -EINVAL;
    if (config->max_grant_frames == 0)
        return -EINVAL;
    if (!XEN_GRANT_FRAMES_UNLIMITED &&
        (config->max_grant_frames > FX_MAX_GRANT_FRAMES ||
         config->max_maptrack_frames > 1024))
        return -EINVAL;
    return fx_pool_admits(host, config->cpupool_id);
}

static struct fx_domain *free_slot(struct fx_host *host)
{
    unsigned int i;

    for (i = FX_CONTROL_DOMID + 1; i < FX_MAX_DOMAINS; i++)
        if (!host->super->domain[i].exists)
            return &host->super->domain[i];
    return NULL;
}

static void free_structures(struct fx_host *host, struct fx_domain *domain)
{
    struct fx_domain_state *state =
        domain->state == FX_NO_MFN ? NULL : fx_domain_state(host, domain);
    const struct fx_vcpu *vcpu;
    uint32_t i;

    for (i = 0; (vcpu = fx_vcpu(host, domain, i)); i++)
        if (vcpu->exists)
            fx_free_xen_frames(host, vcpu->context, FX_VCPU_ORDER);
    for (i = 0; i < fx_nr_grant_frames(state); i++)
        fx_free_xen_frames(host, state->grant_frame[i], 0);
    if (state)
        fx_free_vnuma(host, state);
    if (state && state->first_shared_info)
        fx_free_xen_frames(host, state->first_shared_info, 0);
    fx_free_xen_frames(host, domain->shared_info, 0);
    fx_free_xen_frames(host, domain->evtchns, FX_EVTCHN_ORDER);
    fx_free_xen_frames(host, domain->policy, 0);
    fx_free_xen_frames(host, domain->state, 0);
    memset(domain, 0, sizeof(*domain));
}

/* Their slots hold what an earlier domain's did. */
static int clear_vcpus(struct fx_host *host, const struct fx_domain *domain)
{
    struct fx_vcpu *first = fx_vcpu(host, domain, 0);
    uint64_t bytes = domain->max_vcpus * sizeof(*first);
    int rc = fx_space_for(host, first, bytes);

    if (!rc)
        memset(first, 0, bytes);
    return rc;
}

static void init_state(struct fx_host *host, struct fx_domain *domain,
                       const struct xen_domctl_createdomain *config)
{
    struct fx_domain_state *state = fx_domain_state(host, domain);

    state->tsc_khz = FX_CPU_KHZ;
    state->tsc_incarnation = 1;
    domain->clock = FX_CLOCK_START;
    state->tsc_offset = fx_now(host, domain);
    state->unique_id = ++host->super->domains_made << 16 | domain->id;
    state->max_grant_frames = config->max_grant_frames < 0
                                  ? FX_MAX_GRANT_FRAMES
                                  : (uint32_t)config->max_grant_frames;
    state->node_affinity = FX_ALL_NODES; /* until it has a vCPU */
}

int fx_domain_create(struct fx_host *host, uint16_t domid,
                     const struct xen_domctl_createdomain *config)
{
    struct fx_domain *domain;
    uint64_t mfn;
    int rc = check_config(host, config);

    if (rc)
        return rc;
    domain = free_slot(host);
    if (!domain)
        return -ENOMEM;
    memset(domain, 0, sizeof(*domain));
    domain->max_vcpus = config->max_vcpus;
    rc = clear_vcpus(host, domain);
    if (rc)
        return rc;
    domain->exists = true;
    domain->id = domid;
    domain->pool = config->cpupool_id;
    domain->max_evtchn_port = config->max_evtchn_port;
    domain->valid_ports = FX_EVTCHN_BUCKET;
    domain->pause_count = 1;
    domain->shutdown_code = FX_NOT_SHUT_DOWN;
    domain->xenstore = config->flags & XEN_DOMCTL_CDF_xs_domain;
    memcpy(domain->handle, config->handle, sizeof(domain->handle));
    domain->state = fx_xen_frames(host, 0);
    domain->policy = fx_xen_frames(host, 0);
    domain->evtchns = fx_xen_frames(host, FX_EVTCHN_ORDER);
    domain->shared_info = fx_shared_frame(
        host, domain, XEN_SHARED_INFO_MOVES ? 0 : SHARED_INFO_BITS);
    rc = -ENOMEM;
    if (domain->state == FX_NO_MFN || domain->policy == FX_NO_MFN ||
        domain->evtchns == FX_NO_MFN || domain->shared_info == FX_NO_MFN)
        goto fail;
    init_state(host, domain, config);
    fx_policy_init(host, domain);
    rc = fx_grant_frame(host, domain, 0, &mfn);
    if (!rc)
        return 0;
fail:
    free_structures(host, domain);
    return rc;
}

int fx_domain_lower_shared_info(struct fx_host *host, struct fx_domain *domain)
{
    struct fx_domain_state *state = fx_domain_state(host, domain);
    uint64_t now = domain->shared_info, lower;
    struct fx_frame *frame;

    if (now < UINT64_C(1) << (SHARED_INFO_BITS - FX_PAGE_SHIFT))
        return 0;
    lower = fx_shared_frame(host, domain, SHARED_INFO_BITS);
    if (lower == FX_NO_MFN)
        return -ENOMEM;
    domain->shared_info = lower;
    frame = fx_frame(host, now);
    if (!frame || !state)
        return 0;
    frame->flags &= (uint16_t)~FX_F_XENHEAP;
    if (frame->refs > 1) { /* who has it mapped keeps it */
        frame->flags &= (uint16_t)~FX_F_ALLOCATED;
        fx_domain_adjust_pages(host, domain, 1);
        fx_put_page_and_type(host, now);
        return 0;
    }
    /* Nobody can map it from now on, nor is it free: put_page() leaves it to
     * who allocated it, and Xen's switch_compat() does not free it.  Here it is
     * free when the domain is gone. */
    frame->owner = DOMID_XEN;
    frame->type = 0;
    state->first_shared_info = now;
    return 0;
}

int fx_domain_make_vcpus(struct fx_host *host, struct fx_domain *domain)
{
    struct fx_vcpu *vcpu;
    uint32_t i;

    for (i = 0; (vcpu = fx_vcpu(host, domain, i)); i++) {
        uint64_t mfn;

        if (vcpu->exists)
            continue;
        mfn = fx_xen_frames(host, FX_VCPU_ORDER);
        if (mfn == FX_NO_MFN)
            return -ENOMEM;
        *vcpu = (struct fx_vcpu){.exists = true, .down = true, .context = mfn};
        fx_vcpu_state_init(fx_page(host, mfn), fx_now(host, domain));
    }
    fx_update_node_affinity(host, domain);
    return 0;
}

/* Tells all who ask what becomes of domains. */
static void dom_exc(struct fx_host *host)
{
    fx_event_virq(host, &host->super->domain[FX_CONTROL_DOMID], 0,
                  VIRQ_DOM_EXC);
    fx_wake(host);
}

/* Does anybody still refer to a frame that the domain shares with Xen? */
static bool shared_in_use(struct fx_host *host, const struct fx_domain *domain)
{
    const struct fx_domain_state *state = fx_domain_state(host, domain);
    const struct fx_frame *frame = fx_frame(host, domain->shared_info);
    uint32_t i;

    if (frame && frame->refs > 1)
        return true;
    for (i = 0; i < fx_nr_grant_frames(state); i++) {
        frame = fx_frame(host, state->grant_frame[i]);
        if (frame && frame->refs > 1)
            return true;
    }
    return false;
}

void fx_reap_domains(struct fx_host *host)
{
    unsigned int i;

    host->may_reap = false;
    for (i = FX_CONTROL_DOMID + 1; i < FX_MAX_DOMAINS; i++) {
        struct fx_domain *domain = &host->super->domain[i];

        if (!domain->exists || !domain->dying || domain->tot_pages ||
            shared_in_use(host, domain))
            continue;
        free_structures(host, domain);
        dom_exc(host);
    }
}

void fx_domain_shutdown(struct fx_host *host, struct fx_domain *domain,
                        uint8_t reason)
{
    if (domain->shutdown_code == FX_NOT_SHUT_DOWN)
        domain->shutdown_code = reason;
    domain->shutdown = true;
    dom_exc(host);
}

void fx_domain_kill(struct fx_host *host, struct fx_domain *domain)
{
    uint32_t i;

    domain->dying = true;
    dom_exc(host);
    host->super->claimed_frames -= domain->claimed_pages;
    domain->claimed_pages = 0;
    fx_close_ports(host, domain);
    for (i = 0; i < domain->max_vcpus; i++) {
        fx_put_tables(host, domain, i);
        fx_unmap_vcpu_info(host, domain, i);
    }
    fx_shadow_free(host, domain);
    fx_relinquish(host, domain);
    host->may_reap = true;
}

uint64_t fx_domain_unique_id(struct fx_host *host,
                             const struct fx_domain *domain)
{
    return domain->id == FX_CONTROL_DOMID
               ? 1
               : fx_domain_state(host, domain)->unique_id;
}

/* One that nobody runs waits for what it is given. */
static bool is_blocked(const struct fx_domain *domain,
                       const struct fx_vcpu_state *v)
{
    return domain->runner ? v->blocked
                          : !domain->pause_count && !domain->shutdown;
}

static void add_vcpu(struct fx_host *host, const struct fx_domain *domain,
                     uint32_t vcpu, struct xen_domctl_getdomaininfo *info)
{
    const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    vcpu_runstate_info_t times;

    info->max_vcpu_id = vcpu;
    if (!v)
        return;
    fx_runstate_get(host, domain, vcpu, fx_now(host, domain), &times);
    info->cpu_time += times.time[RUNSTATE_running];
    if (fx_vcpu(host, domain, vcpu)->down)
        return;
    info->nr_online_vcpus++;
    if (!is_blocked(domain, v))
        info->flags &= ~(uint32_t)XEN_DOMINF_blocked;
    if (times.state == RUNSTATE_running)
        info->flags |= XEN_DOMINF_running;
}

void fx_domain_info(struct fx_host *host, const struct fx_domain *domain,
                    struct xen_domctl_getdomaininfo *info)
{
    const struct fx_vcpu *vcpu;
    uint32_t i;

    memset(info, 0, sizeof(*info));
    info->domain = domain->id;
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info->flags = XEN_DOMINF_blocked;
    for (i = 0; (vcpu = fx_vcpu(host, domain, i)); i++)
        if (vcpu->exists)
            add_vcpu(host, domain, i, info);
    if (!info->nr_online_vcpus)
        info->flags = 0;
    info->flags |= (domain->dying ? XEN_DOMINF_dying : 0) |
                   (domain->shutdown ? XEN_DOMINF_shutdown : 0) |
                   (domain->pause_count ? XEN_DOMINF_paused : 0) |
                   (domain->debugged ? XEN_DOMINF_debugged : 0) |
                   (domain->xenstore ? XEN_DOMINF_xs_domain : 0) |
                   domain->shutdown_code << XEN_DOMINF_shutdownshift;
    info->cpupool = domain->pool;
    info->tot_pages = domain->tot_pages;
    info->max_pages = domain->max_pages;
    info->outstanding_pages = domain->claimed_pages;
    info->shared_info_frame = domain->shared_info;
    info->gpaddr_bits = 39;
    memcpy(info->handle, domain->handle, sizeof(info->handle));
}
