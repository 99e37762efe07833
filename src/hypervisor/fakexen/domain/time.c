/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * time.c - time as guests see it.
 */
#include "domain/time.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include <xen/xen.h>
#include <xen/vcpu.h>
#include <xen/foreign/x86_32.h>

#include "domain/domain.h"
#include "domain/event.h"
#include "domain/guest_memory.h"
#include "domain/state.h"
#include "machine/frames.h"

#define SECOND INT64_C(1000000000)

/* The TSC counts twice in a nanosecond, so that its scale (xen/xen.h) is a
 * half: nothing is lost in either direction. */
#define TSC_PER_NS  (FX_CPU_KHZ / 1000000u)
#define TSC_TO_NS   ((UINT64_C(1) << 32) / TSC_PER_NS)
#define TIME_OFFSET offsetof(vcpu_info_t, time)

_Static_assert(TIME_OFFSET == offsetof(vcpu_info_x86_32_t, time),
               "both widths have it there");

/* 2026-01-01: the day on which a domain's own clock was 0. */
#define SEEDED_DAY INT64_C(1767225600)

int64_t fx_now(const struct fx_host *host, const struct fx_domain *domain)
{
    return host->super->seeded ? domain->clock : fx_system_time();
}

uint64_t fx_guest_tsc(const struct fx_domain *domain, int64_t now)
{
    (void)domain;
    return (uint64_t)now * TSC_PER_NS;
}

void fx_update_time(struct fx_host *host, struct fx_domain *domain,
                    uint32_t vcpu, int64_t now)
{
    uint8_t *info = fx_vcpu_info(host, domain, vcpu);
    vcpu_time_info_t *t, is;

    if (!info)
        return;
    t = (vcpu_time_info_t *)(info + TIME_OFFSET);
    is = (vcpu_time_info_t){
        .tsc_timestamp = fx_guest_tsc(domain, now),
        .system_time = (uint64_t)now,
        .tsc_to_system_mul = (uint32_t)TSC_TO_NS,
    };
    /* Odd while it changes: the guest's vCPUs may look at any time. */
    is.version = (t->version | 1) + 2;
    __atomic_store_n(&t->version, is.version, __ATOMIC_SEQ_CST);
    memcpy(&t->tsc_timestamp, &is.tsc_timestamp,
           sizeof(is) - offsetof(vcpu_time_info_t, tsc_timestamp));
    __atomic_store_n(&t->version, is.version + 1, __ATOMIC_SEQ_CST);
}

/* The wall clock when system time was 0. */
void fx_update_wallclock(struct fx_host *host, struct fx_domain *domain)
{
    size_t at = domain->is_32bit ? offsetof(shared_info_x86_32_t, wc_version)
                                 : offsetof(shared_info_t, wc_version);
    size_t hi = domain->is_32bit
                    ? offsetof(shared_info_x86_32_t, arch.wc_sec_hi)
                    : offsetof(shared_info_t, wc_sec_hi);
    uint8_t *page = fx_shared_info(host, domain);
    struct timespec wall = {0};
    uint32_t *wc, version;
    int64_t start;

    if (!page)
        return;
    clock_gettime(CLOCK_REALTIME, &wall);
    start = wall.tv_sec * SECOND + wall.tv_nsec - fx_system_time();
    if (host->super->seeded) /* whatever the day: a run repeats */
        start = SEEDED_DAY * SECOND;
    wc = (uint32_t *)(page + at); /* version, seconds, nanoseconds */
    version = (wc[0] | 1) + 2;
    __atomic_store_n(&wc[0], version, __ATOMIC_SEQ_CST);
    wc[1] = (uint32_t)(start / SECOND);
    wc[2] = (uint32_t)(start % SECOND);
    *(uint32_t *)(page + hi) = (uint32_t)((uint64_t)(start / SECOND) >> 32);
    __atomic_store_n(&wc[0], version + 1, __ATOMIC_SEQ_CST);
}

static bool is_runstate(int state)
{
    return state >= RUNSTATE_running && state <= RUNSTATE_offline;
}

void fx_runstate_get(struct fx_host *host, const struct fx_domain *domain,
                     uint32_t vcpu, int64_t now, vcpu_runstate_info_t *info)
{
    const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);

    memset(info, 0, sizeof(*info));
    if (!v)
        return;
    info->state = v->runstate;
    info->state_entry_time = (uint64_t)v->runstate_since;
    memcpy(info->time, v->runstate_time, sizeof(info->time));
    if (is_runstate(v->runstate) && now > v->runstate_since)
        info->time[v->runstate] += (uint64_t)(now - v->runstate_since);
}

/* A 32-bit guest's has no hole behind the state. */
int fx_runstate_out(const struct fx_caller *caller, uint64_t to,
                    const vcpu_runstate_info_t *info)
{
    const size_t times = offsetof(vcpu_runstate_info_t, state_entry_time);
    int rc;

    if (!caller->is_32bit)
        return fx_copy_out(caller, to, info, sizeof(*info));
    rc = fx_copy_out(caller, to, &info->state, sizeof(info->state));
    return rc ? rc
              : fx_copy_out(caller, to + sizeof(info->state),
                            (const uint8_t *)info + times,
                            sizeof(*info) - times);
}

/* The last byte of the time says that the rest is on its way, to a guest that
 * asked for that. */
void fx_runstate_show(struct fx_host *host, struct fx_domain *domain,
                      uint32_t vcpu)
{
    const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    const struct fx_caller caller = fx_guest_caller(host, domain, vcpu);
    size_t last = domain->is_32bit ? 4 + 7 : 8 + 7;
    vcpu_runstate_info_t info;
    uint8_t end;

    if (!v || !v->runstate_area)
        return;
    fx_runstate_get(host, domain, vcpu, v->runstate_since, &info);
    end = (uint8_t)(info.state_entry_time >> 56);
    if (fx_has_assist(domain, VMASST_TYPE_runstate_update_flag))
        info.state_entry_time |= XEN_RUNSTATE_UPDATE;
    /* Where the guest has none mapped any more, it sees none. */
    if (!fx_runstate_out(&caller, v->runstate_area, &info))
        (void)!fx_copy_out(&caller, v->runstate_area + last, &end, sizeof(end));
}

void fx_runstate(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu,
                 int state, int64_t now)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);

    if (!v || !is_runstate(state) || state == v->runstate)
        return;
    if (is_runstate(v->runstate) && now > v->runstate_since)
        v->runstate_time[v->runstate] += (uint64_t)(now - v->runstate_since);
    v->runstate = state;
    v->runstate_since = now;
    fx_runstate_show(host, domain, vcpu);
}
