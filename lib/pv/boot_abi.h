/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * boot_abi.h - what a PV guest finds when its first instruction runs.
 *
 * One const descriptor for each guest width states everything in which the
 * two differ; no other code asks which width it has before it.  The contract
 * itself is Xen's: xen/xen.h "Start-of-day memory layout" and struct
 * start_info, xen/arch-x86/xen.h struct vcpu_guest_context.
 */
#ifndef DW_PV_BOOT_ABI_H
#define DW_PV_BOOT_ABI_H

#include <stddef.h>

#include "pt/format.h"

/* Longest command line with its NUL, in bytes (xen/xen.h). */
#define PV_CMDLINE_MAX 1024

struct pv_stubs;  /* hypercall_page.h */
struct pv_fields; /* where each width's structures keep what; boot_abi.c */

struct pv_abi {
    const char *guest_type; /* Xen's name for it, "xen-3.0-x86_32p" */
    const char *protocol;   /* of its split drivers, xen/io/protocols.h */
    const struct pt_format *format;
    unsigned int word; /* bytes in a guest's word and in a P2M entry */
    bool init_p2m;     /* may the P2M lie at the kernel's INIT_P2M? */
    bool low_root;     /* must the root lie below 4 GiB by default? */
    /*
     * The table of this level and number that carries Xen's own slots: it
     * exists from the start, with all its neighbours up to it, and cannot be
     * pinned by itself.  Level 0: there is none.
     */
    unsigned int xen_table_level;
    uint64_t xen_table_number;
    vaddr_t xen_first, xen_end; /* Xen's own addresses: never the guest's */
    const struct pv_stubs *stubs;
    const struct pv_fields *fields;
};

extern const struct pv_abi pv_abi_x86_32p;
extern const struct pv_abi pv_abi_x86_64;

/* The descriptor of a guest type; NULL for one that is not a PV type. */
const struct pv_abi *pv_abi_by_type(const char *guest_type);

/* What start_info tells; MFNs and addresses as the guest will see them. */
struct pv_start_info {
    uint64_t nr_pages;
    maddr_t shared_info;
    uint32_t flags; /* SIF_* */
    mfn_t store_mfn;
    uint32_t store_evtchn;
    mfn_t console_mfn;
    uint32_t console_evtchn;
    vaddr_t pt_base;
    uint64_t nr_pt_frames;
    vaddr_t mfn_list;
    uint64_t mod_start;  /* address, or PFN with SIF_MOD_START_PFN */
    uint64_t mod_len;    /* bytes */
    pfn_t first_p2m_pfn; /* 0 where the P2M is in the boot region */
    uint64_t nr_p2m_frames;
    const char *cmdline; /* NULL: none */
};

/*
 * Writes the whole 4 KiB page.  -E2BIG: the command line does not fit;
 * -ERANGE: a value does not fit in the guest's word; the page is all zero then.
 */
int __attribute__((warn_unused_result))
pv_start_info_write(const struct pv_abi *abi, const struct pv_start_info *info,
                    void *page);

/* Writes the whole 4 KiB page: all zero, events masked on every vCPU. */
void pv_shared_info_write(const struct pv_abi *abi, void *page);

struct pv_vcpu {
    vaddr_t entry;
    vaddr_t stack; /* one past the last byte of the boot stack */
    vaddr_t start_info;
    mfn_t root;
    bool extended_cr3;    /* ask for the pae_extended_cr3 VM assist */
    mfn_t suspend_record; /* start_info, of one that is saved; or 0 */
};

/*
 * Writes vCPU 0's context into `context`, which holds `size` bytes and is
 * meant to be a vcpu_guest_context_any_t (xenctrl.h); all of it is written.
 * -ENOSPC: too small.  -ERANGE: an address does not fit the guest's word, or
 * the root its CR3.
 */
int __attribute__((warn_unused_result))
pv_vcpu_write(const struct pv_abi *abi, const struct pv_vcpu *vcpu,
              void *context, size_t size);

/*
 * Stores `nr` P2M entries from `mfns` into the guest's list at `list`, in the
 * guest's word; ~0 stands for no page on both sides.
 */
void pv_p2m_write(const struct pv_abi *abi, const uint64_t *mfns, uint64_t nr,
                  void *list);

#endif /* DW_PV_BOOT_ABI_H */
