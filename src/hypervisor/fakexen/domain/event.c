/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.c - events as a guest sees them: the two-level bits of its shared_info.
 *
 * The bits are the guest's as much as Xen's, and its vCPUs run without the
 * lock: each change is one atomic operation on a byte, which is the same for
 * words of either width.
 */
#include "domain/event.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <xen/event_channel.h>
#include <xen/xen.h>
#include <xen/foreign/x86_32.h>

#include "domain/ports.h"
#include "domain/state.h"
#include "domain/time.h"
#include "machine/frames.h"
#include "machine/wake.h"

/* Where the parts of shared_info and vcpu_info are, by the guest's width. */
struct shape {
    size_t pending, mask, selector;
    unsigned int word_bits;
};

static const struct shape shapes[] = {
    {offsetof(shared_info_t, evtchn_pending),
     offsetof(shared_info_t, evtchn_mask),
     offsetof(vcpu_info_t, evtchn_pending_sel), 64},
    {offsetof(shared_info_x86_32_t, evtchn_pending),
     offsetof(shared_info_x86_32_t, evtchn_mask),
     offsetof(vcpu_info_x86_32_t, evtchn_pending_sel), 32},
};

_Static_assert(FX_MAX_EVTCHN <= 32 * 32, "the ports that 32-bit guests have");

static const struct shape *shape_of(const struct fx_domain *domain)
{
    return &shapes[domain->is_32bit];
}

static bool test_bit(const uint8_t *bits, uint32_t n)
{
    return __atomic_load_n(&bits[n / 8], __ATOMIC_SEQ_CST) >> n % 8 & 1;
}

/* Sets the bit, and says whether it was set. */
static bool set_bit(uint8_t *bits, uint32_t n)
{
    uint8_t bit = (uint8_t)(1u << n % 8);

    return __atomic_fetch_or(&bits[n / 8], bit, __ATOMIC_SEQ_CST) & bit;
}

static bool clear_bit(uint8_t *bits, uint32_t n)
{
    uint8_t bit = (uint8_t)(1u << n % 8);

    return __atomic_fetch_and(&bits[n / 8], (uint8_t)~bit, __ATOMIC_SEQ_CST) &
           bit;
}

/* Notes that the guest's page with the vcpu_info, or shared_info, changed. */
static void mark_info_dirty(struct fx_host *host, struct fx_domain *domain,
                            uint32_t vcpu)
{
    const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    struct fx_frame *frame =
        v && v->info_mfn != FX_NO_MFN ? fx_frame(host, v->info_mfn) : NULL;

    if (frame)
        fx_mark_dirty(domain, frame);
}

bool fx_vcpu_event_due(struct fx_host *host, const struct fx_domain *domain,
                       uint32_t vcpu)
{
    const uint8_t *info = fx_vcpu_info(host, domain, vcpu);

    return info &&
           __atomic_load_n(&info[FX_UPCALL_PENDING], __ATOMIC_SEQ_CST) &&
           !__atomic_load_n(&info[FX_UPCALL_MASK], __ATOMIC_SEQ_CST);
}

/* -- waiting -- */

void fx_vcpu_wake(struct fx_host *host, const struct fx_domain *domain,
                  uint32_t vcpu)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);

    if (v) {
        v->blocked = false;
        v->poll_port = 0;
        v->poll_until = 0;
    }
    /* Also one that runs: its upcall is to be looked at. */
    fx_wake(host);
}

void fx_vcpu_block(struct fx_host *host, const struct fx_domain *domain,
                   uint32_t vcpu)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);

    if (v)
        v->blocked = !fx_vcpu_event_due(host, domain, vcpu);
}

bool fx_vcpu_runnable(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu)
{
    const struct fx_vcpu *slot = fx_vcpu(host, domain, vcpu);
    const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);

    return v && slot->initialised && !slot->down && !domain->pause_count &&
           !domain->shutdown && !domain->dying && !v->debugger_pauses &&
           !v->blocked;
}

/* Of the periodic timer, which a damaged file may have anywhere. */
static int64_t next_tick(const struct fx_vcpu_state *v)
{
    int64_t next;

    return __builtin_add_overflow(v->last_tick, v->period, &next) ? INT64_MAX
                                                                  : next;
}

static void sooner(int64_t *wait, int64_t due, int64_t now)
{
    int64_t left;

    if (due <= now || __builtin_sub_overflow(due, now, &left))
        left = 1;
    if (due && left < *wait)
        *wait = left;
}

int64_t fx_vcpu_wait(struct fx_host *host, struct fx_domain *domain,
                     uint32_t vcpu)
{
    const struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    int64_t wait = FX_WAIT_EVENT, now = fx_now(host, domain);

    if (!v || domain->shutdown || domain->dying)
        return FX_WAIT_EVENT;
    if (fx_vcpu_runnable(host, domain, vcpu))
        return 0;
    if (!v->blocked)
        return FX_WAIT_EVENT;
    sooner(&wait, v->timer, now);
    sooner(&wait, v->period ? next_tick(v) : 0, now);
    sooner(&wait, v->poll_until, now);
    return wait;
}

/* -- ports -- */

static void mark_upcall(struct fx_host *host, struct fx_domain *domain,
                        uint32_t vcpu, uint32_t port)
{
    const struct shape *shape = shape_of(domain);
    uint8_t *info = fx_vcpu_info(host, domain, vcpu);

    if (!info || set_bit(info + shape->selector, port / shape->word_bits))
        return;
    mark_info_dirty(host, domain, vcpu);
    if (!__atomic_exchange_n(&info[FX_UPCALL_PENDING], 1, __ATOMIC_SEQ_CST))
        fx_vcpu_wake(host, domain, vcpu);
}

/* Those who poll the port, or one of several. */
static void wake_pollers(struct fx_host *host, const struct fx_domain *domain,
                         uint32_t port)
{
    const struct fx_vcpu_state *v;
    uint32_t i;

    for (i = 0; i < domain->max_vcpus; i++) {
        v = fx_vcpu_state(host, domain, i);
        if (v && (v->poll_port == port || v->poll_port == FX_POLL_MANY))
            fx_vcpu_wake(host, domain, i);
    }
}

static void set_guest_pending(struct fx_host *host, struct fx_domain *domain,
                              uint32_t port, uint32_t vcpu)
{
    const struct shape *shape = shape_of(domain);
    uint8_t *shared = fx_shared_info(host, domain);

    if (!shared || set_bit(shared + shape->pending, port))
        return;
    if (!test_bit(shared + shape->mask, port))
        mark_upcall(host, domain, vcpu, port);
    wake_pollers(host, domain, port);
}

static struct fx_control_port *control_port(struct fx_host *host,
                                            const struct fx_domain *domain,
                                            uint32_t port)
{
    return domain == &host->super->domain[FX_CONTROL_DOMID]
               ? &host->super->control_port[port]
               : NULL;
}

void fx_event_set_pending(struct fx_host *host, struct fx_domain *domain,
                          uint32_t port)
{
    const struct fx_evtchn *channel = fx_port(host, domain, port);
    struct fx_control_port *own;

    if (!channel || channel->state == EVTCHNSTAT_closed)
        return;
    own = control_port(host, domain, port);
    if (!own) {
        set_guest_pending(host, domain, port, channel->vcpu);
        return;
    }
    own->pending = true;
    fx_wake(host);
}

int fx_event_send(struct fx_host *host, struct fx_domain *domain, uint32_t port)
{
    const struct fx_evtchn *channel = fx_port(host, domain, port);
    struct fx_domain *remote;

    if (!channel)
        return -EINVAL;
    switch (channel->state) {
    case EVTCHNSTAT_interdomain:
        remote = fx_domain(host, channel->remote_dom);
        if (remote)
            fx_event_set_pending(host, remote, channel->remote_port);
        return 0;
    case EVTCHNSTAT_ipi:
        fx_event_set_pending(host, domain, port);
        return 0;
    case EVTCHNSTAT_unbound:
        /* Lost, but for what serves in the place of a daemon. */
        fx_wake(host);
        return 0;
    default:
        return -EINVAL;
    }
}

void fx_event_clear_pending(struct fx_host *host,
                            const struct fx_domain *domain, uint32_t port)
{
    struct fx_control_port *own;
    uint8_t *shared;

    if (!fx_port(host, domain, port))
        return;
    own = control_port(host, domain, port);
    shared = own ? NULL : fx_shared_info(host, domain);
    if (own)
        *own = (struct fx_control_port){0};
    else if (shared)
        clear_bit(shared + shape_of(domain)->pending, port);
}

bool fx_event_is_pending(struct fx_host *host, const struct fx_domain *domain,
                         uint32_t port)
{
    const struct fx_control_port *own;
    const uint8_t *shared;

    if (!fx_port(host, domain, port))
        return false;
    own = control_port(host, domain, port);
    if (own)
        return own->pending;
    shared = fx_shared_info(host, domain);
    return shared && test_bit(shared + shape_of(domain)->pending, port);
}

void fx_event_unmask(struct fx_host *host, struct fx_domain *domain,
                     uint32_t port)
{
    const struct fx_evtchn *channel = fx_port(host, domain, port);
    const struct shape *shape = shape_of(domain);
    struct fx_control_port *own;
    uint8_t *shared;

    if (!channel)
        return;
    own = control_port(host, domain, port);
    if (own) {
        own->masked = false;
        fx_wake(host);
        return;
    }
    shared = fx_shared_info(host, domain);
    if (shared && clear_bit(shared + shape->mask, port) &&
        test_bit(shared + shape->pending, port))
        mark_upcall(host, domain, channel->vcpu, port);
}

/* -- virtual interrupts -- */

bool fx_virq_is_global(unsigned int virq)
{
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU:
        return false;
    default: /* Xen: arch_virq_is_global() */
        return true;
    }
}

uint32_t fx_virq_port(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu, unsigned int virq)
{
    const struct fx_evtchn *channel;
    uint32_t port;

    for (port = 1; (channel = fx_port(host, domain, port)); port++) {
        if (channel->state == EVTCHNSTAT_virq && channel->virq == virq &&
            (fx_virq_is_global(virq) || channel->vcpu == vcpu))
            return port;
    }
    return 0;
}

void fx_event_virq(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu, unsigned int virq)
{
    uint32_t port = fx_virq_port(host, domain, vcpu, virq);

    if (port)
        fx_event_set_pending(host, domain, port);
}

static void vcpu_timers(struct fx_host *host, struct fx_domain *domain,
                        uint32_t vcpu, int64_t now)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    bool due = false;

    if (!v)
        return;
    if (v->timer && v->timer <= now) {
        v->timer = 0;
        due = true;
    }
    if (v->period && next_tick(v) <= now) { /* those missed are, as on Xen */
        v->last_tick = now;
        due = true;
    }
    if (due)
        fx_event_virq(host, domain, vcpu, VIRQ_TIMER);
    if (v->poll_until && v->poll_until <= now)
        fx_vcpu_wake(host, domain, vcpu);
}

void fx_timers(struct fx_host *host, struct fx_domain *domain, int64_t now)
{
    uint32_t vcpu;

    for (vcpu = 0; vcpu < domain->max_vcpus; vcpu++)
        vcpu_timers(host, domain, vcpu, now);
}
