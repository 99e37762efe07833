/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/domain_table.h"

#include <xen/domctl.h>

#include "machine/host.h"

void fx_domain_table_init(struct fx_super *super)
{
    struct fx_domain *dom0 = &super->domain[FX_CONTROL_DOMID];

    dom0->exists = true;
    dom0->max_vcpus = 1;
    dom0->creation_finished = true;
    dom0->max_evtchn_port = FX_MAX_EVTCHN - 1;
    dom0->shared_info = dom0->state = FX_NO_MFN;
    dom0->evtchns = dom0->policy = FX_NO_MFN;
    super->next_domid = 1;
    super->pool[0] = (struct fx_pool){
        .exists = true,
        .scheduler = XEN_SCHEDULER_CREDIT2,
        .cpus = (UINT64_C(1) << FX_CPUS) - 1,
    };
}

struct fx_vcpu *fx_vcpu(const struct fx_host *host,
                        const struct fx_domain *domain, uint32_t vcpu)
{
    uint64_t slot = (uint64_t)(domain - host->super->domain);

    return vcpu < domain->max_vcpus && vcpu < FX_MAX_VCPUS
               ? &host->vcpus[slot * FX_MAX_VCPUS + vcpu]
               : NULL;
}

struct fx_domain *fx_domain(struct fx_host *host, uint32_t domid)
{
    struct fx_super *super = host->super;
    unsigned int i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        if (super->domain[i].exists && super->domain[i].id == domid)
            return &super->domain[i];
    }
    return NULL;
}

struct fx_domain *fx_domain_next(struct fx_host *host, uint32_t domid)
{
    struct fx_domain *best = NULL;
    unsigned int i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        struct fx_domain *domain = &host->super->domain[i];

        if (domain->exists && domain->id >= domid &&
            (!best || domain->id < best->id))
            best = domain;
    }
    return best;
}

void fx_domain_adjust_pages(struct fx_host *host, struct fx_domain *domain,
                            int64_t pages)
{
    uint64_t used = 0;

    domain->tot_pages += (uint64_t)pages;
    if (pages > 0)
        used = (uint64_t)pages < domain->claimed_pages ? (uint64_t)pages
                                                       : domain->claimed_pages;
    domain->claimed_pages -= used;
    host->super->claimed_frames -= used;
}

bool fx_unclaimed(const struct fx_host *host, const struct fx_domain *domain,
                  uint64_t frames)
{
    const struct fx_super *super = host->super;

    return super->claimed_frames + frames <= super->free_frames ||
           (domain && domain->claimed_pages >= frames);
}
