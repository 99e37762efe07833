/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_cpu.h"

#define UART_DATA                                                              \
    ((volatile uint32_t *)0x09000000) /* PL011, as QEMU has it                 \
                                       */

/* GICv2 (IHI 0048), by words; the timer's interrupt by QEMU's hw/arm/virt. */
#define GICD            ((volatile uint32_t *)0x08000000)
#define GICD_CTLR       0
#define GICD_ISENABLER0 0x40
#define GICC            ((volatile uint32_t *)0x08010000)
#define GICC_CTLR       0
#define GICC_PMR        1
#define TIMER_PPI       26
#define NAPS_PER_SECOND 20000

/* PSCI 1.0, SMC64. */
#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)
#define PSCI_CPU_ON     UINT64_C(0xc4000003)

#define HCR_VM (UINT64_C(1) << 0)
#define HCR_RW (UINT64_C(1) << 31) /* EL1 is AArch64 */

#define SCTLR_EL1_RES1 UINT64_C(0x30d00800)

#define VTCR_RES1       (UINT64_C(1) << 31)
#define VTCR_CACHED     (UINT64_C(0x35) << 8) /* SH0, ORGN0, IRGN0 */
#define VTCR_SL0_SHIFT  6
#define VTCR_PS_SHIFT   16
#define PARANGE_48_BITS 5

#define VMID UINT64_C(1)

/* So many are invalidated one by one; of more, all is. */
#define FLUSH_PAGES 64

struct trap_frame {
    uint64_t x[31];
    uint64_t elr, spsr;
};

extern uint8_t second_start[], probe_read_at[], probe_write_at[];
void first_cpu(void);
void trap(struct trap_frame *frame, unsigned int kind);

void vsay(const char *format, va_list ap)
{
    char line[256];
    size_t length = format_text(line, sizeof(line), format, ap);
    size_t i;

    for (i = 0; i < length; i++)
        *UART_DATA = (uint8_t)line[i];
}

static uint64_t smc(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    __asm__ volatile("smc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "memory");
    return x0;
}

void power_off(void)
{
    for (;;)
        smc(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void panic(const char *format, ...)
{
    va_list ap;

    say("Bail out! ");
    va_start(ap, format);
    vsay(format, ap);
    va_end(ap);
    say("\n");
    power_off();
}

void second_cpu_start(void)
{
    uint64_t r = smc(PSCI_CPU_ON, 1, (uintptr_t)second_start, 0);

    if (r)
        panic("PSCI CPU_ON: %lx", (unsigned long)r);
}

/* EL2's timer as an interrupt that is never taken: WFI ends when it is there.
 */
static void nap_prepare(void)
{
    GICD[GICD_ISENABLER0] = 1u << TIMER_PPI;
    GICD[GICD_CTLR] = 1;
    GICC[GICC_PMR] = 0xff;
    GICC[GICC_CTLR] = 1;
}

void nap(void)
{
    static bool prepared;

    if (!prepared)
        nap_prepare();
    prepared = true;
    write_sysreg(cnthp_tval_el2, read_sysreg(cntfrq_el0) / NAPS_PER_SECOND);
    write_sysreg(cnthp_ctl_el2, 1);
    __asm__ volatile("isb; wfi" : : : "memory");
    write_sysreg(cnthp_ctl_el2, 0);
}

static unsigned int parange(void)
{
    unsigned int range = read_sysreg(id_aa64mmfr0_el1) & 0xf;

    return range < PARANGE_48_BITS ? range : PARANGE_48_BITS;
}

unsigned int cpu_pa_bits(void)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48};

    return bits[parange()];
}

/* Start level 1 is SL0 1, start level 0 is SL0 2: D8.2, with 4 KiB granules. */
struct stage2 stage2_of(const struct pt_format *format, mfn_t root)
{
    return (struct stage2){
        .vtcr = VTCR_RES1 | VTCR_CACHED | (64 - format->va_bits) |
                (uint64_t)(format->levels - 2) << VTCR_SL0_SHIFT |
                (uint64_t)parange() << VTCR_PS_SHIFT,
        .vttbr = mfn_to_maddr(root).v | VMID << 48,
    };
}

void stage2_load(const struct stage2 *stage2)
{
    write_sysreg(vtcr_el2, stage2->vtcr);
    write_sysreg(vttbr_el2, stage2->vttbr);
    write_sysreg(hcr_el2, HCR_RW | HCR_VM);
    write_sysreg(sctlr_el1, SCTLR_EL1_RES1);
    __asm__ volatile("isb; tlbi alle1; dsb nsh; isb" : : : "memory");
}

static void flush_stage2(uint64_t ipa, uint64_t bytes)
{
    uint64_t page;

    for (page = 0; page < bytes; page += DW_PAGE_SIZE)
        __asm__ volatile("tlbi ipas2e1is, %0"
                         :
                         : "r"((ipa + page) >> DW_PAGE_SHIFT)
                         : "memory");
}

/* D8.13.5: what is cached of both stages goes once stage 2 is gone. */
void flush(enum flush how, uint64_t ipa, uint64_t bytes)
{
    bool all = bytes > FLUSH_PAGES * DW_PAGE_SIZE;

    __asm__ volatile("dsb ishst" : : : "memory");
    if (how == FLUSH_RIGHT && all)
        __asm__ volatile("tlbi vmalls12e1is" : : : "memory");
    else if (how == FLUSH_RIGHT || how == FLUSH_STAGE2)
        flush_stage2(ipa, all ? DW_PAGE_SIZE : bytes);
    else if (how == FLUSH_LOCAL)
        __asm__ volatile("tlbi ipas2e1, %0" : : "r"(ipa >> DW_PAGE_SHIFT));
    __asm__ volatile("dsb ish" : : : "memory");
    if (how == FLUSH_RIGHT || how == FLUSH_STAGE1)
        __asm__ volatile("tlbi vmalle1is" : : : "memory");
    else if (how == FLUSH_LOCAL)
        __asm__ volatile("tlbi vmalle1" : : : "memory");
    __asm__ volatile("dsb ish; isb" : : : "memory");
}

uint64_t translate(uint64_t va)
{
    __asm__ volatile("at s12e1r, %0; isb" : : "r"(va) : "memory");
    return read_sysreg(par_el1);
}

/* Traps. */

#define FROM_EL1 8 /* synchronous, from a lower EL in AArch64 */

/* ESR_EL2.EC. */
#define EC_HVC         0x16
#define EC_INSTRUCTION 0x20 /* abort, from EL1 */
#define EC_DATA        0x24

/* Is it an access that may fault?  Then its result is the cause. */
static bool probe_faulted(struct trap_frame *frame, unsigned int ec,
                          uint64_t esr)
{
    if (ec == EC_DATA && (frame->elr == (uintptr_t)probe_read_at ||
                          frame->elr == (uintptr_t)probe_write_at))
        frame->elr += 4;
    else if (ec == EC_INSTRUCTION && frame->elr == frame->x[1] &&
             frame->x[30] == frame->x[2])
        frame->elr = frame->x[30];
    else
        return false;
    frame->x[0] = PROBE_FAULT | (esr & 0x3f);
    return true;
}

void trap(struct trap_frame *frame, unsigned int kind)
{
    uint64_t esr = read_sysreg(esr_el2);
    unsigned int ec = (unsigned int)(esr >> 26);

    if (kind == FROM_EL1 && ec == EC_HVC)
        guest_called(frame->x[0], frame->x[1]);
    else if (kind != FROM_EL1 || !probe_faulted(frame, ec, esr))
        panic("cpu %lu: vector %u, esr %lx, elr %lx, far %lx, ipa %lx",
              (unsigned long)(read_sysreg(mpidr_el1) & 0xff), kind,
              (unsigned long)esr, (unsigned long)frame->elr,
              (unsigned long)read_sysreg(far_el2),
              (unsigned long)read_sysreg(hpfar_el2) << 8);
}
