/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86.h - the machine under the x86 payload, and what it is asked.
 *
 * Order of calls: cpu_start(), machine_read(); then the checks, in the order in
 * which they stand here: each builds on what the one before has left.
 */
#ifndef BARE_X86_H
#define BARE_X86_H

#include "tap.h"
#include "x86_entry.h"
#include "mem/directmap.h"

/* Intel SDM vol. 4, table 2-2. */
#define MSR_MTRRCAP    0x0fe
#define MSR_MTRR_BASE0 0x200
#define MSR_PAT        0x277
#define MSR_MTRR_DEF   0x2ff

#define PF_PRESENT 1
#define PF_WRITE   2
#define PF_RSVD    8
#define PF_EXEC    16

/* ---- x86_cpu.c ---- */

struct last_trap {
    uint64_t vector, error_code, address;
};
extern struct last_trap last_trap;

void cpu_start(void);
_Noreturn void cpu_stop(bool good);
/* CPUID 80000001h, EDX bit 26. */
bool cpu_has_1g(void);
uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t value);
uint64_t read_cr3(void);
void write_cr3(uint64_t cr3);
void invlpg(uint64_t va);
/* Global entries as well. */
void flush_all(void);
/* The memory type of a leaf: MEM_WB and so on. */
uint64_t pat_type(uint64_t raw, unsigned int level);
/* Did the access trap with this error code of a page fault, there? */
bool faulted(const volatile void *at, uint64_t error_code);

/* ---- x86_machine.c ---- */

#define MAX_E820  64
#define MAX_FIXED 88 /* 11 MSRs of 8 ranges */
#define MAX_VAR   32
#define MAX_CHUNK (MAX_E820 + 2 * (MAX_FIXED + MAX_VAR) + 3)

struct machine {
    const char *command_line;
    struct mem_range e820[MAX_E820], ram[MAX_E820];
    size_t nr_e820, nr_ram;
    struct mtrr_range fixed[MAX_FIXED], variable[MAX_VAR];
    struct {
        uint64_t base, mask;
    } msr[MAX_VAR]; /* of the variable ones, as they are */
    struct mtrrs mtrrs;
    struct mem_chunk chunk[MAX_CHUNK];
    size_t nr_chunks;
};

/* As multiboot tells it; then as machine_read_mtrrs(). */
void machine_read(struct machine *m);
/* Asks the MTRRs, again if need be, and cuts the chunks. */
void machine_read_mtrrs(struct machine *m);
/*
 * Are the chunks what the manuals say of E820 and MTRRs, asked for each page up
 * to the end of RAM, and somewhat further?
 */
void check_chunks(const struct machine *m, const char *when);
bool command_line_has(const struct machine *m, const char *word);

/* ---- x86_tables.c: table memory of live trees ---- */

#define DIRECT_BASE UINT64_C(0xffff830000000000)

/* Where the image is: moved by move_image(). */
extern maddr_t image_at;
extern const struct pt_ops live_ops;

/* Frames for tables, from this range, in which nothing else is. */
void frames_from(maddr_t first, maddr_t end);
/* Of those that were given out and not taken back. */
uint64_t frames_out(void);
bool is_used(maddr_t ma);
/* Of what the image holds. */
maddr_t image_maddr(const void *at);
struct pt_tables live_tables(void);
/*
 * Tables of their own, in which the image is mapped as it is and nothing else;
 * to be used by use_tables().
 */
int new_tables(struct pt_tables *pt);
void use_tables(const struct pt_tables *pt);
void *direct(maddr_t ma);

/* ---- the checks ---- */

/* x86_direct.c: from the static tables to a direct map of all RAM. */
void check_direct(struct machine *m);
/* x86_mtrr.c: memory types change within a superpage. */
void check_mtrrs(struct machine *m);
/* x86_live.c: what is mapped, and cached, changes. */
void check_live(const struct machine *m);
/* Nothing is cached, and everything will be that is used from here on. */
void fresh_tlb(void);
/* An invalidation that does nothing. */
void forget(void *ctx, vaddr_t va, uint64_t bytes);
/* x86_sizes.c: the same, where leaves get another size. */
void check_sizes(const struct machine *m, const struct pt_tables *pt);

#endif /* BARE_X86_H */
