/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu.h - a processor that executes a guest's code: an engine of the Unicorn
 * library, which is loaded at run time, behind the little that Xen needs of a
 * processor.
 *
 * It has no page tables and no descriptor tables of its own: it asks for each
 * page that it comes to, and knows segments by their hidden parts.  Whatever a
 * guest does that Xen would be entered for ends fx_cpu_run().
 *
 * Order of calls: fx_cpu_library_open(); fx_cpu_create(); then, for as often as
 * one likes, fx_cpu_load(), fx_cpu_run(), fx_cpu_save().  Not to be called by
 * two threads at once.  All functions return 0 or a negative errno.
 */
#ifndef FX_CPU_H
#define FX_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uc_struct;
struct fx_cpu;

/* The library, and where it keeps what it has no call for. */
struct fx_cpu_library {
    void *handle;
    const struct fx_cpu_api *api;
    char name[256];  /* for messages */
    size_t env;      /* in a context: the registers */
    size_t error;    /* in a context: an exception's error code */
    size_t previous; /* in a context: the exception before */
    size_t fault;    /* in an engine: the address that was not there */
};

/*
 * Loads what FAKEXEN_UNICORN names or, without it, the system's library or the
 * one that quickstart keeps, and tests whether what is relied on here is so.
 * -ENOENT where there is none, -ENOTSUP where none will do, with a line in why.
 */
int __attribute__((warn_unused_result))
fx_cpu_library_open(struct fx_cpu_library *library, char *why, size_t len);
void fx_cpu_library_close(struct fx_cpu_library *library);

enum { FX_ES, FX_CS, FX_SS, FX_DS, FX_FS, FX_GS, FX_SEGMENTS };

/* By the numbers that instructions have for them. */
enum {
    FX_RAX,
    FX_RCX,
    FX_RDX,
    FX_RBX,
    FX_RSP,
    FX_RBP,
    FX_RSI,
    FX_RDI,
    FX_R8,
    FX_R11 = 11,
    FX_GPRS = 16
};

/* A segment register with its hidden part. */
struct fx_cpu_segment {
    uint16_t selector;
    uint32_t limit, flags; /* bits 8 to 23 of a descriptor's second word */
    uint64_t base;
};

#define FX_SEGMENT_DPL(flags)  ((flags) >> 13 & 3)
#define FX_SEGMENT_ACCESSED    (1u << 8)
#define FX_SEGMENT_WRITABLE    (1u << 9)  /* data */
#define FX_SEGMENT_READABLE    (1u << 9)  /* code */
#define FX_SEGMENT_CONFORMING  (1u << 10) /* code */
#define FX_SEGMENT_CODE        (1u << 11)
#define FX_SEGMENT_NORMAL      (1u << 12) /* no gate, or the like */
#define FX_SEGMENT_PRESENT     (1u << 15)
#define FX_SEGMENT_LONG        (1u << 21)
#define FX_SEGMENT_BIG         (1u << 22)
#define FX_SEGMENT_GRANULARITY (1u << 23)

struct fx_cpu_state {
    uint64_t gpr[FX_GPRS], rip, rflags;
    struct fx_cpu_segment segment[FX_SEGMENTS];
    struct {
        uint64_t base;
        uint32_t limit;
    } gdt, ldt;
    bool task_switched; /* CR0.TS: #NM at the next use of the FPU */
};

enum fx_access { FX_READ, FX_WRITE, FX_FETCH };

/* What a page is, and what may be done to it without asking again. */
struct fx_cpu_page {
    uint64_t address; /* among the memory that the CPU was made with */
    bool read, write, execute;
};

/* What the CPU asks while it runs. */
struct fx_cpu_ops {
    /* The page at that address; false: a fault there, which ends the run. */
    bool (*fill)(void *arg, uint64_t address, enum fx_access access,
                 struct fx_cpu_page *page);
    /* The code at that address, as it is translated: as many bytes as there
     * are, of those that are wanted. */
    size_t (*code)(void *arg, uint64_t address, uint8_t *to, size_t size);
    /* At each block of code: true ends the run. */
    bool (*stop)(void *arg);
    /* In: the leaf in [0], the subleaf in [2]; out: eax, ebx, ecx, edx. */
    void (*cpuid)(void *arg, uint32_t registers[4]);
};

/* Memory, whole pages of it, that is found at `address`. */
struct fx_cpu_memory {
    uint64_t address, bytes;
    void *at;
    bool writable;
};

/* A CPU of 64 bits (long mode), or of 32 (protected mode), all zero. */
struct fx_cpu *fx_cpu_create(const struct fx_cpu_library *library,
                             bool is_64bit, const struct fx_cpu_memory *memory,
                             size_t nr, const struct fx_cpu_ops *ops,
                             void *arg);
void fx_cpu_destroy(struct fx_cpu *cpu);

void fx_cpu_load(struct fx_cpu *cpu, const struct fx_cpu_state *state);
void fx_cpu_save(const struct fx_cpu *cpu, struct fx_cpu_state *state);

/* While it runs, for ops: the privilege level. */
unsigned int fx_cpu_ring(const struct fx_cpu *cpu);

/* x87 and SSE, as FXSAVE has them. */
void fx_cpu_load_fpu(struct fx_cpu *cpu, const uint8_t fxsave[512]);
void fx_cpu_save_fpu(const struct fx_cpu *cpu, uint8_t fxsave[512]);

enum fx_exit_reason {
    FX_EXIT_STOPPED,   /* ops.stop() was heeded */
    FX_EXIT_FAULT,     /* ops.fill() said no: rip is where it was */
    FX_EXIT_EXCEPTION, /* with the vector, or a software interrupt: int n, int3
                          and into, behind which rip is */
    FX_EXIT_SYSCALL,   /* rip is behind the instruction */
    FX_EXIT_SUSPECT,   /* before a block in which there may be instructions that
                          the CPU would not refuse, although it has to: those
                          with a VEX prefix (AVX) */
    FX_EXIT_FAILED,    /* the library did something unheard of */
};

struct fx_exit {
    enum fx_exit_reason reason;
    uint64_t address; /* of a fault, or a suspect block */
    uint32_t size;    /* of that block */
    enum fx_access access;
    uint8_t vector;
    bool software;
    uint32_t error_code; /* of an exception that has one */
};

struct fx_exit fx_cpu_run(struct fx_cpu *cpu);

/*
 * How many bytes of instructions were executed in this run, or the last: of an
 * instruction that is repeated (rep), for each time, and once more.  While it
 * runs, for ops.stop(), up to the block.  However often a run is left and begun
 * again, the same code comes to the same sum.
 */
uint64_t fx_cpu_executed(const struct fx_cpu *cpu);

/* Forgets the pages that fill() gave. */
void fx_cpu_flush(struct fx_cpu *cpu);

/* In the block at that address there is no such instruction. */
void fx_cpu_clear(struct fx_cpu *cpu, uint64_t address);

/* Is it one?  `code` is what there is of it, at most 15 bytes. */
bool fx_cpu_is_vex(const uint8_t *code, size_t size, bool is_64bit);

/* The code in that page of its memory has changed. */
void fx_cpu_forget_code(struct fx_cpu *cpu, uint64_t address);

#endif /* FX_CPU_H */
