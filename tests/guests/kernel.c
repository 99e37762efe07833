/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel.c - start-up, frames and hypercalls of the test guests. */
#include "guest.h"
#include <xen/version.h>

const start_info_t *start_info;

static const xen_ulong_t *m2p;
static uint8_t windows[WINDOW_NR][PAGE_SIZE] __attribute__((aligned(4096)));
static bool shared_info_mapped;

static void find_m2p(void)
{
    xen_machphys_mapping_t mapping;
    long rc = hypercall(__HYPERVISOR_memory_op, XENMEM_machphys_mapping,
                        (unsigned long)&mapping, 0, 0, 0);

    if (rc)
        panic("XENMEM_machphys_mapping: %ld", rc);
    m2p = (const xen_ulong_t *)mapping.v_start;
}

void kernel_resume(void)
{
    find_m2p();
    console_start();
}

void guest_start(void)
{
    start_info = (const start_info_t *)entry_regs[ENTRY_SI];
    trap_start();
    kernel_resume();
    guest_main();
    console_drain();
    shut_down(SHUTDOWN_poweroff);
}

mfn_t pfn_to_mfn(pfn_t pfn)
{
    return MFN(((const xen_pfn_t *)start_info->mfn_list)[pfn.v]);
}

pfn_t mfn_to_pfn(mfn_t mfn)
{
    unsigned long pfn;

    return probe_read(&m2p[mfn.v], &pfn) ? PFN_INVALID : PFN(pfn);
}

pfn_t boot_end_pfn(void)
{
    return vaddr_to_pfn(entry_regs[ENTRY_SP]);
}

void *boot_frame(mfn_t mfn, const char *name)
{
    pfn_t pfn = mfn_to_pfn(mfn);

    if (pfn.v >= boot_end_pfn().v)
        panic("%s mfn %#llx is not in the initial mapping", name,
              (unsigned long long)mfn.v);
    return (void *)pfn_to_vaddr(pfn);
}

/* The instruction is privileged; Xen emulates it for a PV kernel. */
mfn_t cr3_to_mfn(void)
{
    unsigned long cr3;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    return MFN(xen_cr3_to_pfn(cr3));
}

void *window_address(enum window window)
{
    return windows[window];
}

bool in_window(uintptr_t vaddr)
{
    return vaddr >= (uintptr_t)windows &&
           vaddr < (uintptr_t)windows + sizeof(windows);
}

/* A 64-bit value takes two arguments of a 32-bit hypercall. */
long update_va_mapping(uintptr_t vaddr, uint64_t pte)
{
#ifdef __x86_64__
    return hypercall(__HYPERVISOR_update_va_mapping, vaddr, pte,
                     UVMF_INVLPG | UVMF_LOCAL, 0, 0);
#else
    return hypercall(__HYPERVISOR_update_va_mapping, vaddr, (uint32_t)pte,
                     (uint32_t)(pte >> 32), UVMF_INVLPG | UVMF_LOCAL, 0);
#endif
}

long window_map(enum window window, mfn_t mfn, uint64_t flags)
{
    return update_va_mapping(
        (uintptr_t)windows[window],
        mfn_to_pte(mfn, PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | flags));
}

shared_info_t *shared_info(void)
{
    mfn_t mfn = MFN(start_info->shared_info >> DW_PAGE_SHIFT);
    long rc;

    if (!shared_info_mapped) {
        rc = window_map(WINDOW_SHARED_INFO, mfn, PTE_WRITABLE);
        if (rc)
            panic("cannot map shared_info: %ld", rc);
        shared_info_mapped = true;
    }
    return window_address(WINDOW_SHARED_INFO);
}

void shared_info_unmap(void)
{
    long rc = update_va_mapping((uintptr_t)windows[WINDOW_SHARED_INFO], 0);

    if (rc)
        panic("cannot unmap shared_info: %ld", rc);
    shared_info_mapped = false;
}

long mmu_update_entry(uint64_t entry_maddr, uint64_t value)
{
    mmu_update_t update = {.ptr = entry_maddr | MMU_NORMAL_PT_UPDATE,
                           .val = value};

    return hypercall(__HYPERVISOR_mmu_update, (unsigned long)&update, 1, 0,
                     DOMID_SELF, 0);
}

long mmuext_op(unsigned int cmd, mfn_t mfn)
{
    mmuext_op_t op = {.cmd = cmd, .arg1.mfn = (xen_pfn_t)mfn.v};

    return hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0,
                     DOMID_SELF, 0);
}

void event_send(evtchn_port_t port)
{
    evtchn_send_t send = {.port = port};

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
              (unsigned long)&send, 0, 0, 0);
}

long xen_version(int cmd, void *arg)
{
    return hypercall(__HYPERVISOR_xen_version, (unsigned long)cmd,
                     (unsigned long)arg, 0, 0, 0);
}

uint32_t xen_features(void)
{
    xen_feature_info_t info = {.submap_idx = 0};
    long rc = xen_version(XENVER_get_features, &info);

    if (rc)
        panic("XENVER_get_features: %ld", rc);
    return info.submap;
}

bool extended_cr3(void)
{
    return xen_features() & (1u << XENFEAT_pae_pgdir_above_4gb);
}

void shut_down(unsigned int reason)
{
    struct sched_shutdown arg = {.reason = reason};

    for (;;)
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&arg,
                  0, 0, 0);
}

/*
 * SCHEDOP_block clears the vCPU's upcall mask (sched.h), and this kernel has
 * no upcall handler: so every channel is masked, and what was pending dropped.
 */
void wait_for_ever(void)
{
    shared_info_t *shared = shared_info();

    for (;;) {
        shared->vcpu_info[0].evtchn_upcall_mask = 1;
        memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
        memset(shared->evtchn_pending, 0, sizeof(shared->evtchn_pending));
        shared->vcpu_info[0].evtchn_pending_sel = 0;
        shared->vcpu_info[0].evtchn_upcall_pending = 0;
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, 0, 0);
    }
}

/* To Xen's own log: whatever went wrong, the PV console may be part of it. */
void panic(const char *format, ...)
{
    char line[160];
    va_list ap;
    size_t length;

    va_start(ap, format);
    length = format_text(line, sizeof(line) - 1, format, ap);
    va_end(ap);
    line[length++] = '\n';
    hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, length,
              (unsigned long)line, 0, 0);
    shut_down(SHUTDOWN_crash);
}

bool command_line_has(const char *word)
{
    const char *at = (const char *)start_info->cmd_line;
    const char *end = at + sizeof(start_info->cmd_line);
    size_t length = strlen(word);
    size_t n;

    while (at < end && *at) {
        for (n = 0; at + n < end && at[n] && at[n] != ' '; n++)
            ;
        if (n == length && !memcmp(at, word, length))
            return true;
        at += n + (at + n < end && at[n] == ' ');
    }
    return false;
}
