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
#include "hypercall/compat.h"
#include "xen_versions.h"

/* Where Xen's own half of the address space begins for 64-bit guests
 * (xen/arch-x86/xen-x86_64.h: HYPERVISOR_VIRT_START). */
#define VIRT_START        UINT64_C(0xffff800000000000)
#define COMPAT_VIRT_START UINT64_C(0xf5800000)

/* That of the release whose rules these are, with a name of its own. */
#define EXTRAVERSION (XEN_SINCE(18) ? ".0-fakexen" : ".5")

/* What only a control domain is to know. */
#define DENIED "<denied>"

#define CAPABILITIES "xen-3.0-x86_64 xen-3.0-x86_32p "

/* As newer headers name them (xen/version.h, xen/features.h). */
enum {
    EXTRAVERSION2 = 11,
    CAPABILITIES2 = 12,
    CHANGESET2 = 13,
    COMMANDLINE2 = 14,
    FEATURE_RUNSTATE_PHYS_AREA = 18,
    FEATURE_VCPU_TIME_PHYS_AREA = 19,
};

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

/* The caller is a PV domain. */
static long features(const struct fx_caller *caller, uint64_t at)
{
    xen_feature_info_t info;

    if (fx_copy_in(caller, &info, at, sizeof(info)))
        return -EFAULT;
    if (info.submap_idx)
        return -EINVAL;
    info.submap =
        1u << XENFEAT_memory_op_vnode_supported |
        (fx_is_control(caller) ? 1u << XENFEAT_dom0 : 0) |
        1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist |
        1u << XENFEAT_gnttab_map_avail_bits | 1u << XENFEAT_direct_mapped;
    if (XEN_HAS_PHYS_AREAS)
        info.submap |= 1u << FEATURE_RUNSTATE_PHYS_AREA |
                       1u << FEATURE_VCPU_TIME_PHYS_AREA;
    if (fx_has_assist(caller->domain, VMASST_TYPE_pae_extended_cr3))
        info.submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
    return fx_copy_out(caller, at, &info, sizeof(info));
}

/* Behind its length, into a buffer that says how much it takes; how long it is,
 * where there is none. */
static long varbuf(const struct fx_caller *caller, uint64_t at,
                   const void *bytes, size_t len)
{
    xen_build_id_t asked; /* xen_varbuf_t, as it was named later */

    if (!at)
        return (long)len;
    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (!asked.len && !XEN_HAS_VERSION_TEXTS)
        return -EINVAL;
    if (asked.len < len)
        return -ENOBUFS;
    return fx_copy_out(caller, at + offsetof(xen_build_id_t, buf), bytes, len)
               ? -EFAULT
               : (long)len;
}

static long varbuf_text(const struct fx_caller *caller, uint64_t at,
                        const char *text)
{
    return XEN_HAS_VERSION_TEXTS ? varbuf(caller, at, text, strlen(text))
                                 : -ENOSYS;
}

/* As long as the linker's SHA-1. */
static long build_id(const struct fx_caller *caller, uint64_t at)
{
    static const uint8_t id[20] = "fakexen";

    return varbuf(caller, at, id, sizeof(id));
}

static const char *changeset(const struct fx_host *host)
{
    return host->super->level == FX_PATCHED ? "fakexen patched" : "fakexen";
}

long fx_xen_version(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_host *host = caller->host;
    xen_platform_parameters_t params = {
        .virt_start = caller->is_32bit ? COMPAT_VIRT_START : VIRT_START};

    switch ((int)arg[0]) {
    case XENVER_version:
        return XEN_MAJOR << 16 | XEN_MINOR;
    case XENVER_extraversion:
        return copy_text(caller, arg[1], EXTRAVERSION,
                         sizeof(xen_extraversion_t));
    case XENVER_compile_info:
        return compile_info(caller, arg[1]);
    case XENVER_capabilities:
        return copy_text(caller, arg[1], CAPABILITIES,
                         sizeof(xen_capabilities_info_t));
    case XENVER_changeset:
        return copy_text(caller, arg[1], changeset(host),
                         sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters:
        return fx_struct_out(caller, FX_PLATFORM_PARAMETERS, arg[1], &params);
    case XENVER_get_features:
        return features(caller, arg[1]);
    case XENVER_pagesize:
        return arg[1] ? -EINVAL : (long)FX_PAGE_SIZE;
    case XENVER_guest_handle:
        return fx_copy_out(caller, arg[1], caller->domain->handle,
                           sizeof(xen_domain_handle_t));
    case XENVER_commandline:
        return copy_text(caller, arg[1], fx_is_control(caller) ? "" : DENIED,
                         sizeof(xen_commandline_t));
    case XENVER_build_id:
        return fx_is_control(caller) ? build_id(caller, arg[1]) : -EPERM;
    case EXTRAVERSION2:
        return varbuf_text(caller, arg[1], EXTRAVERSION);
    case CAPABILITIES2:
        return varbuf_text(caller, arg[1], CAPABILITIES);
    case CHANGESET2:
        return varbuf_text(caller, arg[1], changeset(host));
    case COMMANDLINE2:
        return varbuf_text(caller, arg[1], fx_is_control(caller) ? "" : DENIED);
    default:
        return -ENOSYS;
    }
}
