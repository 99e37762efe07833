/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/names.h"

#include <stddef.h>

#include "domain/vm_assist.h"

#define NAME_IN(table, number)                                                 \
    ((number) < sizeof(table) / sizeof((table)[0]) ? (table)[number] : NULL)

const char *fx_hypercall_name(uint64_t number)
{
    static const char *const names[] = {
        [__HYPERVISOR_mmu_update] = "mmu_update",
        [__HYPERVISOR_memory_op] = "memory_op",
        [__HYPERVISOR_multicall] = "multicall",
        [__HYPERVISOR_xen_version] = "xen_version",
        [__HYPERVISOR_grant_table_op] = "grant_table_op",
        [__HYPERVISOR_vm_assist] = "vm_assist",
        [__HYPERVISOR_vcpu_op] = "vcpu_op",
        [__HYPERVISOR_mmuext_op] = "mmuext_op",
        [__HYPERVISOR_sched_op] = "sched_op",
        [__HYPERVISOR_event_channel_op] = "event_channel_op",
        [__HYPERVISOR_physdev_op] = "physdev_op",
        [__HYPERVISOR_hvm_op] = "hvm_op",
        [__HYPERVISOR_sysctl] = "sysctl",
        [__HYPERVISOR_domctl] = "domctl",
        [__HYPERVISOR_dm_op] = "dm_op",
        [__HYPERVISOR_console_io] = "console_io",
        [__HYPERVISOR_platform_op] = "platform_op",
    };

    return NAME_IN(names, number);
}

const char *fx_domctl_name(uint64_t cmd)
{
    static const char *const names[] = {
        [XEN_DOMCTL_createdomain] = "createdomain",
        [XEN_DOMCTL_destroydomain] = "destroydomain",
        [XEN_DOMCTL_pausedomain] = "pausedomain",
        [XEN_DOMCTL_unpausedomain] = "unpausedomain",
        [XEN_DOMCTL_getdomaininfo] = "getdomaininfo",
        [XEN_DOMCTL_setvcpuaffinity] = "setvcpuaffinity",
        [XEN_DOMCTL_shadow_op] = "shadow_op",
        [XEN_DOMCTL_max_mem] = "max_mem",
        [XEN_DOMCTL_setvcpucontext] = "setvcpucontext",
        [XEN_DOMCTL_getvcpucontext] = "getvcpucontext",
        [XEN_DOMCTL_getvcpuinfo] = "getvcpuinfo",
        [XEN_DOMCTL_max_vcpus] = "max_vcpus",
        [XEN_DOMCTL_scheduler_op] = "scheduler_op",
        [XEN_DOMCTL_setdomainhandle] = "setdomainhandle",
        [XEN_DOMCTL_setdebugging] = "setdebugging",
        [XEN_DOMCTL_irq_permission] = "irq_permission",
        [XEN_DOMCTL_iomem_permission] = "iomem_permission",
        [XEN_DOMCTL_ioport_permission] = "ioport_permission",
        [XEN_DOMCTL_hypercall_init] = "hypercall_init",
        [XEN_DOMCTL_settimeoffset] = "settimeoffset",
        [XEN_DOMCTL_getvcpuaffinity] = "getvcpuaffinity",
        [XEN_DOMCTL_real_mode_area] = "real_mode_area",
        [XEN_DOMCTL_resumedomain] = "resumedomain",
        [XEN_DOMCTL_sendtrigger] = "sendtrigger",
        [XEN_DOMCTL_subscribe] = "subscribe",
        [XEN_DOMCTL_set_address_size] = "set_address_size",
        [XEN_DOMCTL_get_address_size] = "get_address_size",
        [XEN_DOMCTL_assign_device] = "assign_device",
        [XEN_DOMCTL_bind_pt_irq] = "bind_pt_irq",
        [XEN_DOMCTL_memory_mapping] = "memory_mapping",
        [XEN_DOMCTL_ioport_mapping] = "ioport_mapping",
        [XEN_DOMCTL_set_ext_vcpucontext] = "set_ext_vcpucontext",
        [XEN_DOMCTL_get_ext_vcpucontext] = "get_ext_vcpucontext",
        [XEN_DOMCTL_set_opt_feature] = "set_opt_feature",
        [XEN_DOMCTL_test_assign_device] = "test_assign_device",
        [XEN_DOMCTL_set_target] = "set_target",
        [XEN_DOMCTL_deassign_device] = "deassign_device",
        [XEN_DOMCTL_unbind_pt_irq] = "unbind_pt_irq",
        [XEN_DOMCTL_get_device_group] = "get_device_group",
        [XEN_DOMCTL_debug_op] = "debug_op",
        [XEN_DOMCTL_gettscinfo] = "gettscinfo",
        [XEN_DOMCTL_settscinfo] = "settscinfo",
        [XEN_DOMCTL_getpageframeinfo3] = "getpageframeinfo3",
        [XEN_DOMCTL_setvcpuextstate] = "setvcpuextstate",
        [XEN_DOMCTL_getvcpuextstate] = "getvcpuextstate",
        [XEN_DOMCTL_set_virq_handler] = "set_virq_handler",
        [XEN_DOMCTL_setnodeaffinity] = "setnodeaffinity",
        [XEN_DOMCTL_getnodeaffinity] = "getnodeaffinity",
        [XEN_DOMCTL_cacheflush] = "cacheflush",
        [XEN_DOMCTL_get_vcpu_msrs] = "get_vcpu_msrs",
        [XEN_DOMCTL_set_vcpu_msrs] = "set_vcpu_msrs",
        [XEN_DOMCTL_setvnumainfo] = "setvnumainfo",
        [XEN_DOMCTL_soft_reset] = "soft_reset",
        [XEN_DOMCTL_get_cpu_policy] = "get_cpu_policy",
        [XEN_DOMCTL_set_cpu_policy] = "set_cpu_policy",
        [XEN_DOMCTL_vmtrace_op] = "vmtrace_op",
        [XEN_DOMCTL_get_paging_mempool_size] = "get_paging_mempool_size",
        [XEN_DOMCTL_set_paging_mempool_size] = "set_paging_mempool_size",
#ifdef XEN_DOMCTL_gsi_permission
        [XEN_DOMCTL_gsi_permission] = "gsi_permission",
#endif
#ifdef XEN_DOMCTL_set_llc_colors
        [XEN_DOMCTL_set_llc_colors] = "set_llc_colors",
#endif
#ifdef XEN_DOMCTL_get_domain_state
        [XEN_DOMCTL_get_domain_state] = "get_domain_state",
#endif
    };

    if (cmd == XEN_DOMCTL_vm_assist)
        return "vm_assist";
    return NAME_IN(names, cmd);
}

const char *fx_sysctl_name(uint64_t cmd)
{
    static const char *const names[] = {
        [XEN_SYSCTL_readconsole] = "readconsole",
        [XEN_SYSCTL_tbuf_op] = "tbuf_op",
        [XEN_SYSCTL_physinfo] = "physinfo",
        [XEN_SYSCTL_sched_id] = "sched_id",
        [XEN_SYSCTL_perfc_op] = "perfc_op",
        [XEN_SYSCTL_getdomaininfolist] = "getdomaininfolist",
        [XEN_SYSCTL_debug_keys] = "debug_keys",
        [XEN_SYSCTL_getcpuinfo] = "getcpuinfo",
        [XEN_SYSCTL_availheap] = "availheap",
        [XEN_SYSCTL_get_pmstat] = "get_pmstat",
        [XEN_SYSCTL_cpu_hotplug] = "cpu_hotplug",
        [XEN_SYSCTL_pm_op] = "pm_op",
        [XEN_SYSCTL_page_offline_op] = "page_offline_op",
        [XEN_SYSCTL_cputopoinfo] = "cputopoinfo",
        [XEN_SYSCTL_numainfo] = "numainfo",
        [XEN_SYSCTL_cpupool_op] = "cpupool_op",
        [XEN_SYSCTL_scheduler_op] = "scheduler_op",
        [XEN_SYSCTL_pcitopoinfo] = "pcitopoinfo",
#ifdef XEN_SYSCTL_get_cpu_levelling_caps
        [XEN_SYSCTL_get_cpu_levelling_caps] = "get_cpu_levelling_caps",
#endif
        [XEN_SYSCTL_get_cpu_featureset] = "get_cpu_featureset",
        [XEN_SYSCTL_livepatch_op] = "livepatch_op",
        [XEN_SYSCTL_get_cpu_policy] = "get_cpu_policy",
    };

    return NAME_IN(names, cmd);
}

static const char *memory_op_name(uint64_t op)
{
    static const char *const names[] = {
        [XENMEM_increase_reservation] = "increase_reservation",
        [XENMEM_decrease_reservation] = "decrease_reservation",
        [XENMEM_populate_physmap] = "populate_physmap",
        [XENMEM_exchange] = "exchange",
        [XENMEM_maximum_ram_page] = "maximum_ram_page",
        [XENMEM_current_reservation] = "current_reservation",
        [XENMEM_maximum_reservation] = "maximum_reservation",
        [XENMEM_maximum_gpfn] = "maximum_gpfn",
        [XENMEM_machphys_mfn_list] = "machphys_mfn_list",
        [XENMEM_machphys_compat_mfn_list] = "machphys_compat_mfn_list",
        [XENMEM_machphys_mapping] = "machphys_mapping",
        [XENMEM_add_to_physmap] = "add_to_physmap",
        [XENMEM_add_to_physmap_batch] = "add_to_physmap_batch",
        [XENMEM_remove_from_physmap] = "remove_from_physmap",
        [XENMEM_memory_map] = "memory_map",
        [XENMEM_machine_memory_map] = "machine_memory_map",
        [XENMEM_set_memory_map] = "set_memory_map",
        [XENMEM_set_pod_target] = "set_pod_target",
        [XENMEM_get_pod_target] = "get_pod_target",
        [XENMEM_claim_pages] = "claim_pages",
        [XENMEM_reserved_device_memory_map] = "reserved_device_memory_map",
        [XENMEM_acquire_resource] = "acquire_resource",
        [XENMEM_get_vnumainfo] = "get_vnumainfo",
    };

    return NAME_IN(names, op);
}

const char *fx_mmuext_name(uint64_t op)
{
    static const char *const names[] = {
        [MMUEXT_PIN_L1_TABLE] = "pin_l1_table",
        [MMUEXT_PIN_L2_TABLE] = "pin_l2_table",
        [MMUEXT_PIN_L3_TABLE] = "pin_l3_table",
        [MMUEXT_PIN_L4_TABLE] = "pin_l4_table",
        [MMUEXT_UNPIN_TABLE] = "unpin_table",
        [MMUEXT_NEW_BASEPTR] = "new_baseptr",
        [MMUEXT_TLB_FLUSH_LOCAL] = "tlb_flush_local",
        [MMUEXT_INVLPG_LOCAL] = "invlpg_local",
        [MMUEXT_TLB_FLUSH_MULTI] = "tlb_flush_multi",
        [MMUEXT_INVLPG_MULTI] = "invlpg_multi",
        [MMUEXT_TLB_FLUSH_ALL] = "tlb_flush_all",
        [MMUEXT_INVLPG_ALL] = "invlpg_all",
        [MMUEXT_FLUSH_CACHE] = "flush_cache",
        [MMUEXT_SET_LDT] = "set_ldt",
        [MMUEXT_NEW_USER_BASEPTR] = "new_user_baseptr",
        [MMUEXT_CLEAR_PAGE] = "clear_page",
        [MMUEXT_COPY_PAGE] = "copy_page",
        [MMUEXT_FLUSH_CACHE_GLOBAL] = "flush_cache_global",
        [MMUEXT_MARK_SUPER] = "mark_super",
        [MMUEXT_UNMARK_SUPER] = "unmark_super",
    };

    return NAME_IN(names, op);
}

static const char *version_name(uint64_t op)
{
    static const char *const names[] = {
        [XENVER_version] = "version",
        [XENVER_extraversion] = "extraversion",
        [XENVER_compile_info] = "compile_info",
        [XENVER_capabilities] = "capabilities",
        [XENVER_changeset] = "changeset",
        [XENVER_platform_parameters] = "platform_parameters",
        [XENVER_get_features] = "get_features",
        [XENVER_pagesize] = "pagesize",
        [XENVER_guest_handle] = "guest_handle",
        [XENVER_commandline] = "commandline",
        [XENVER_build_id] = "build_id",
#ifdef XENVER_extraversion2
        [XENVER_extraversion2] = "extraversion2",
        [XENVER_capabilities2] = "capabilities2",
        [XENVER_changeset2] = "changeset2",
        [XENVER_commandline2] = "commandline2",
#endif
    };

    return NAME_IN(names, op);
}

static const char *event_channel_name(uint64_t op)
{
    static const char *const names[] = {
        [EVTCHNOP_bind_interdomain] = "bind_interdomain",
        [EVTCHNOP_bind_virq] = "bind_virq",
        [EVTCHNOP_bind_pirq] = "bind_pirq",
        [EVTCHNOP_close] = "close",
        [EVTCHNOP_send] = "send",
        [EVTCHNOP_status] = "status",
        [EVTCHNOP_alloc_unbound] = "alloc_unbound",
        [EVTCHNOP_bind_ipi] = "bind_ipi",
        [EVTCHNOP_bind_vcpu] = "bind_vcpu",
        [EVTCHNOP_unmask] = "unmask",
        [EVTCHNOP_reset] = "reset",
        [EVTCHNOP_init_control] = "init_control",
        [EVTCHNOP_expand_array] = "expand_array",
        [EVTCHNOP_set_priority] = "set_priority",
    };

    return NAME_IN(names, op);
}

static const char *grant_table_name(uint64_t op)
{
    static const char *const names[] = {
        [GNTTABOP_map_grant_ref] = "map_grant_ref",
        [GNTTABOP_unmap_grant_ref] = "unmap_grant_ref",
        [GNTTABOP_setup_table] = "setup_table",
        [GNTTABOP_transfer] = "transfer",
        [GNTTABOP_copy] = "copy",
        [GNTTABOP_query_size] = "query_size",
        [GNTTABOP_set_version] = "set_version",
        [GNTTABOP_get_status_frames] = "get_status_frames",
        [GNTTABOP_get_version] = "get_version",
    };

    return NAME_IN(names, op);
}

static const char *sched_name(uint64_t op)
{
    static const char *const names[] = {
        [SCHEDOP_yield] = "yield",
        [SCHEDOP_block] = "block",
        [SCHEDOP_shutdown] = "shutdown",
        [SCHEDOP_poll] = "poll",
        [SCHEDOP_remote_shutdown] = "remote_shutdown",
        [SCHEDOP_shutdown_code] = "shutdown_code",
        [SCHEDOP_watchdog] = "watchdog",
    };

    return NAME_IN(names, op);
}

const char *fx_command_name(uint64_t number, uint64_t command)
{
    switch (number) {
    case __HYPERVISOR_memory_op:
        return memory_op_name(command);
    case __HYPERVISOR_xen_version:
        return version_name(command);
    case __HYPERVISOR_event_channel_op:
        return event_channel_name(command);
    case __HYPERVISOR_grant_table_op:
        return grant_table_name(command);
    case __HYPERVISOR_sched_op:
        return sched_name(command);
    default:
        return NULL;
    }
}
