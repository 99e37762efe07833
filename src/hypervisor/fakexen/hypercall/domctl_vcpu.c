/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_vcpu.c - the vCPUs of a domain: how many, their state, where they run.
 */
#include "hypercall/domctl_vcpu.h"

#include <errno.h>

#include "domain/affinity.h"
#include "domain/context.h"
#include "domain/domain.h"
#include "domain/state.h"
#include "domain/time.h"
#include "domain/vcpu_state.h"

/* A debugger pauses a vCPU as often as control tools a domain. */
#define MAX_PAUSE_COUNT 255

static long max_vcpus(struct fx_domctl *call)
{
    if (fx_domctl_on_caller(call) ||
        call->op->u.max_vcpus.max != call->domain->max_vcpus)
        return -EINVAL;
    return fx_domain_make_vcpus(call->host, call->domain);
}

static long set_context(struct fx_domctl *call)
{
    const struct xen_domctl_vcpucontext *asked = &call->op->u.vcpucontext;

    if (fx_domctl_on_caller(call) ||
        !fx_vcpu_state(call->host, call->domain, asked->vcpu))
        return -EINVAL;
    if (asked->ctxt.p)
        return fx_set_context(call->caller, call->domain, asked->vcpu,
                              (uint64_t)(uintptr_t)asked->ctxt.p);
    fx_reset_vcpu(call->host, call->domain, asked->vcpu);
    return 0;
}

static long get_context(struct fx_domctl *call)
{
    const struct xen_domctl_vcpucontext *asked = &call->op->u.vcpucontext;

    if (!fx_vcpu_state(call->host, call->domain, asked->vcpu))
        return -EINVAL;
    if (!fx_vcpu(call->host, call->domain, asked->vcpu)->initialised)
        return -ENODATA;
    call->copy_back = true;
    return fx_get_context(call->caller, call->domain, asked->vcpu,
                          (uint64_t)(uintptr_t)asked->ctxt.p);
}

static long get_vcpu_info(struct fx_domctl *call)
{
    struct xen_domctl_getvcpuinfo *info = &call->op->u.getvcpuinfo;
    const struct fx_domain *domain = call->domain;
    const struct fx_vcpu_state *v =
        fx_vcpu_state(call->host, domain, info->vcpu);
    vcpu_runstate_info_t times;

    if (info->vcpu >= domain->max_vcpus)
        return -EINVAL;
    if (!v)
        return -ESRCH;
    info->online = !fx_vcpu(call->host, domain, info->vcpu)->down;
    fx_runstate_get(call->host, domain, info->vcpu, fx_now(call->host, domain),
                    &times);
    info->blocked = info->online && (domain->runner ? v->blocked
                                                    : !domain->pause_count &&
                                                          !domain->shutdown);
    info->running = times.state == RUNSTATE_running;
    info->cpu_time = times.time[RUNSTATE_running];
    info->cpu = fx_vcpu_cpu(call->host, domain, v, info->vcpu);
    call->copy_back = true;
    return 0;
}

static long ext_context(struct fx_domctl *call)
{
    call->copy_back = call->op->cmd == XEN_DOMCTL_get_ext_vcpucontext;
    return fx_ext_context(call->caller, call->domain, call->op);
}

static long vcpu_xstate(struct fx_domctl *call)
{
    call->copy_back = call->op->cmd == XEN_DOMCTL_getvcpuextstate;
    return fx_vcpu_xstate(call->caller, call->domain, call->op);
}

static long vcpu_msrs(struct fx_domctl *call)
{
    call->copy_back = true;
    return fx_vcpu_msrs(call->caller, call->domain, call->op);
}

static long vcpu_affinity(struct fx_domctl *call)
{
    return fx_vcpu_affinity(call->caller, call->domain, call->op);
}

/* Of the triggers a PV guest knows the NMI, which is kept for it in Xen. */
static long send_trigger(struct fx_domctl *call)
{
    const struct xen_domctl_sendtrigger *asked = &call->op->u.sendtrigger;

    if (!fx_vcpu_state(call->host, call->domain, asked->vcpu))
        return -ESRCH;
    switch (asked->trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        return 0;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        return -EINVAL;
    default:
        return -ENOSYS;
    }
}

/* A debugger's pauses of one vCPU, while the domain is paused as a whole. */
static long debugger_pause(struct fx_domctl *call)
{
    struct fx_vcpu_state *v = fx_vcpu_state(
        call->host, call->domain, call->op->u.gdbsx_pauseunp_vcpu.vcpu);

    if (!call->domain->pause_count)
        return -EBUSY;
    if (!v)
        return -EINVAL;
    if (call->op->cmd == XEN_DOMCTL_gdbsx_pausevcpu) {
        if (v->debugger_pauses >= MAX_PAUSE_COUNT)
            return -EOVERFLOW;
        v->debugger_pauses++;
        return 0;
    }
    if (!v->debugger_pauses)
        return -EINVAL;
    v->debugger_pauses--;
    return 0;
}

fx_domctl_function fx_domctl_vcpu(uint32_t command)
{
    static const fx_domctl_function table[] = {
        [XEN_DOMCTL_max_vcpus] = max_vcpus,
        [XEN_DOMCTL_setvcpucontext] = set_context,
        [XEN_DOMCTL_getvcpucontext] = get_context,
        [XEN_DOMCTL_getvcpuinfo] = get_vcpu_info,
        [XEN_DOMCTL_set_ext_vcpucontext] = ext_context,
        [XEN_DOMCTL_get_ext_vcpucontext] = ext_context,
        [XEN_DOMCTL_setvcpuextstate] = vcpu_xstate,
        [XEN_DOMCTL_getvcpuextstate] = vcpu_xstate,
        [XEN_DOMCTL_set_vcpu_msrs] = vcpu_msrs,
        [XEN_DOMCTL_get_vcpu_msrs] = vcpu_msrs,
        [XEN_DOMCTL_setvcpuaffinity] = vcpu_affinity,
        [XEN_DOMCTL_getvcpuaffinity] = vcpu_affinity,
        [XEN_DOMCTL_sendtrigger] = send_trigger,
    };

    switch (command) { /* those far from the others */
    case XEN_DOMCTL_gdbsx_pausevcpu:
    case XEN_DOMCTL_gdbsx_unpausevcpu:
        return debugger_pause;
    }
    return command < sizeof(table) / sizeof(table[0]) ? table[command] : NULL;
}
