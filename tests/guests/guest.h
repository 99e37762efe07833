/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest.h - the small kernel under the test guests.
 *
 * kernel.c starts up, maps frames and calls Xen; console.c prints; trap.c
 * catches. A guest supplies guest_main(), which must not return by itself:
 * kernel.c powers the domain off when it does.
 *
 * The build system defines for each variant:
 *   GUEST_VARIANT         its name: "pae", "legacy" or "64"
 *   GUEST_VIRT_BASE       where PFN 0 is mapped (XEN_ELFNOTE_VIRT_BASE)
 *   GUEST_HYPERCALL_PAGE  if the guest asks for a hypercall page
 *   GUEST_INIT_P2M        where the P2M list is to be, if not behind the kernel
 *   GUEST_MOD_START_PFN   if the module need not be mapped
 *   GUEST_LEGACY          if it has the __xen_guest string and no ELF notes
 */
#ifndef GUEST_H
#define GUEST_H

#include "freestanding.h"

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include "entry.h"
#include "frame.h"

#define PAGE_SIZE 4096UL

/* Bits of a page-table entry (Intel SDM volume 3, table 4-20). */
#define PTE_PRESENT  UINT64_C(0x001)
#define PTE_WRITABLE UINT64_C(0x002)
#define PTE_USER     UINT64_C(0x004)
#define PTE_ACCESSED UINT64_C(0x020)
#define PTE_DIRTY    UINT64_C(0x040)
#define PTE_SUPER    UINT64_C(0x080)
#define PTE_FRAME    UINT64_C(0x000ffffffffff000)

/* Bits of a page fault's error code (Intel SDM volume 3, section 4.7). */
#define FAULT_PRESENT 1UL
#define FAULT_WRITE   2UL

/* Xen's errno for "refused" (errno.h; its enum is in C only on request). */
#define GUEST_EPERM  1L
#define GUEST_ENOENT 2L
#define GUEST_ESRCH  3L
#define GUEST_EINVAL 22L
#define GUEST_ERANGE 34L

extern const start_info_t *start_info;
extern uint8_t image_start[], image_end[];

void guest_main(void);

/* kernel.c: addresses, frames */
static inline mfn_t pte_to_mfn(uint64_t pte)
{
    return MFN((pte & PTE_FRAME) >> DW_PAGE_SHIFT);
}

static inline uint64_t mfn_to_pte(mfn_t mfn, uint64_t flags)
{
    return (mfn.v << DW_PAGE_SHIFT) | flags;
}

/* The initial region maps PFN 0, 1, 2, ... from GUEST_VIRT_BASE on. */
static inline uintptr_t pfn_to_vaddr(pfn_t pfn)
{
    return GUEST_VIRT_BASE + (uintptr_t)(pfn.v << DW_PAGE_SHIFT);
}

static inline pfn_t vaddr_to_pfn(uintptr_t vaddr)
{
    return PFN((vaddr - GUEST_VIRT_BASE) >> DW_PAGE_SHIFT);
}

static inline uintptr_t page_round_up(uintptr_t vaddr)
{
    return (vaddr + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

mfn_t pfn_to_mfn(pfn_t pfn);
/* By the M2P; PFN_INVALID where the M2P cannot be read. */
pfn_t mfn_to_pfn(mfn_t mfn);
/* First PFN behind the boot stack: below it, pfn_to_vaddr() is mapped. */
pfn_t boot_end_pfn(void);
/* Where a frame below it is mapped; panics with `name` if it is not. */
void *boot_frame(mfn_t mfn, const char *name);
mfn_t cr3_to_mfn(void);

/*
 * Windows: pages of the image whose mapping is replaced to look at a frame
 * that is mapped nowhere else. WINDOW_LEVEL(l) belongs to the table walk.
 */
enum window {
    WINDOW_SHARED_INFO,
    WINDOW_ANY,
    WINDOW_LEVEL1,
    WINDOW_LEVEL4 = WINDOW_LEVEL1 + 3,
    WINDOW_NR
};
#define WINDOW_LEVEL(l) ((enum window)(WINDOW_LEVEL1 + (l)-1))

/* Returns 0 or Xen's errno; flags: PTE_WRITABLE or 0. */
long window_map(enum window window, mfn_t mfn, uint64_t flags);
void *window_address(enum window window);
bool in_window(uintptr_t vaddr);
/* Maps it writable on first use. */
shared_info_t *shared_info(void);
void shared_info_unmap(void);
/* After a suspend: finds again what may have moved, and starts the console. */
void kernel_resume(void);

/* Hypercalls that more than one file makes. */
long update_va_mapping(uintptr_t vaddr, uint64_t pte);
long mmu_update_entry(uint64_t entry_maddr, uint64_t value);
long mmuext_op(unsigned int cmd, mfn_t mfn);
void event_send(evtchn_port_t port);
long xen_version(int cmd, void *arg);
uint32_t xen_features(void);
bool extended_cr3(void);
/* Blocks, whatever events come. */
_Noreturn void wait_for_ever(void);
_Noreturn void shut_down(unsigned int reason);
_Noreturn void panic(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Is `word` one of the words of the command line? */
bool command_line_has(const char *word);

/* console.c */
void console_start(void);
/* Returns when the other side has taken everything. */
void console_drain(void);

/* trap.c */
struct last_trap {
    unsigned long vector;
    unsigned long error_code;
    uintptr_t address; /* CR2, for a page fault */
};
extern struct last_trap guest_last_trap;
void trap_start(void);

#endif /* GUEST_H */
