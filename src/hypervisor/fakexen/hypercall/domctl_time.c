/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_time.c - the time that a domain sees, and how much of the CPUs it
 * gets.
 */
#include "hypercall/domctl_time.h"

#include <errno.h>

#include "domain/domain.h"
#include "domain/pool.h"
#include "domain/state.h"
#include "domain/time.h"

/* Of credit and credit2 (xen/common/sched/credit*.c). */
#define DEFAULT_WEIGHT 256

/* The guest's time stands still while it never runs: it is the host's. */
static long get_tsc(struct fx_domctl *call)
{
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    struct xen_domctl_tsc_info *info = &call->op->u.tsc_info;
    int64_t elapsed;

    if (fx_domctl_on_caller(call) || !state)
        return -EINVAL;
    /* Callers may have set anything: it goes round. */
    elapsed = (int64_t)((uint64_t)fx_now(call->host, call->domain) -
                        (uint64_t)state->tsc_offset);
    info->tsc_mode = state->tsc_mode;
    info->incarnation = state->tsc_incarnation;
    info->elapsed_nsec = elapsed > 0 ? (uint64_t)elapsed : 0;
    info->gtsc_khz = state->tsc_khz;
    if (state->tsc_mode == 2) /* TSC_MODE_NEVER_EMULATE */
        info->elapsed_nsec = info->gtsc_khz = 0;
    call->copy_back = true;
    return 0;
}

static long set_tsc(struct fx_domctl *call)
{
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    const struct xen_domctl_tsc_info *info = &call->op->u.tsc_info;

    if (fx_domctl_on_caller(call) || !state || info->tsc_mode > 2)
        return -EINVAL;
    state->tsc_mode = info->tsc_mode;
    state->tsc_incarnation = info->incarnation + 1;
    if (info->tsc_mode == 2)
        return 0;
    state->tsc_khz = info->gtsc_khz ? info->gtsc_khz : FX_CPU_KHZ;
    state->tsc_offset = (int64_t)((uint64_t)fx_now(call->host, call->domain) -
                                  info->elapsed_nsec);
    return 0;
}

/* A cap is in hundredths of a CPU: a vCPU has no use for more than one. */
static long set_credit2(const struct fx_host *host,
                        const struct fx_domain *domain,
                        struct fx_domain_state *state, unsigned int weight,
                        unsigned int cap)
{
    const struct fx_vcpu *vcpu;
    unsigned int vcpus = 0;

    for (uint32_t i = 0; (vcpu = fx_vcpu(host, domain, i)); i++)
        vcpus += vcpu->exists;
    if (weight)
        state->sched_weight = (uint16_t)weight;
    if (cap > 100 * vcpus)
        return -EINVAL;
    state->sched_cap = (uint16_t)cap;
    return 0;
}

/* As Xen, it takes any cap, and all bits set for none. */
static long set_credit(struct fx_domain_state *state, unsigned int weight,
                       unsigned int cap)
{
    if (weight)
        state->sched_weight = (uint16_t)weight;
    if (cap != UINT16_MAX)
        state->sched_cap = (uint16_t)cap;
    return 0;
}

/* Both schedulers have these two. */
static void tell_shares(const struct fx_domain_state *state, uint16_t *weight,
                        uint16_t *cap)
{
    *weight =
        state && state->sched_weight ? state->sched_weight : DEFAULT_WEIGHT;
    *cap = state ? state->sched_cap : 0;
}

static long set_shares(const struct fx_domctl *call,
                       struct fx_domain_state *state)
{
    const struct xen_domctl_scheduler_op *asked = &call->op->u.scheduler_op;

    if (!state) /* the control domain's stay as they are */
        return -EOPNOTSUPP;
    if (asked->sched_id == XEN_SCHEDULER_CREDIT)
        return set_credit(state, asked->u.credit.weight, asked->u.credit.cap);
    return set_credit2(call->host, call->domain, state, asked->u.credit2.weight,
                       asked->u.credit2.cap);
}

/* The parameters are kept; there are no CPUs that go by them. */
static long scheduler_op(struct fx_domctl *call)
{
    struct xen_domctl_scheduler_op *asked = &call->op->u.scheduler_op;
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    long rc = 0;

    if (asked->sched_id != fx_domain_scheduler(call->host, call->domain))
        return -EINVAL;
    if (asked->cmd != XEN_DOMCTL_SCHEDOP_putinfo &&
        asked->cmd != XEN_DOMCTL_SCHEDOP_getinfo)
        return -EINVAL;
    if (asked->sched_id != XEN_SCHEDULER_CREDIT &&
        asked->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EOPNOTSUPP;
    if (asked->cmd == XEN_DOMCTL_SCHEDOP_putinfo)
        rc = set_shares(call, state);
    else if (asked->sched_id == XEN_SCHEDULER_CREDIT)
        tell_shares(state, &asked->u.credit.weight, &asked->u.credit.cap);
    else
        tell_shares(state, &asked->u.credit2.weight, &asked->u.credit2.cap);
    call->copy_back = true;
    return rc;
}

fx_domctl_function fx_domctl_time(uint32_t command)
{
    static const fx_domctl_function table[] = {
        [XEN_DOMCTL_gettscinfo] = get_tsc,
        [XEN_DOMCTL_settscinfo] = set_tsc,
        [XEN_DOMCTL_scheduler_op] = scheduler_op,
    };

    return command < sizeof(table) / sizeof(table[0]) ? table[command] : NULL;
}
