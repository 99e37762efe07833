/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dispatch.c - hypercalls by number (xen/xen.h), and several in one.
 */
#include "hypercall/dispatch.h"

#include <errno.h>
#include <string.h>

#include "domain/event.h"
#include "hypercall/compat.h"
#include "hypercall/console_io.h"
#include "hypercall/descriptor.h"
#include "hypercall/domctl.h"
#include "hypercall/event_channel.h"
#include "hypercall/grant_table.h"
#include "hypercall/iret.h"
#include "hypercall/memory_op.h"
#include "hypercall/mmu_update.h"
#include "hypercall/mmuext.h"
#include "hypercall/physdev.h"
#include "hypercall/registers.h"
#include "hypercall/sched.h"
#include "hypercall/sysctl.h"
#include "hypercall/trap.h"
#include "hypercall/va_mapping.h"
#include "hypercall/vcpu_op.h"
#include "hypercall/version.h"
#include "hypercall/vm_assist_op.h"
#include "memory/page_type.h"

/* A vCPU that blocks, or whose domain ends, does what follows later. */
static bool goes_on(const struct fx_caller *caller)
{
    return !caller->is_guest ||
           fx_vcpu_runnable(caller->host, caller->domain, caller->vcpu);
}

/* One call in another; one multicall in another is refused, as on Xen. */
static long call_one(const struct fx_caller *caller, multicall_entry_t *entry,
                     struct fx_rest *rest)
{
    struct fx_caller inner = *caller;
    fx_hypercall function = NULL;
    uint64_t words[5];

    if (entry->op <= UINT32_MAX)
        function = fx_hypercall_for(caller, (unsigned int)entry->op);
    if (entry->op == __HYPERVISOR_multicall)
        return -EINVAL;
    if (!function)
        return -ENOSYS;
    for (int w = 0; w < 5; w++)
        words[w] = entry->args[w];
    if (caller->rest)
        inner.rest = rest;
    return function(&inner, words);
}

/*
 * The calls of a multicall fail one by one: only a list that cannot be read or
 * written stops it.
 */
static long multicall(const struct fx_caller *caller, const uint64_t arg[5])
{
    uint64_t step = fx_struct_bytes(caller, FX_MULTICALL_ENTRY);
    uint32_t count = (uint32_t)arg[1], i;
    multicall_entry_t entry;

    for (i = 0; i < count; i++) {
        uint64_t at = arg[0] + i * step;
        struct fx_rest rest = {0};

        if ((i && !goes_on(caller)) || fx_preempt_due(caller, i) ||
            fx_drop_left(caller->host, caller->domain))
            return fx_preempt(caller, (uint64_t[5]){at, count - i});
        if (fx_struct_in(caller, FX_MULTICALL_ENTRY, &entry, at))
            return -EFAULT;
        entry.result = (unsigned long)call_one(caller, &entry, &rest);
        if (rest.is_some)
            memcpy(entry.args, rest.arg, sizeof(rest.arg));
        if (fx_struct_out(caller, FX_MULTICALL_ENTRY, at, &entry))
            return -EFAULT;
        if (rest.is_some)
            return fx_preempt(caller, (uint64_t[5]){at, count - i});
        /* It is where the guest went on from: the others are not done. */
        if (entry.op == __HYPERVISOR_iret && caller->is_guest)
            return (long)entry.result;
    }
    return 0;
}

/* The machine has no performance counters for guests. */
static long no_pmu(const struct fx_caller *caller, const uint64_t arg[5])
{
    (void)caller;
    (void)arg;
    return -EOPNOTSUPP;
}

/* What is a guest's own business. */
static const fx_hypercall for_guests[] = {
    [__HYPERVISOR_set_trap_table] = fx_set_trap_table,
    [__HYPERVISOR_set_gdt] = fx_set_gdt_op,
    [__HYPERVISOR_stack_switch] = fx_stack_switch,
    [__HYPERVISOR_set_callbacks] = fx_set_callbacks,
    [__HYPERVISOR_fpu_taskswitch] = fx_fpu_taskswitch,
    [__HYPERVISOR_set_debugreg] = fx_set_debugreg,
    [__HYPERVISOR_get_debugreg] = fx_get_debugreg,
    [__HYPERVISOR_update_descriptor] = fx_update_descriptor,
    [__HYPERVISOR_update_va_mapping] = fx_update_va_mapping,
    [__HYPERVISOR_set_timer_op] = fx_set_timer_op,
    [__HYPERVISOR_console_io] = fx_console_io,
    [__HYPERVISOR_update_va_mapping_otherdomain] =
        fx_update_va_mapping_otherdomain,
    [__HYPERVISOR_iret] = fx_iret,
    [__HYPERVISOR_vcpu_op] = fx_vcpu_op,
    [__HYPERVISOR_set_segment_base] = fx_set_segment_base,
    [__HYPERVISOR_nmi_op] = fx_nmi_op,
    [__HYPERVISOR_callback_op] = fx_callback_op,
    [__HYPERVISOR_xenpmu_op] = no_pmu,
};

static const fx_hypercall for_all[] = {
    [__HYPERVISOR_mmu_update] = fx_mmu_update_op,
    [__HYPERVISOR_memory_op] = fx_memory_op,
    [__HYPERVISOR_multicall] = multicall,
    [__HYPERVISOR_xen_version] = fx_xen_version,
    [__HYPERVISOR_grant_table_op] = fx_grant_table_op,
    [__HYPERVISOR_vm_assist] = fx_vm_assist_op,
    [__HYPERVISOR_mmuext_op] = fx_mmuext_op,
    [__HYPERVISOR_sched_op] = fx_sched_op,
    [__HYPERVISOR_event_channel_op] = fx_event_channel_op,
    [__HYPERVISOR_physdev_op] = fx_physdev_op,
    [__HYPERVISOR_sysctl] = fx_sysctl,
    [__HYPERVISOR_domctl] = fx_domctl,
};

#define NR(table) (sizeof(table) / sizeof(table[0]))

fx_hypercall fx_hypercall_for(const struct fx_caller *caller,
                              unsigned int number)
{
    fx_hypercall function = number < NR(for_all) ? for_all[number] : NULL;

    if (!function && caller->is_guest && number < NR(for_guests))
        function = for_guests[number];
    return function;
}
