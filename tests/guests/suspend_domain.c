/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suspend_domain.c - the guest's side of a save, as arch-x86/xen.h (P2M) and
 * sched.h (SCHEDOP_shutdown) have it.
 */
#include "paging.h"
#include "suspend.h"

#define LIST_ENTRIES (PAGE_SIZE / sizeof(xen_pfn_t))
/* Each is for 1 GiB of a 64-bit guest, for 4 GiB of a 32-bit one. */
#define NR_LISTS 16

static xen_pfn_t list_of_lists[LIST_ENTRIES] __attribute__((aligned(4096)));
static xen_pfn_t lists[NR_LISTS][LIST_ENTRIES] __attribute__((aligned(4096)));

static xen_pfn_t image_mfn(const void *where)
{
    return (xen_pfn_t)pfn_to_mfn(vaddr_to_pfn((uintptr_t)where)).v;
}

/* The P2M list's own pages are the lowest level. */
static void build_lists(void)
{
    uintptr_t page = start_info->mfn_list;
    uintptr_t end = page + start_info->nr_pages * sizeof(xen_pfn_t);
    unsigned long i;

    for (i = 0; page < end; i++, page += PAGE_SIZE) {
        if (i == NR_LISTS * LIST_ENTRIES)
            panic("%lu pages are too many", start_info->nr_pages);
        lists[i / LIST_ENTRIES][i % LIST_ENTRIES] =
            (xen_pfn_t)vaddr_to_mfn(page).v;
    }
    for (i = 0; i < NR_LISTS; i++)
        list_of_lists[i] = image_mfn(lists[i]);
}

/* p2m_generation stays 0: the list's mapping does not change. */
void publish_p2m(bool linear)
{
    arch_shared_info_t *arch = &shared_info()->arch;

    arch->max_pfn = start_info->nr_pages;
    if (linear) {
        arch->p2m_vaddr = start_info->mfn_list;
        arch->p2m_cr3 = xen_pfn_to_cr3((unsigned long)cr3_to_mfn().v);
    } else {
        build_lists();
        arch->pfn_to_mfn_frame_list_list = image_mfn(list_of_lists);
    }
}

/*
 * Xen's third argument of this call, the MFN of start_info, is left in vCPU
 * 0's registers for the tools. They expect PFNs in start_info, and no mapping
 * of a frame that is not the guest's.
 */
long suspend_domain(void)
{
    struct sched_shutdown arg = {.reason = SHUTDOWN_suspend};
    start_info_t *info = (start_info_t *)start_info;
    xen_pfn_t store_mfn = info->store_mfn;
    xen_pfn_t console_mfn = info->console.domU.mfn;
    long rc;

    info->store_mfn = (xen_pfn_t)mfn_to_pfn(MFN(store_mfn)).v;
    info->console.domU.mfn = (xen_pfn_t)mfn_to_pfn(MFN(console_mfn)).v;
    shared_info_unmap();
    rc = hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&arg,
                   image_mfn(info), 0, 0);
    if (rc == 1) {
        info->store_mfn = store_mfn;
        info->console.domU.mfn = console_mfn;
    }
    kernel_resume();
    if (rc != 0 && rc != 1)
        panic("SCHEDOP_shutdown: %ld", rc);
    return rc;
}
