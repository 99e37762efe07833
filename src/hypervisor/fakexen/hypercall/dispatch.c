/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dispatch.c - hypercalls by number (xen/xen.h), and several in one.
 */
#include "hypercall/dispatch.h"

#include <errno.h>

#include "hypercall/domctl.h"
#include "hypercall/event_channel.h"
#include "hypercall/grant_table.h"
#include "hypercall/memory_op.h"
#include "hypercall/mmu_update.h"
#include "hypercall/mmuext.h"
#include "hypercall/physdev.h"
#include "hypercall/sched.h"
#include "hypercall/sysctl.h"
#include "hypercall/version.h"
#include "hypercall/vm_assist_op.h"

/*
 * The calls of a multicall fail one by one: only a list that cannot be read or
 * written stops it. One in another is refused, as on Xen.
 */
static long multicall(const struct fx_caller *caller, const uint64_t arg[5])
{
    uint32_t count = (uint32_t)arg[1];
    multicall_entry_t entry;
    fx_hypercall function;
    uint32_t i;

    for (i = 0; i < count; i++) {
        uint64_t at = arg[0] + (uint64_t)i * sizeof(entry);
        uint64_t words[5];

        if (fx_copy_in(caller, &entry, at, sizeof(entry)))
            return -EFAULT;
        function = entry.op <= UINT32_MAX
                       ? fx_hypercall_for(caller, (unsigned int)entry.op)
                       : NULL;
        for (int w = 0; w < 5; w++)
            words[w] = entry.args[w];
        if (function == multicall)
            entry.result = (unsigned long)-EINVAL;
        else
            entry.result =
                (unsigned long)(function ? function(caller, words) : -ENOSYS);
        if (fx_copy_out(caller, at, &entry, sizeof(entry)))
            return -EFAULT;
    }
    return 0;
}

fx_hypercall fx_hypercall_for(const struct fx_caller *caller,
                              unsigned int number)
{
    (void)caller;
    static const fx_hypercall table[] = {
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

    return number < sizeof(table) / sizeof(table[0]) ? table[number] : NULL;
}
