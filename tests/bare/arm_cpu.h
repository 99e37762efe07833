/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_cpu.h - the machine beneath the payload: QEMU's virt with a UART, PSCI by
 * SMC, and two CPUs at EL2 without an MMU of their own.
 *
 * Registers and encodings: Arm ARM (DDI 0487), D13 (AArch64 system registers),
 * D8 (the virtual memory system), C5.5 (TLB maintenance).
 */
#ifndef BARE_ARM_CPU_H
#define BARE_ARM_CPU_H

#include "freestanding.h"
#include "pt/format.h"

#define read_sysreg(name)                                                      \
    ({                                                                         \
        uint64_t value_;                                                       \
        __asm__ volatile("mrs %0, " #name : "=r"(value_));                     \
        value_;                                                                \
    })
#define write_sysreg(name, value)                                              \
    do {                                                                       \
        uint64_t written_ = (value);                                           \
        __asm__ volatile("msr " #name ", %0" : : "r"(written_) : "memory");    \
    } while (0)

static inline void barrier(void)
{
    __asm__ volatile("dmb ish" : : : "memory");
}

extern uint8_t image_start[], image_end[];

/* The second stage that both CPUs use. */
struct stage2 {
    uint64_t vtcr, vttbr;
};
/* Of tables in `format` with their root at `root`. */
struct stage2 stage2_of(const struct pt_format *format, mfn_t root);
/* On the CPU that calls, at EL2; forgets all translations. */
void stage2_load(const struct stage2 *stage2);
/* Bits of physical address that the CPU has, by ID_AA64MMFR0_EL1. */
unsigned int cpu_pa_bits(void);

/*
 * How [ipa, ipa + bytes) is invalidated; every way but the first forgets
 * something that the architecture asks for.
 */
enum flush {
    FLUSH_RIGHT,  /* both stages, on all CPUs */
    FLUSH_NONE,   /* nothing */
    FLUSH_LOCAL,  /* both stages, on this CPU */
    FLUSH_STAGE1, /* stage 1 and what is cached of both together */
    FLUSH_STAGE2, /* stage 2 alone */
};
void flush(enum flush how, uint64_t ipa, uint64_t bytes);

/* AT S12E1R: PAR_EL1, bit 0 set where there is no translation. */
uint64_t translate(uint64_t va);
/* Is that what PAR_EL1 says? */
static inline bool translated_to(uint64_t par, maddr_t page)
{
    return (par & 1) == 0 && (par & UINT64_C(0x000ffffffffff000)) == page.v;
}

/*
 * For a moment, at EL2 on the first CPU: where QEMU has a host CPU to share, a
 * loop that waits would take it from the one that it waits for.
 */
void nap(void);

/* The second CPU, on which second_cpu() is called at EL2. */
void second_cpu_start(void);
void second_cpu(void);
_Noreturn void power_off(void);
_Noreturn void panic(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* arm_entry.S, at EL1; what faulted is PROBE_FAULT and ESR_EL2's status of it.
 */
#define PROBE_FAULT (UINT64_C(1) << 63)
/* Of either kind, the level in its two lowest bits (ESR_ELx, DFSC). */
#define FAULT_TRANSLATION 0x04u
#define FAULT_PERMISSION  0x0cu
static inline bool is_fault(uint64_t result, unsigned int kind)
{
    return (result & ~UINT64_C(3)) == (PROBE_FAULT | kind);
}
uint64_t probe_read(uint64_t address);
uint64_t probe_write(uint64_t address, uint64_t value);
uint64_t probe_exec(uint64_t address);

/* A call of the guest's; guest_called() answers it at EL2. */
void guest_hvc(uint64_t call, uint64_t arg);
void guest_called(uint64_t call, uint64_t arg);
/* To EL1: guest_main(), on the CPU that calls. */
_Noreturn void guest_enter(void);
void guest_main(void);

#endif /* BARE_ARM_CPU_H */
