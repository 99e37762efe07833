/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen_versions.h - what differs between the Xen versions that this tree is
 * built for, from 4.17 on: all of it, with the version and the reason.
 *
 * What headers and libraries have is asked of them, here by #ifdef or by
 * configure (HAVE_...).  What only a hypervisor knows follows the version that
 * they are of.
 *
 * Who needs one of them includes what the comment names beside this.
 */
#ifndef DW_XEN_VERSIONS_H
#define DW_XEN_VERSIONS_H

#include <config.h>

#include <stdint.h>

#include <xen/xen.h>

/* ---- what the libraries and headers have ---- */

/*
 * "Pick one" to createdomain.  4.22 named it, and there nothing else does; on
 * those before any reserved ID does, which this is.
 */
#ifndef DOMID_ANY
#define DOMID_ANY 0x7FF5
#endif

/*
 * What the caller of libxenguest asks of a domain's memory (xenguest.h): since
 * 4.22, for guests that are restored and need all of it below 4 GiB.
 */
#ifdef HAVE_STRUCT_XC_DOM_IMAGE_MEMFLAGS
#define XEN_DOM_MEMFLAGS(dom) ((dom)->memflags)
#else
#define XEN_DOM_MEMFLAGS(dom) ((void)(dom), 0u)
#endif

/* The same to xc_domain_restore(), as its last argument. */
#ifdef RESTORE_TAKES_MEMFLAGS
#define XEN_RESTORE_MEMFLAGS(flags) , (flags)
#else
#define XEN_RESTORE_MEMFLAGS(flags)
#endif

/*
 * Since 4.21 a console's page tells the guest whether anybody reads it, and
 * says no until xenconsoled does (xen/io/console.h).
 */
#ifdef HAVE_STRUCT_XENCONS_INTERFACE_CONNECTION
#define XEN_CONSOLE_STARTS(page)                                               \
    ((void)(((struct xencons_interface *)(page))->connection =                 \
                XENCONSOLE_DISCONNECTED))
#else
#define XEN_CONSOLE_STARTS(page) ((void)(page))
#endif

#define XEN_SINCE(minor) (XEN_MAJOR > 4 || XEN_MINOR >= (minor))

/* libxenguest unpacks a gzip ramdisk; from 4.20 on guests get it as it is
 * (tools/libs/guest/xg_dom_core.c). */
#define XEN_UNPACKS_RAMDISKS (!XEN_SINCE(20))

/* libxl keeps whether a bootloader runs without rights, in 4.20 and later. */
#ifdef HAVE_LIBXL_DOMAIN_BUILD_INFO_BOOTLOADER_RESTRICT
#define XEN_KEEPS_BOOTLOADER_RESTRICT 1
#else
#define XEN_KEEPS_BOOTLOADER_RESTRICT 0
#endif

/* ---- what a hypervisor of that version does, for who plays one ---- */

/*
 * Whose rules these are is 4.17.7, and of each later version the newest release
 * there is.  4.17's were seen on it; the others are read in Xen's source, in
 * the file that is named.
 */
/* getdomaininfo is about the domain that was named, and no other: ESRCH where
 * there is none, before: of the next one (common/domctl.c). */
#define XEN_DOMAININFO_IS_EXACT XEN_SINCE(18)

/* A dying domain's paging operations fail; before, they did nothing
 * (arch/x86/mm/paging.c). */
#define XEN_NO_PAGING_OP_WHEN_DYING XEN_SINCE(18)

/* A domain may be given a larger grant table than the default is
 * (common/grant_table.c). */
#define XEN_GRANT_FRAMES_UNLIMITED XEN_SINCE(18)

/* Debug registers that a guest may not have are an error; before, they kept
 * their value (arch/x86/domain.c). */
#define XEN_CHECKS_DEBUG_REGISTERS XEN_SINCE(18)

/* Guests name memory areas by address, too: XENFEAT_vcpu_time_phys_area and
 * XENFEAT_runstate_phys_area (common/kernel.c). */
#define XEN_HAS_PHYS_AREAS XEN_SINCE(18)

/* A dying domain is given no global interrupt (common/event_channel.c; 4.18.6
 * has it, too). */
#define XEN_NO_VIRQ_WHEN_DYING XEN_SINCE(19)

/* A 32-bit guest's L3 lies below 4 GiB unless it has extended CR3, from where
 * vCPU 0 has its context (arch/x86/mm.c: promote_l3_table()). */
#define XEN_CHECKS_L3 XEN_SINCE(19)

/* shared_info may lie anywhere, and moves below 4 GiB with the domain's change
 * to 32 bits (arch/x86/pv/domain.c; from 4.19.5 and 4.20.3 on). */
#define XEN_SHARED_INFO_MOVES XEN_SINCE(19)

/* A dying domain claims no memory (common/memory.c; from 4.19.5 and 4.20.3
 * on). */
#define XEN_NO_CLAIM_WHEN_DYING XEN_SINCE(19)

/* xen_version 11 to 14, which tell a text of any length, and with them a
 * build ID into room for nothing: ENOBUFS (common/kernel.c). */
#define XEN_HAS_VERSION_TEXTS XEN_SINCE(20)

/* set_llc_colors (89): EOPNOTSUPP without colouring (common/domctl.c). */
#define XEN_DOMCTL_LLC_COLORS 89
#define XEN_KNOWS_LLC_COLORS  XEN_SINCE(20)

/* An MSR that a PV guest may not have: ENXIO (arch/x86/domctl.c). */
#define XEN_MSR_REFUSED_WITH_ENXIO XEN_SINCE(20)

/* No domain ID is left: EEXIST, before: ENOMEM (common/domctl.c). */
#define XEN_NO_DOMID_IS_EEXIST XEN_SINCE(21)

/* get_domain_state (90), which xenstored asks (common/domctl.c). */
#define XEN_DOMCTL_DOMAIN_STATE 90
#define XEN_KNOWS_DOMAIN_STATE  XEN_SINCE(21)

/* There are stable operations, by an interface_version of 0: this one, and with
 * our patches vm_assist (common/domctl.c). */
#define XEN_HAS_STABLE_DOMCTLS XEN_SINCE(21)

/* Domain ID 0 is domain 0, and DOMID_ANY alone is any (common/domid.c). */
#define XEN_DOMID_ANY_ALONE XEN_SINCE(22)

/* A 32-bit context with VM set in its flags is refused; flags that are none are
 * lost, and the one that is always set is (arch/x86/domain.c; from 4.21.1
 * on). */
#define XEN_CHECKS_EFLAGS XEN_SINCE(21)

/* A guest's processor is of the machine's vendor
 * (arch/x86/lib/cpu-policy/policy.c). */
#define XEN_CHECKS_VENDOR XEN_SINCE(22)

#endif /* DW_XEN_VERSIONS_H */
