/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/vcpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain/event.h"
#include "domain/time.h"
#include "hypercall/guest_call.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/process.h"
#include "machine/tlb.h"
#include "machine/work.h"
#include "run/bounce.h"
#include "run/translate.h"

#define HYPERCALL_VECTOR 0x82
#define SYSCALL_VECTOR   0x80
#define CR0_TS           8u

#define TRAP_DB 1
#define TRAP_UD 6
#define TRAP_GP 13

#define SYSCALL_LENGTH 2
#define INT_LENGTH     2

static bool stop(void *arg)
{
    struct fx_vcpu_run *r = arg;
    bool due = *r->tick || (!r->midway && fx_cpu_executed(r->cpu) >= r->left);

    r->midway = !due && fx_vcpu_is_to_flush(r);
    return due || r->midway;
}

static const struct fx_cpu_ops ops = {fx_vcpu_fill, fx_vcpu_code, stop,
                                      fx_vcpu_cpuid};

/* -- a CPU for it -- */

static uint64_t pages(uint64_t bytes)
{
    return (bytes + FX_PAGE_SIZE - 1) & ~(FX_PAGE_SIZE - 1);
}

/* RAM by the numbers of its frames, the two M2Ps by those that they have, and
 * behind them what is the vCPU's own. */
static struct fx_cpu *make_cpu(struct fx_vcpu_run *r,
                               const struct fx_cpu_library *library)
{
    const struct fx_super *s = r->host->super;
    const struct fx_cpu_memory memory[] = {
        {0, s->nr_frames << FX_PAGE_SHIFT, r->host->memory, true},
        {fx_m2p_mfn(s) << FX_PAGE_SHIFT, pages(s->nr_frames * 8), r->host->m2p,
         false},
        {fx_compat_m2p_mfn(s) << FX_PAGE_SHIFT, pages(s->nr_frames * 4),
         r->host->compat_m2p, false},
        {r->own_mfn << FX_PAGE_SHIFT, FX_OWN_PAGES * FX_PAGE_SIZE, r->own,
         false},
        {r->copy_mfn << FX_PAGE_SHIFT, FX_PAGE_SIZE, r->copy, true},
    };

    return fx_cpu_create(library, !r->domain->is_32bit, memory,
                         sizeof(memory) / sizeof(memory[0]), &ops, r);
}

int fx_vcpu_run_init(struct fx_vcpu_run *r,
                     const struct fx_cpu_library *library, struct fx_host *host,
                     struct fx_domain *domain, uint32_t id)
{
    const struct fx_super *s = host->super;

    r->host = host;
    r->domain = domain;
    r->id = id;
    r->parked = true;
    r->until = INT64_MAX;
    r->epoch = 1;
    r->conflict = r->stale = r->table = FX_NO_MFN;
    r->copy = aligned_alloc(FX_PAGE_SIZE, FX_PAGE_SIZE);
    r->own_mfn = fx_compat_m2p_mfn(s) + fx_m2p_frames(s, sizeof(uint32_t));
    r->copy_mfn = r->own_mfn + FX_OWN_PAGES;
    r->own = aligned_alloc(FX_PAGE_SIZE, FX_OWN_PAGES * FX_PAGE_SIZE);
    r->use = calloc(s->nr_frames, sizeof(*r->use));
    if (!r->own || !r->use || !r->copy)
        return -ENOMEM;
    memset(r->own, 0, FX_OWN_PAGES * FX_PAGE_SIZE);
    fx_write_xens_descriptors((uint64_t *)r->own, domain->is_32bit);
    r->cpu = make_cpu(r, library);
    return r->cpu ? 0 : -ENOMEM;
}

void fx_vcpu_run_dispose(struct fx_vcpu_run *r)
{
    fx_cpu_destroy(r->cpu);
    free(r->own);
    free(r->copy);
    free(r->use);
    *r = (struct fx_vcpu_run){0};
}

/* -- registers -- */

/* The context's registers in the CPU's order, or the other way round. */
static void copy_registers(cpu_user_regs_t *u, uint64_t gpr[FX_GPRS], bool in)
{
    uint64_t *const registers[FX_GPRS] = {
        &u->rax, &u->rcx, &u->rdx, &u->rbx, &u->rsp, &u->rbp, &u->rsi, &u->rdi,
        &u->r8,  &u->r9,  &u->r10, &u->r11, &u->r12, &u->r13, &u->r14, &u->r15,
    };
    int i;

    for (i = 0; i < FX_GPRS; i++) {
        if (in)
            gpr[i] = *registers[i];
        else
            *registers[i] = gpr[i];
    }
}

static bool load(struct fx_vcpu_run *r)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    cpu_user_regs_t *u = &v->context.user_regs;
    struct fx_cpu_state *s = &r->state;

    if (!fx_vcpu_load_segments(r, s))
        return false;
    copy_registers(u, s->gpr, true);
    s->rip = u->rip;
    s->rflags = (u->rflags & ~(uint64_t)(FX_EFLAGS_IOPL | FX_EFLAGS_VM)) |
                FX_EFLAGS_IF | (r->stepping ? FX_EFLAGS_TF : 0);
    s->gdt.base = fx_window(r);
    s->gdt.limit = (FX_GDT_PAGES - 1) * FX_PAGE_SIZE - 1;
    s->ldt.base = fx_window(r) + FX_GDT_PAGES * FX_PAGE_SIZE;
    s->ldt.limit =
        v->context.ldt_ents ? (uint32_t)v->context.ldt_ents * 8 - 1 : 0;
    s->task_switched = v->context.ctrlreg[0] & CR0_TS;
    if (r->parked)
        fx_cpu_load_fpu(r->cpu, (const uint8_t *)&v->context.fpu_ctxt);
    r->parked = false;
    fx_cpu_load(r->cpu, s);
    return true;
}

static void save(struct fx_vcpu_run *r)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    cpu_user_regs_t *u = &v->context.user_regs;
    struct fx_cpu_state *s = &r->state;
    bool had_tf = u->rflags & FX_EFLAGS_TF;

    fx_cpu_save(r->cpu, s);
    copy_registers(u, s->gpr, false);
    u->rip = s->rip;
    u->rflags = s->rflags;
    if (r->stepping && !had_tf)
        u->rflags &= ~(uint64_t)FX_EFLAGS_TF;
    u->es = s->segment[FX_ES].selector;
    u->cs = s->segment[FX_CS].selector;
    u->ss = s->segment[FX_SS].selector;
    u->ds = s->segment[FX_DS].selector;
    u->fs = s->segment[FX_FS].selector;
    u->gs = s->segment[FX_GS].selector;
    if (r->domain->is_32bit)
        return;
    v->context.fs_base = s->segment[FX_FS].base;
    if (v->context.flags & VGCF_in_kernel)
        v->context.gs_base_kernel = s->segment[FX_GS].base;
    else
        v->context.gs_base_user = s->segment[FX_GS].base;
}

void fx_vcpu_pass_time(struct fx_vcpu_run *r, uint64_t ns)
{
    struct fx_domain *d = r->domain;

    if (r->host->super->seeded)
        d->clock = (int64_t)((uint64_t)d->clock + ns);
}

void fx_vcpu_park(struct fx_vcpu_run *r)
{
    struct fx_vcpu_state *v = fx_state_of(r);

    if (r->parked)
        return;
    r->parked = true;
    if (!v)
        return;
    fx_cpu_save_fpu(r->cpu, (uint8_t *)&v->context.fpu_ctxt);
    v->fpu_initialised = true;
}

/* -- why it stopped -- */

/* FNV-1a, by words. */
static void add_to_hash(uint64_t *hash, uint64_t word)
{
    *hash = (*hash ^ word) * UINT64_C(0x100000001b3);
}

/* Which one, when, by whom, and what came of it: two runs that made the same
 * calls have the same word. */
static void note_call(const struct fx_vcpu_run *r, uint32_t number,
                      const uint64_t arg[6], long result)
{
    struct fx_domain *d = r->domain;
    int i;

    if (!r->host->super->seeded)
        return;
    d->calls++;
    add_to_hash(&d->calls_hash, (uint64_t)fx_now(r->host, d));
    add_to_hash(&d->calls_hash, (uint64_t)r->id << 32 | number);
    for (i = 0; i < 6; i++)
        add_to_hash(&d->calls_hash, d->is_32bit ? (uint32_t)arg[i] : arg[i]);
    add_to_hash(&d->calls_hash, (uint64_t)result);
}

static void hypercall(struct fx_vcpu_run *r)
{
    cpu_user_regs_t *u = &fx_state_of(r)->context.user_regs;
    const uint64_t narrow[6] = {u->rbx, u->rcx, u->rdx, u->rsi, u->rdi, u->rbp};
    const uint64_t wide[6] = {u->rdi, u->rsi, u->rdx, u->r10, u->r8, u->r9};
    bool is_32bit = r->domain->is_32bit;
    const uint64_t *arg = is_32bit ? narrow : wide;
    uint32_t number = (uint32_t)u->rax;
    long result = fx_guest_call(r->host, r->domain, r->id, number, arg);

    note_call(r, number, arg, result);
    fx_vcpu_pass_time(r, FX_EXIT_NS);
    u->rax = is_32bit ? (uint32_t)result : (uint64_t)result;
}

/* What Xen lets a program raise by itself: gates of its own, and those that the
 * kernel gives it. */
static bool may_raise(struct fx_vcpu_run *r, uint8_t vector)
{
    const struct fx_vcpu_state *v = fx_state_of(r);
    unsigned int level = v->context.trap_ctxt[vector].flags & 3;

    return vector == 3 || vector == 4 || level == 3 ||
           (level && fx_in_kernel(r->domain, v));
}

static void software_interrupt(struct fx_vcpu_run *r, uint8_t vector)
{
    struct fx_vcpu_state *v = fx_state_of(r);

    if (vector == HYPERCALL_VECTOR && r->domain->is_32bit &&
        fx_in_kernel(r->domain, v)) {
        hypercall(r);
    } else if (may_raise(r, vector)) {
        fx_vcpu_trap(r, vector, 0);
    } else {
        v->context.user_regs.rip -= INT_LENGTH;
        fx_vcpu_trap(r, TRAP_GP, (uint32_t)vector << 3 | 2);
    }
}

static void exception(struct fx_vcpu_run *r, uint8_t vector, uint32_t error)
{
    if (vector == TRAP_GP && !error && fx_vcpu_emulate(r))
        return;
    if (vector == TRAP_UD && fx_vcpu_emulate_forced(r))
        return;
    fx_vcpu_trap(r, vector, error);
}

static void system_call(struct fx_vcpu_run *r)
{
    struct fx_vcpu_state *v = fx_state_of(r);

    if (r->domain->is_32bit) {
        v->context.user_regs.rip -= SYSCALL_LENGTH;
        fx_vcpu_trap(r, TRAP_UD, 0);
    } else if (fx_in_kernel(r->domain, v)) {
        v->context.user_regs.rcx = v->context.user_regs.rip;
        v->context.user_regs.r11 = v->context.user_regs.rflags;
        hypercall(r);
    } else {
        fx_vcpu_system_call(r);
    }
}

/* A segment that is loaded for the first time: a CPU notes that in its
 * descriptor, which only Xen can write to. */
static bool note_accessed(struct fx_vcpu_run *r, const struct fx_exit *e)
{
    uint64_t mfn = fx_window_frame(r, e->address);
    uint64_t *page =
        mfn < r->host->super->nr_frames ? fx_page(r->host, mfn) : NULL;
    uint64_t accessed = (uint64_t)FX_SEGMENT_ACCESSED << 32;

    if (e->access != FX_WRITE || !page)
        return false;
    page += e->address % FX_PAGE_SIZE / sizeof(*page);
    if (*page & accessed)
        return false;
    *page |= accessed;
    return true;
}

/* One that is not there yet, or to be noted; or not to be had: then it is at
 * the LDT's address that the guest has a page fault, as on Xen. */
static void descriptor_fault(struct fx_vcpu_run *r, const struct fx_exit *e)
{
    const struct fx_vcpu_state *v = fx_state_of(r);
    uint64_t at = e->address - fx_window(r), address = e->address;
    unsigned int page = (unsigned int)(at / FX_PAGE_SIZE);

    if (note_accessed(r, e))
        return;
    if (page >= FX_GDT_PAGES) {
        page -= FX_GDT_PAGES;
        if (e->access == FX_READ &&
            fx_ldt_page(r->host, r->domain, r->id, page) != FX_NO_MFN)
            return;
        address = v->context.ldt_base + at - FX_GDT_PAGES * FX_PAGE_SIZE;
    }
    fx_vcpu_page_fault(r, address, fx_in_kernel(r->domain, v) ? 0 : FX_PF_USER);
}

static void fault(struct fx_vcpu_run *r, const struct fx_exit *e)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    struct fx_translation to;
    bool user =
        r->domain->is_32bit && (r->state.segment[FX_CS].selector & 3) == 3;

    if (r->again || r->conflict != FX_NO_MFN || r->stale != FX_NO_MFN) {
        fx_vcpu_retry(r);
        return;
    }
    if (fx_in_window(r, e->address)) {
        descriptor_fault(r, e);
        return;
    }
    if (fx_translate(r->host, r->domain, v, e->address, e->access, user, &to)) {
        /* It is there by now, but for one without room on the disk. */
        if (!fx_touch(r->host, to.mfn, 1))
            return;
        fx_vcpu_crash(r, "no room on the disk for its memory");
        return;
    }
    if (e->access == FX_WRITE && to.error & FX_PF_PRESENT &&
        fx_table_write_begin(r, to.mfn)) {
        r->table_address = e->address;
        return;
    }
    /* Xen tells kernels of 64 bits from their programs itself. */
    to.error &= ~FX_PF_USER;
    if (!fx_in_kernel(r->domain, v))
        to.error |= FX_PF_USER;
    fx_vcpu_page_fault(r, e->address, to.error);
}

static bool in_suspect(const struct fx_vcpu_run *r)
{
    uint64_t rip = fx_state_of(r)->context.user_regs.rip;

    return rip >= r->suspect && rip < r->suspect_end;
}

/* The block that is looked through: is the next instruction one that the CPU
 * has to refuse?  The end of it is where the block ends, or begins again. */
static void look_through(struct fx_vcpu_run *r)
{
    uint64_t rip = fx_state_of(r)->context.user_regs.rip;
    bool is_long = r->state.segment[FX_CS].flags & FX_SEGMENT_LONG;
    uint8_t code[15];
    size_t size;

    if (!in_suspect(r)) {
        fx_cpu_clear(r->cpu, r->suspect);
        r->suspect_end = 0;
        r->midway = false;
        return;
    }
    size = fx_vcpu_code(r, rip, code, sizeof(code));
    if (fx_cpu_is_vex(code, size, is_long)) {
        r->suspect_end = 0;
        fx_vcpu_trap(r, TRAP_UD, 0);
    } else {
        r->stepping = true;
    }
}

static void stepped_on(struct fx_vcpu_run *r)
{
    if (r->table != FX_NO_MFN && !fx_table_write_end(r)) {
        fx_vcpu_page_fault(r, r->table_address, FX_PF_PRESENT | FX_PF_WRITE);
        return;
    }
    if (!r->suspect_end)
        return;
    /* A loop has been looked through once it is back at its start. */
    if (fx_state_of(r)->context.user_regs.rip == r->suspect)
        r->suspect_end = r->suspect;
    look_through(r);
}

static void see_to(struct fx_vcpu_run *r, const struct fx_exit *e)
{
    bool stepped = r->stepping;

    if (e->reason != FX_EXIT_STOPPED) {
        r->stepping = false;
        /* Unless the guest's kernel gets it (trap.c). */
        r->midway = e->reason == FX_EXIT_FAULT ||
                    e->reason == FX_EXIT_SUSPECT ||
                    (stepped && e->vector == TRAP_DB);
    }
    switch (e->reason) {
    case FX_EXIT_STOPPED:
        break;
    case FX_EXIT_FAULT:
        fault(r, e);
        break;
    case FX_EXIT_SYSCALL:
        system_call(r);
        break;
    case FX_EXIT_EXCEPTION:
        if (e->software)
            software_interrupt(r, e->vector);
        else if (stepped && e->vector == TRAP_DB)
            stepped_on(r);
        else
            exception(r, e->vector, e->error_code);
        break;
    case FX_EXIT_SUSPECT:
        r->suspect = e->address;
        r->suspect_end = e->address + e->size;
        look_through(r);
        break;
    case FX_EXIT_FAILED:
        fx_vcpu_crash(r, "its CPU failed");
        break;
    }
    /* The same instruction once more, or somewhere else: then the block stays
     * suspect. */
    if (r->suspect_end && e->reason == FX_EXIT_FAULT && in_suspect(r))
        r->stepping = true;
    if (!r->stepping) {
        r->suspect_end = 0;
        r->table = FX_NO_MFN;
        if (stepped)
            fx_vcpu_flush(r);
    }
}

/* While it had no lock the domain may have ended, and another one be in its
 * place, whose registers and hypercalls these are not. */
static bool is_ours(const struct fx_vcpu_run *r)
{
    return r->domain->exists && !r->domain->dying &&
           r->domain->runner == fx_process_own(r->host) && fx_state_of(r);
}

static void run(struct fx_vcpu_run *r)
{
    struct fx_exit e;

    if (fx_vcpu_is_to_flush(r))
        fx_vcpu_flush(r);
    r->left = r->until == INT64_MAX ? UINT64_MAX
              : r->until > r->domain->clock
                  ? (uint64_t)(r->until - r->domain->clock)
                  : 0;
    fx_tlb_enter(r->host, r->domain);
    fx_unlock(r->host);
    e = fx_cpu_run(r->cpu);
    fx_tlb_leave(r->host, r->domain);
    fx_lock(r->host);
    if (r->host->unrepaired || !is_ours(r))
        return;
    save(r);
    /* A byte of instructions is a nanosecond. */
    fx_vcpu_pass_time(r, fx_cpu_executed(r->cpu));
    see_to(r, &e);
}

void fx_vcpu_run(struct fx_vcpu_run *r)
{
    /* What the lock's leaving frees, it frees before a CPU executes; and a
     * guest that calls a lot does not have it all the time. */
    fx_work(r->host, FX_WORK_STEP);
    if (r->host->may_reap || fx_work_is_much(r->host)) {
        fx_unlock(r->host);
        fx_lock_give_way(r->host);
        fx_lock(r->host);
        return;
    }
    if (!r->midway && fx_vcpu_event_due(r->host, r->domain, r->id)) {
        fx_vcpu_event(r);
        if (r->domain->shutdown)
            return;
    }
    if (load(r))
        run(r);
    else
        fx_vcpu_crash(r, "a segment that cannot be loaded");
}
