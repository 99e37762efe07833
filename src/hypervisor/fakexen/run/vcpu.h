/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu.h - a vCPU that runs: its registers on a CPU, and what it left that for.
 *
 * While its CPU does not execute its registers are in fx_vcpu_state.context,
 * but for those of the FPU, which stay in the CPU until fx_vcpu_park().
 */
#ifndef FX_VCPU_H
#define FX_VCPU_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "domain/caller.h"
#include "domain/ldt.h"
#include "domain/state.h"
#include "machine/tlb.h"
#include "run/cpu.h"

/* Frames as the CPU has them: by the number of times that it forgot all
 * (`epoch`), whether it may write to them or execute them since; and what their
 * code was, when it was executed. */
struct fx_use {
    uint32_t written, executed;
    uint64_t hash; /* 0: it never was */
};

struct fx_vcpu_run {
    struct fx_host *host;
    struct fx_domain *domain;
    uint32_t id;
    struct fx_vcpu_run *next;       /* of those of the domain, ... */
    struct fx_vcpu_run *const *all; /* ... which take turns, the first */
    struct fx_cpu *cpu;
    struct fx_cpu_state state;         /* as it was loaded, or left */
    const volatile sig_atomic_t *tick; /* time to see to other things */
    /* Or so, by the domain's clock (domain/time.h): INT64_MAX where it has
     * none, and in this run's bytes. */
    int64_t until;
    uint64_t left;
    /* It was left where its code would not have been by itself. What happens to
     * it by the clock, or from outside, is not to happen there: another time it
     * may not be left there. */
    bool midway;
    uint8_t *own;       /* two pages: Xen's descriptors, and nothing */
    uint64_t own_mfn;   /* where the CPU finds them */
    struct fx_use *use; /* of each frame */
    uint32_t epoch;
    uint32_t seen;          /* fx_tlb_count(), when all was forgotten */
    bool forgets;           /* all of it, whatever that says */
    bool parked;            /* the FPU's registers are in the context */
    uint64_t suspect;       /* a block that is stepped through ... */
    uint64_t suspect_end;   /* ... and looked through; or 0 */
    bool again;             /* a fill failed, but is to be tried again */
    uint64_t table;         /* that the instruction writes to; or FX_NO_MFN */
    uint64_t table_address; /* where */
    uint64_t *copy;         /* of it, and where the CPU finds that */
    uint64_t copy_mfn;
    cpu_user_regs_t before; /* the instruction */
    uint64_t conflict;      /* because of this frame's use; or FX_NO_MFN */
    uint64_t stale;         /* because its code changed; or FX_NO_MFN */
    bool stepping;          /* one instruction, by the trap flag */
};

/* The memory of a CPU of the machine, but for what the vCPU has of its own. */
#define FX_OWN_PAGES 2

int __attribute__((warn_unused_result))
fx_vcpu_run_init(struct fx_vcpu_run *r, const struct fx_cpu_library *library,
                 struct fx_host *host, struct fx_domain *domain, uint32_t id);
void fx_vcpu_run_dispose(struct fx_vcpu_run *r);

/*
 * With the lock held, for a vCPU that can run (fx_vcpu_wait()): leaves the lock
 * while it executes, takes it again, and sees to what it left its CPU for.
 */
void fx_vcpu_run(struct fx_vcpu_run *r);

/* It does not run for now: all of it is in the context. */
void fx_vcpu_park(struct fx_vcpu_run *r);

/* On a machine with a seed that is the time that it took: the domain's clock
 * (domain/time.h) moves by it.  What Xen does for a guest, a hypercall, a trap,
 * an instruction that it emulates, takes as long each, which is about what it
 * takes here. */
#define FX_EXIT_NS 1000u
void fx_vcpu_pass_time(struct fx_vcpu_run *r, uint64_t ns);

static inline bool fx_vcpu_is_to_flush(const struct fx_vcpu_run *r)
{
    return r->forgets || fx_tlb_count(r->host, r->domain) != r->seen;
}

static inline struct fx_vcpu_state *fx_state_of(const struct fx_vcpu_run *r)
{
    return fx_vcpu_state(r->host, r->domain, r->id);
}

/* pages.c: fx_cpu_ops.fill(); and what to do when it failed to be tried again:
 * with the lock held. */
bool fx_vcpu_fill(void *arg, uint64_t address, enum fx_access access,
                  struct fx_cpu_page *page);
void fx_vcpu_retry(struct fx_vcpu_run *r);
size_t fx_vcpu_code(void *arg, uint64_t address, uint8_t *to, size_t size);
void fx_vcpu_flush(struct fx_vcpu_run *r);
/* The window of descriptor tables, the GDT's before the LDT's: is the address
 * in it, and the frame behind it, or FX_NO_MFN. */
bool fx_in_window(const struct fx_vcpu_run *r, uint64_t address);
uint64_t fx_window_frame(const struct fx_vcpu_run *r, uint64_t address);

/* table_write.c: the next instruction is one that writes to that frame, a
 * table; it was executed.  False: nothing of that. */
bool fx_table_write_begin(struct fx_vcpu_run *r, uint64_t mfn);
bool fx_table_write_end(struct fx_vcpu_run *r);

/* segments.c: the hidden parts, by the selectors in the context. False: the
 * code's or the stack's cannot be loaded. */
bool fx_vcpu_load_segments(struct fx_vcpu_run *r, struct fx_cpu_state *state);
void fx_write_xens_descriptors(uint64_t *page, bool is_32bit);

/* Where a vCPU's CPU finds its descriptor tables: among Xen's addresses. */
#define FX_GDT_PAGES 16
#define FX_WINDOW_64 UINT64_C(0xffff820000000000)
#define FX_WINDOW_32 UINT64_C(0xffc00000)
static inline uint64_t fx_window(const struct fx_vcpu_run *r)
{
    return r->domain->is_32bit ? FX_WINDOW_32 : FX_WINDOW_64;
}

/* trap.c: into the guest's kernel, or the end of the domain. */
void fx_vcpu_trap(struct fx_vcpu_run *r, uint8_t vector, uint32_t error);
void fx_vcpu_page_fault(struct fx_vcpu_run *r, uint64_t address,
                        uint32_t error);
void fx_vcpu_event(struct fx_vcpu_run *r);
void fx_vcpu_system_call(struct fx_vcpu_run *r);
void fx_vcpu_crash(struct fx_vcpu_run *r, const char *why);

/* privileged.c: a #GP's, or #UD's, instruction that Xen does for the guest;
 * false: it does not. */
bool fx_vcpu_emulate(struct fx_vcpu_run *r);
bool fx_vcpu_emulate_forced(struct fx_vcpu_run *r);
void fx_vcpu_cpuid(void *arg, uint32_t registers[4]);

#endif /* FX_VCPU_H */
