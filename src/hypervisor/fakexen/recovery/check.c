/* SPDX-License-Identifier: GPL-2.0-only */
#include "recovery/check.h"

#include <errno.h>
#include <stdio.h>

#include "domain/ports.h"
#include "domain/state.h"
#include "domain/time.h"
#include "machine/frames.h"
#include "memory/mapping.h"

static bool frames_fit(const struct fx_host *host, uint64_t mfn, uint64_t nr)
{
    if (!mfn || mfn == FX_NO_MFN)
        return true;
    return fx_is_ram(host, mfn) && fx_is_ram(host, mfn + nr - 1);
}

/* Other bytes there make a compiler's assumptions wrong. */
static bool is_bool(const bool *flag)
{
    return *(const uint8_t *)flag <= 1;
}

static bool flags_fit(const struct fx_host *host, const struct fx_domain *d)
{
    const struct fx_vcpu *vcpu;

    if (!is_bool(&d->exists) || !is_bool(&d->dying) || !is_bool(&d->is_32bit) ||
        !is_bool(&d->shutdown) || !is_bool(&d->assists_declared) ||
        !is_bool(&d->creation_finished) || !is_bool(&d->log_dirty) ||
        !is_bool(&d->debugged) || !is_bool(&d->xenstore))
        return false;
    for (uint32_t v = 0; (vcpu = fx_vcpu(host, d, v)); v++) {
        if (!is_bool(&vcpu->exists) || !is_bool(&vcpu->initialised) ||
            !is_bool(&vcpu->down))
            return false;
    }
    return true;
}

/* What is in Xen's own frames. Only the control domain has none. */
static bool states_fit(struct fx_host *host, const struct fx_domain *d)
{
    const struct fx_domain_state *state = fx_domain_state(host, d);
    const struct fx_vcpu_state *vcpu;
    unsigned int v;

    if (!d->exists || d == &host->super->domain[0])
        return true;
    if (!state || !is_bool(&state->log_failed) ||
        !is_bool(&state->nodes_chosen))
        return false;
    for (v = 0; v < d->max_vcpus; v++) {
        vcpu = fx_vcpu_state(host, d, v);
        if (vcpu &&
            (!is_bool(&vcpu->fpu_initialised) || !is_bool(&vcpu->blocked)))
            return false;
    }
    return true;
}

static bool domain_fits(struct fx_host *host, const struct fx_domain *d)
{
    const struct fx_vcpu *vcpu;

    if (is_bool(&d->exists) && !d->exists)
        return true;
    if (!flags_fit(host, d))
        return false;
    if (d->left_first > d->left_end || d->left_end > host->super->nr_frames ||
        d->clock < 0 || d->clock > FX_CLOCK_MAX + FX_CLOCK_MAX / 2 ||
        d->max_vcpus > FX_MAX_VCPUS || !frames_fit(host, d->shared_info, 1) ||
        !frames_fit(host, d->state, 1) || !frames_fit(host, d->policy, 1) ||
        !frames_fit(host, d->evtchns, UINT64_C(1) << FX_EVTCHN_ORDER))
        return false;
    for (uint32_t v = 0; (vcpu = fx_vcpu(host, d, v)); v++) {
        if (vcpu->exists && !frames_fit(host, vcpu->context, FX_VCPU_FRAMES))
            return false;
    }
    return true;
}

int fx_check_states(struct fx_host *host, char *why, size_t len)
{
    unsigned int i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        if (!states_fit(host, &host->super->domain[i])) {
            snprintf(why, len,
                     "damaged: domain in slot %u has a bad state" FX_NEW_ONE,
                     i);
            return -EINVAL;
        }
    }
    return 0;
}

/* No two mappings have the same part of the list: there is room for all. */
static bool mappings_fit(struct fx_host *host)
{
    unsigned int slots = fx_mapping_slots(host), i;
    const struct fx_mapping *m;
    uint64_t pages = 0;

    for (i = 0; i < slots; i++) {
        m = fx_mapping_at(host, i);
        if (m && !is_bool(&m->writable))
            return false;
        pages += m ? m->pages : 0;
    }
    return pages <= FX_MAX_MAPPED_FRAMES;
}

static bool pools_fit(const struct fx_super *super)
{
    for (unsigned int i = 0; i < FX_MAX_POOLS; i++)
        if (!is_bool(&super->pool[i].exists))
            return false;
    return true;
}

int fx_check_domains(struct fx_host *host, char *why, size_t len)
{
    const struct fx_super *super = host->super;
    unsigned int i;

    if (!is_bool(&super->busy)) {
        snprintf(why, len,
                 "damaged: it cannot be told if it is in use" FX_NEW_ONE);
        return -EINVAL;
    }
    for (i = 0; i < FX_MAX_EVTCHN; i++) {
        if (!is_bool(&super->control_port[i].pending) ||
            !is_bool(&super->control_port[i].masked)) {
            snprintf(
                why, len,
                "damaged: a port of domain 0 is what cannot be" FX_NEW_ONE);
            return -EINVAL;
        }
    }
    if (super->free_frames > super->ram_frames ||
        super->claimed_frames > super->ram_frames) {
        snprintf(why, len,
                 "damaged: more memory free than there is" FX_NEW_ONE);
        return -EINVAL;
    }
    if (!pools_fit(super)) {
        snprintf(why, len,
                 "damaged: a pool of CPUs is what cannot be" FX_NEW_ONE);
        return -EINVAL;
    }
    if (!mappings_fit(host)) {
        snprintf(why, len, "damaged: what is mapped cannot be" FX_NEW_ONE);
        return -EINVAL;
    }
    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        if (!domain_fits(host, &super->domain[i])) {
            snprintf(why, len,
                     "damaged: domain in slot %u has what cannot be" FX_NEW_ONE,
                     i);
            return -EINVAL;
        }
    }
    return 0;
}
