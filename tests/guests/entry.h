/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * entry.h - what the assembly and the C of the test guests share.
 *
 * entry_regs[] holds every register as it was at the first instruction of the
 * kernel; the numbers below index it. Each trap vector that has a stub stands
 * in TRAP_VECTORS, with whether the processor pushes an error code for it
 * (Intel SDM volume 3, table 6-1).
 */
#ifndef GUEST_ENTRY_H
#define GUEST_ENTRY_H

#define ENTRY_SP    0
#define ENTRY_SI    1
#define ENTRY_FLAGS 2
#define ENTRY_CS    3
#define ENTRY_DS    4
#define ENTRY_ES    5
#define ENTRY_FS    6
#define ENTRY_GS    7
#define ENTRY_SS    8
/* From here on: general registers about which the ABI promises nothing. */
#define ENTRY_AX 9
#define ENTRY_BX 10
#define ENTRY_CX 11
#define ENTRY_DX 12
#define ENTRY_DI 13
#define ENTRY_BP 14
#ifdef __x86_64__
#define ENTRY_R8 15 /* to ENTRY_R8 + 7, which is r15 */
#define ENTRY_NR 23
/* General registers that a trap stub saves. */
#define TRAP_GPRS 15
#else
#define ENTRY_NR  15
#define TRAP_GPRS 8
#endif

#define TRAP_VECTORS(X)                                                        \
    X(0, 0)                                                                    \
    X(1, 0)                                                                    \
    X(3, 0)                                                                    \
    X(4, 0)                                                                    \
    X(5, 0)                                                                    \
    X(6, 0)                                                                    \
    X(7, 0)                                                                    \
    X(10, 1)                                                                   \
    X(11, 1)                                                                   \
    X(12, 1)                                                                   \
    X(13, 1)                                                                   \
    X(14, 1)                                                                   \
    X(16, 0)                                                                   \
    X(17, 1)                                                                   \
    X(19, 0)

#define BOOT_STACK_SIZE 16384

#ifndef __ASSEMBLER__

#include <stdint.h>

extern const unsigned long entry_regs[ENTRY_NR];

/* A trap as the stubs leave it on the stack. */
struct trap_frame {
    unsigned long gpr[TRAP_GPRS];
    unsigned long vector;
    unsigned long error_code;
    unsigned long ip;
    unsigned long cs;
    unsigned long flags;
};

/* Called from _start, and from the trap stubs. */
void guest_start(void);
void guest_trap(struct trap_frame *frame);

/* A stub a vector, in the order of TRAP_VECTORS. */
#define TRAP_DECLARE(vector, has_error) void trap_stub_##vector(void);
TRAP_VECTORS(TRAP_DECLARE)
#undef TRAP_DECLARE

/*
 * HYPERVISOR_*: nr is __HYPERVISOR_xxx from xen.h; unused arguments are
 * ignored by Xen. Returns what Xen returns: a negative Xen errno on failure.
 */
long hypercall(unsigned int nr, unsigned long a1, unsigned long a2,
               unsigned long a3, unsigned long a4, unsigned long a5);

/*
 * Accesses that may fault: 0 if the access went through, 1 if it trapped.
 * The trap itself is then in guest_last_trap. probe_write() stores back what
 * it has read, so a page that turns out to be writable keeps its contents.
 */
int probe_write(volatile void *where);
int probe_read(const volatile void *where, unsigned long *value);
#ifndef __x86_64__
/* Likewise: loads CR3 (xen_pfn_to_cr3()), which Xen emulates. */
int probe_cr3(uint32_t value);
#endif

/* Pairs of an instruction that may trap and where to go on if it did. */
extern const unsigned long probe_fixups[][2];
extern const unsigned long probe_fixups_end[];

#endif /* !__ASSEMBLER__ */
#endif /* GUEST_ENTRY_H */
