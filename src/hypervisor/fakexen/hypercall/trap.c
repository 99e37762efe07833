/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trap.c - where a guest's kernel is entered: its trap table and its callbacks.
 */
#include "hypercall/trap.h"

#include <errno.h>
#include <string.h>

#include <xen/callback.h>
#include <xen/nmi.h>

#include "domain/context.h"
#include "domain/state.h"
#include "hypercall/compat.h"

#define NMI_VECTOR 2
#define VECTORS    256

/* Bit 2 of trap_info's flags: events are masked on entry. */
#define TRAP_MASKS_EVENTS 4

/* Xen's flat kernel code segments (xen/arch-x86/xen-x86_{32,64}.h). */
#define KERNEL_CS_32 0xe019
#define KERNEL_CS_64 0xe033

static struct fx_vcpu_state *own_state(const struct fx_caller *caller)
{
    return fx_vcpu_state(caller->host, caller->domain, caller->vcpu);
}

/* Up to an entry without an address. */
long fx_set_trap_table(const struct fx_caller *caller, const uint64_t arg[5])
{
    uint64_t step = fx_struct_bytes(caller, FX_TRAP_INFO), i;
    struct fx_vcpu_state *v = own_state(caller);
    trap_info_t entry;

    if (!v)
        return -EINVAL;
    if (!arg[0]) {
        memset(v->context.trap_ctxt, 0, sizeof(v->context.trap_ctxt));
        return 0;
    }
    for (i = 0; !fx_preempt_due(caller, i); i++) {
        if (fx_struct_in(caller, FX_TRAP_INFO, &entry, arg[0] + i * step))
            return -EFAULT;
        if (!entry.address)
            return 0;
        if (!fx_canonical(entry.address))
            return -EINVAL;
        entry.cs = fx_guest_selector(caller->domain, entry.cs);
        v->context.trap_ctxt[entry.vector] = entry;
    }
    return fx_preempt(caller, (uint64_t[5]){arg[0] + i * step});
}

/* A callback, with the segment that only 32-bit guests give. */
struct callback {
    uint16_t type, flags, cs;
    uint64_t address;
};

static void set_flag(unsigned long *flags, unsigned long flag, bool on)
{
    *flags = on ? *flags | flag : *flags & ~flag;
}

static long set_nmi(const struct fx_caller *caller, struct fx_vcpu_state *v,
                    uint64_t address)
{
    if (!fx_canonical(address))
        return -EINVAL;
    v->context.trap_ctxt[NMI_VECTOR] = (trap_info_t){
        .vector = NMI_VECTOR,
        .flags = TRAP_MASKS_EVENTS,
        .cs = caller->is_32bit ? KERNEL_CS_32 : KERNEL_CS_64,
        .address = address,
    };
    return 0;
}

static long set_callback(const struct fx_caller *caller,
                         struct fx_vcpu_state *v, const struct callback *c)
{
    uint16_t cs = fx_guest_selector(caller->domain, c->cs);
    bool masks = c->flags & CALLBACKF_mask_events;

    if (!caller->is_32bit && !fx_canonical(c->address))
        return -EINVAL;
    switch (c->type) {
    case CALLBACKTYPE_event:
        v->context.event_callback_eip = c->address;
        v->event_callback_cs = cs;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->context.failsafe_callback_eip = c->address;
        v->failsafe_callback_cs = cs;
        set_flag(&v->context.flags, VGCF_failsafe_disables_events, masks);
        return 0;
    case CALLBACKTYPE_syscall:
        if (caller->is_32bit)
            return -ENOSYS;
        v->context.syscall_callback_eip = c->address;
        set_flag(&v->context.flags, VGCF_syscall_disables_events, masks);
        return 0;
    case CALLBACKTYPE_syscall32:
        v->ext.syscall32_callback_eip = c->address;
        v->ext.syscall32_callback_cs = cs;
        v->ext.syscall32_disables_events = masks;
        return 0;
    case CALLBACKTYPE_sysenter:
        v->ext.sysenter_callback_eip = c->address;
        v->ext.sysenter_callback_cs = cs;
        v->ext.sysenter_disables_events = masks;
        return 0;
    case CALLBACKTYPE_nmi:
        return set_nmi(caller, v, c->address);
    default:
        return -ENOSYS;
    }
}

/* One that cannot be set is left out, without a word. */
long fx_set_callbacks(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct callback event = {.type = CALLBACKTYPE_event, .address = arg[0]};
    struct callback failsafe = {.type = CALLBACKTYPE_failsafe,
                                .address = arg[1]};
    const struct callback syscall = {.type = CALLBACKTYPE_syscall,
                                     .address = arg[2]};
    struct fx_vcpu_state *v = own_state(caller);

    if (!v)
        return -EINVAL;
    if (caller->is_32bit) {
        event.cs = (uint16_t)arg[0];
        event.address = arg[1];
        failsafe.cs = (uint16_t)arg[2];
        failsafe.address = arg[3];
    }
    (void)set_callback(caller, v, &event);
    (void)set_callback(caller, v, &failsafe);
    if (!caller->is_32bit)
        (void)set_callback(caller, v, &syscall);
    return 0;
}

/* Where a 32-bit guest's code is, is segment and offset: a structure of another
 * make. */
static int read_callback(const struct fx_caller *caller, struct callback *c,
                         uint64_t at)
{
    struct callback_register wide;
    struct {
        uint16_t type, flags;
        uint32_t cs, eip;
    } narrow;

    if (caller->is_32bit) {
        if (fx_copy_in(caller, &narrow, at, sizeof(narrow)))
            return -EFAULT;
        *c = (struct callback){narrow.type, narrow.flags, (uint16_t)narrow.cs,
                               narrow.eip};
        return 0;
    }
    if (fx_copy_in(caller, &wide, at, sizeof(wide)))
        return -EFAULT;
    *c = (struct callback){
        .type = wide.type, .flags = wide.flags, .address = wide.address};
    return 0;
}

static long unregister(const struct fx_caller *caller, struct fx_vcpu_state *v,
                       uint64_t at)
{
    struct callback_unregister asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    switch (asked.type) {
    case CALLBACKTYPE_nmi:
        memset(&v->context.trap_ctxt[NMI_VECTOR], 0,
               sizeof(v->context.trap_ctxt[0]));
        return 0;
    case CALLBACKTYPE_syscall:
        return caller->is_32bit ? -ENOSYS : -EINVAL;
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter:
        return -EINVAL;
    default:
        return -ENOSYS;
    }
}

long fx_callback_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_vcpu_state *v = own_state(caller);
    struct callback c;

    if (!v)
        return -EINVAL;
    switch ((int)arg[0]) {
    case CALLBACKOP_register:
        if (read_callback(caller, &c, arg[1]))
            return -EFAULT;
        return set_callback(caller, v, &c);
    case CALLBACKOP_unregister:
        return unregister(caller, v, arg[1]);
    default:
        return caller->is_32bit ? -EINVAL : -ENOSYS;
    }
}

long fx_nmi_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_vcpu_state *v = own_state(caller);
    uint64_t address;

    if (!v)
        return -EINVAL;
    switch ((unsigned int)arg[0]) {
    case XENNMI_register_callback:
        if (fx_word_in(caller, &address, arg[1], 0))
            return -EFAULT;
        return set_nmi(caller, v, address);
    case XENNMI_unregister_callback:
        memset(&v->context.trap_ctxt[NMI_VECTOR], 0,
               sizeof(v->context.trap_ctxt[0]));
        return 0;
    default:
        return -ENOSYS;
    }
}
