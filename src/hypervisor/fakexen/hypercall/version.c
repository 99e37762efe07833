/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * version.c - __HYPERVISOR_xen_version (xen/version.h).
 */
#include "hypercall/version.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xen/features.h>
#include <xen/version.h>

#include "domain/caller.h"

/* Where Xen's own half of the address space begins for 64-bit guests
 * (xen/arch-x86/xen-x86_64.h: HYPERVISOR_VIRT_START). */
#define VIRT_START UINT64_C(0xffff800000000000)

static long copy_text(const struct fx_caller *caller, uint64_t to,
                      const char *text, size_t size)
{
    char buffer[1024] = "";

    strncpy(buffer, text, size - 1);
    return fx_copy_out(caller, to, buffer, size);
}

static long compile_info(const struct fx_caller *caller, uint64_t to)
{
    xen_compile_info_t info = {0};

    strncpy(info.compiler, "fakexen", sizeof(info.compiler) - 1);
    strncpy(info.compile_by, "fakexen", sizeof(info.compile_by) - 1);
    strncpy(info.compile_domain, "fakexen", sizeof(info.compile_domain) - 1);
    strncpy(info.compile_date, "fakexen", sizeof(info.compile_date) - 1);
    return fx_copy_out(caller, to, &info, sizeof(info));
}

/* The caller is the control domain, a PV one. */
static long features(const struct fx_caller *caller, uint64_t at)
{
    xen_feature_info_t info;

    if (fx_copy_in(caller, &info, at, sizeof(info)))
        return -EFAULT;
    if (info.submap_idx)
        return -EINVAL;
    info.submap =
        1u << XENFEAT_memory_op_vnode_supported | 1u << XENFEAT_dom0 |
        1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist |
        1u << XENFEAT_gnttab_map_avail_bits | 1u << XENFEAT_direct_mapped;
    if (fx_has_assist(caller->domain, VMASST_TYPE_pae_extended_cr3))
        info.submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
    return fx_copy_out(caller, at, &info, sizeof(info));
}

/* As long as the linker's SHA-1. */
static long build_id(const struct fx_caller *caller, uint64_t at)
{
    static const uint8_t id[20] = "fakexen";
    xen_build_id_t asked;

    if (!at)
        return sizeof(id);
    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (!asked.len)
        return -EINVAL;
    if (asked.len < sizeof(id))
        return -ENOBUFS;
    return fx_copy_out(caller, at + offsetof(xen_build_id_t, buf), id,
                       sizeof(id))
               ? -EFAULT
               : (long)sizeof(id);
}

long fx_xen_version(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_host *host = caller->host;
    xen_platform_parameters_t params = {.virt_start = VIRT_START};

    switch ((int)arg[0]) {
    case XENVER_version:
        return 4 << 16 | 17;
    case XENVER_extraversion:
        return copy_text(caller, arg[1], ".5", sizeof(xen_extraversion_t));
    case XENVER_compile_info:
        return compile_info(caller, arg[1]);
    case XENVER_capabilities:
        return copy_text(caller, arg[1], "xen-3.0-x86_64 xen-3.0-x86_32p ",
                         sizeof(xen_capabilities_info_t));
    case XENVER_changeset:
        return copy_text(caller, arg[1],
                         host->super->level == FX_PATCHED ? "fakexen patched"
                                                          : "fakexen",
                         sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters:
        return fx_copy_out(caller, arg[1], &params, sizeof(params));
    case XENVER_get_features:
        return features(caller, arg[1]);
    case XENVER_pagesize:
        return arg[1] ? -EINVAL : (long)FX_PAGE_SIZE;
    case XENVER_guest_handle:
        return fx_copy_out(caller, arg[1], caller->domain->handle,
                           sizeof(xen_domain_handle_t));
    case XENVER_commandline:
        return copy_text(caller, arg[1], "", sizeof(xen_commandline_t));
    case XENVER_build_id:
        return build_id(caller, arg[1]);
    default:
        return -ENOSYS;
    }
}
