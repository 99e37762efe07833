/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* x86_cpu.c - instructions, traps, and the ports that QEMU listens to. */
#include "x86.h"

#define PORT_TEXT 0xe9  /* isa-debugcon */
#define PORT_EXIT 0x501 /* isa-debug-exit: QEMU's status is 2 * value + 1 */
#define EXIT_GOOD 0x10
#define EXIT_BAD  0x11

#define TRAP_PF 14

struct last_trap last_trap;

/* Intel SDM vol. 3A, figure 6-8. */
struct gate {
    uint16_t offset_low, selector;
    uint16_t how;
    uint16_t offset_middle;
    uint32_t offset_high, zero;
};
#define GATE_INTERRUPT 0x8e00
#define CODE_SELECTOR  8

static struct gate idt[TRAPS];

static void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

void vsay(const char *format, va_list ap)
{
    static char line[256];
    size_t length = format_text(line, sizeof(line), format, ap);

    for (size_t i = 0; i < length; i++)
        outb(PORT_TEXT, (uint8_t)line[i]);
}

void cpu_stop(bool good)
{
    outb(PORT_EXIT, good ? EXIT_GOOD : EXIT_BAD);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void cpu_start(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    for (unsigned int i = 0; i < TRAPS; i++) {
        uint64_t stub = (uintptr_t)trap_stubs + i * TRAP_STUB_BYTES;

        idt[i] = (struct gate){.offset_low = (uint16_t)stub,
                               .selector = CODE_SELECTOR,
                               .how = GATE_INTERRUPT,
                               .offset_middle = (uint16_t)(stub >> 16),
                               .offset_high = (uint32_t)(stub >> 32)};
    }
    __asm__ volatile("lidt %0" ::"m"(pointer));
    wrmsr(MSR_PAT, PT_X86_PAT);
}

static uint64_t read_cr2(void)
{
    uint64_t cr2;

    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    return cr2;
}

/* A probe goes on behind its access; an instruction that cannot be fetched is
 * what probe_exec() has called. */
void bare_trap(struct trap_frame *frame)
{
    const uint64_t *at;

    last_trap.vector = frame->vector;
    last_trap.error_code = frame->error_code;
    last_trap.address = frame->vector == TRAP_PF ? read_cr2() : 0;
    if (frame->vector == TRAP_PF && (frame->error_code & PF_EXEC) != 0 &&
        frame->ip == last_trap.address && frame->ip == frame->rdi) {
        frame->ip = (uintptr_t)probe_trapped;
        frame->sp += sizeof(uint64_t);
        return;
    }
    for (at = probe_fixups; at < probe_fixups_end; at++)
        if (*at == frame->ip) {
            frame->ip = (uintptr_t)probe_trapped;
            return;
        }
    say("Bail out! trap %lu, error %#lx, ip %#lx, cr2 %#lx\n", frame->vector,
        frame->error_code, frame->ip, last_trap.address);
    cpu_stop(false);
}

bool faulted(const volatile void *at, uint64_t error_code)
{
    return last_trap.vector == TRAP_PF && last_trap.error_code == error_code &&
           last_trap.address == (uintptr_t)at;
}

static void cpuid(uint32_t leaf, uint32_t reg[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(reg[0]), "=b"(reg[1]), "=c"(reg[2]), "=d"(reg[3])
                     : "a"(leaf), "c"(0));
}

bool cpu_has_1g(void)
{
    uint32_t reg[4];

    cpuid(0x80000001, reg);
    return (reg[3] & (1u << 26)) != 0;
}

uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32))
                     : "memory");
}

uint64_t read_cr3(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    return cr3;
}

void write_cr3(uint64_t cr3)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(cr3) : "memory");
}

void invlpg(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/* Intel SDM vol. 3A, 4.10.4.1: a change of CR4.PGE forgets global ones, too. */
void flush_all(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4 ^ 0x80) : "memory");
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}

/* By the bits of the entry and IA32_PAT; Intel SDM vol. 3A, table 12-12. */
uint64_t pat_type(uint64_t raw, unsigned int level)
{
    unsigned int index = (raw >> 3) & 3;

    if ((raw & (level > 0 ? 0x1000 : 0x80)) != 0)
        index += 4;
    return (rdmsr(MSR_PAT) >> (8 * index)) & 0xff;
}
