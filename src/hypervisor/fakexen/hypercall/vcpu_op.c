/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_op.c - a guest's vCPUs: up, down, and what they learn of time.
 */
#include "hypercall/vcpu_op.h"

#include <errno.h>
#include <string.h>

#include <xen/sched.h>
#include <xen/vcpu.h>

#include "domain/context.h"
#include "domain/domain.h"
#include "domain/event.h"
#include "domain/state.h"
#include "domain/time.h"
#include "hypercall/compat.h"
#include "machine/wake.h"

#define MILLISECOND INT64_C(1000000)

/* The longest period that Xen's timers take (STIME_DELTA_MAX). */
#define MAX_PERIOD ((UINT64_C(1) << 62) - 1)

/* A timer further away is thought to be a mistake, and comes soon. */
#define FAR_AWAY (INT64_C(1) << 50)

/* One call: the vCPU that is meant, which may be another than the caller. */
struct call {
    const struct fx_caller *caller;
    struct fx_host *host;
    struct fx_domain *domain;
    uint32_t vcpu;
    struct fx_vcpu *slot;
    struct fx_vcpu_state *v;
    uint64_t at;
    const uint64_t *arg; /* to make it again */
};

static bool on_itself(const struct call *call)
{
    return call->vcpu == call->caller->vcpu;
}

static long initialise(const struct call *call)
{
    long rc;

    /* One beyond those in shared_info needs a place for its vcpu_info first. */
    if (!fx_vcpu_info(call->host, call->domain, call->vcpu))
        return -EINVAL;
    rc = fx_initialise_vcpu(call->caller, call->vcpu, call->at);
    return rc == -ERESTART ? fx_preempt(call->caller, call->arg) : rc;
}

static long up(const struct call *call)
{
    if (!call->slot->initialised)
        return -EINVAL;
    call->slot->down = false;
    fx_wake(call->host);
    return 0;
}

/* The last one takes the domain with it. */
static long down(const struct call *call)
{
    const struct fx_vcpu *other;
    uint32_t i;

    for (i = 0; (other = fx_vcpu(call->host, call->domain, i)); i++)
        if (i != call->vcpu && other->exists && !other->down)
            break;
    if (other)
        call->slot->down = true;
    else
        fx_domain_shutdown(call->host, call->domain, SHUTDOWN_poweroff);
    return 0;
}

static long get_runstate(const struct call *call)
{
    vcpu_runstate_info_t info;

    fx_runstate_get(call->host, call->domain, call->vcpu,
                    fx_now(call->host, call->domain), &info);
    return fx_runstate_out(call->caller, call->at, &info);
}

static long register_runstate(const struct call *call)
{
    vcpu_register_runstate_memory_area_t area;

    if (fx_struct_in(call->caller, FX_RUNSTATE_AREA, &area, call->at))
        return -EFAULT;
    call->v->runstate_area = (uint64_t)(uintptr_t)area.addr.h.p;
    fx_runstate_show(call->host, call->domain, call->vcpu);
    return 0;
}

static long set_period(const struct call *call)
{
    vcpu_set_periodic_timer_t asked;

    if (fx_copy_in(call->caller, &asked, call->at, sizeof(asked)))
        return -EFAULT;
    if (asked.period_ns < (uint64_t)MILLISECOND || asked.period_ns > MAX_PERIOD)
        return -EINVAL;
    call->v->period = (int64_t)asked.period_ns;
    fx_timers(call->host, call->domain, fx_now(call->host, call->domain));
    fx_wake(call->host);
    return 0;
}

static long set_singleshot(const struct call *call)
{
    vcpu_set_singleshot_timer_t asked;

    if (!on_itself(call))
        return -EINVAL;
    if (fx_struct_in(call->caller, FX_SINGLESHOT_TIMER, &asked, call->at))
        return -EFAULT;
    call->v->timer = 0;
    if (asked.timeout_abs_ns < (uint64_t)fx_now(call->host, call->domain))
        fx_event_virq(call->host, call->domain, call->vcpu, VIRQ_TIMER);
    else
        call->v->timer = asked.timeout_abs_ns > INT64_MAX
                             ? INT64_MAX
                             : (int64_t)asked.timeout_abs_ns;
    return 0;
}

static long register_info(const struct call *call)
{
    vcpu_register_vcpu_info_t asked;
    int rc;

    if (fx_copy_in(call->caller, &asked, call->at, sizeof(asked)))
        return -EFAULT;
    rc = fx_map_vcpu_info(call->host, call->domain, call->vcpu, on_itself(call),
                          asked.mfn, asked.offset);
    if (!rc)
        fx_update_time(call->host, call->domain, call->vcpu,
                       fx_now(call->host, call->domain));
    return rc;
}

static long other(const struct call *call, int command)
{
    switch (command) {
    case VCPUOP_is_up:
        return !call->slot->down;
    case VCPUOP_stop_periodic_timer:
        call->v->period = 0;
        return 0;
    case VCPUOP_stop_singleshot_timer:
        if (!on_itself(call))
            return -EINVAL;
        call->v->timer = 0;
        return 0;
    case VCPUOP_send_nmi:
        return call->at ? -EINVAL : 0;
    case VCPUOP_get_physid: /* for one that is bound to its CPU */
        return -EINVAL;
    default:
        return -ENOSYS;
    }
}

long fx_vcpu_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct call call = {
        .caller = caller,
        .host = caller->host,
        .domain = caller->domain,
        .vcpu = (uint32_t)arg[1],
        .slot = fx_vcpu(caller->host, caller->domain, (uint32_t)arg[1]),
        .v = fx_vcpu_state(caller->host, caller->domain, (uint32_t)arg[1]),
        .at = arg[2],
        .arg = arg,
    };

    if (!call.v)
        return -ENOENT;
    switch ((int)arg[0]) {
    case VCPUOP_initialise:
        return initialise(&call);
    case VCPUOP_up:
        return up(&call);
    case VCPUOP_down:
        return down(&call);
    case VCPUOP_get_runstate_info:
        return get_runstate(&call);
    case VCPUOP_register_runstate_memory_area:
        return register_runstate(&call);
    case VCPUOP_set_periodic_timer:
        return set_period(&call);
    case VCPUOP_set_singleshot_timer:
        return set_singleshot(&call);
    case VCPUOP_register_vcpu_info:
        return register_info(&call);
    default:
        return other(&call, (int)arg[0]);
    }
}

/* 0: none.  A 32-bit guest gives it in two words. */
long fx_set_timer_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);
    uint64_t asked = caller->is_32bit ? arg[1] << 32 | arg[0] : arg[0];
    int64_t timeout = (int64_t)asked,
            now = fx_now(caller->host, caller->domain);

    if (!v)
        return -EINVAL;
    if (timeout < 0 || (timeout > now && timeout - now >= FAR_AWAY))
        timeout = now + 100 * MILLISECOND;
    v->timer = timeout;
    return 0;
}
