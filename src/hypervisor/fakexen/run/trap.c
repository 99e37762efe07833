/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trap.c - into the guest's kernel: traps, events, system calls.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/sched.h>

#include "domain/domain.h"
#include "domain/event.h"
#include "domain/guest_memory.h"
#include "run/bounce.h"
#include "run/vcpu.h"

#define TRAP_PF 14
#define TRAP_NM 7

/* trap_info.flags (xen/arch-x86/xen.h): TI_GET_IF. */
#define TRAP_MASKS_EVENTS 4

#define CR0_TS (1u << 3)

/* With an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
static bool has_error_code(uint8_t vector)
{
    return vector < 32 && (UINT32_C(0x00027d00) >> vector & 1);
}

/* Xen's log is the only place that a crash is told in. */
static void say(const struct fx_vcpu_run *r, const char *why)
{
    const cpu_user_regs_t *u = &fx_state_of(r)->context.user_regs;
    char line[256];
    int n = snprintf(line, sizeof(line),
                     "fakexen: domain %u, vCPU %" PRIu32
                     " crashed: %s; at %04x:%016" PRIx64 "\n",
                     r->domain->id, r->id, why, u->cs, u->rip);

    if (r->host->console && n > 0)
        r->host->console(r->host->console_arg, r->domain->id, line, (size_t)n);
}

void fx_vcpu_crash(struct fx_vcpu_run *r, const char *why)
{
    if (r->domain->shutdown)
        return;
    say(r, why);
    fx_domain_shutdown(r->host, r->domain, SHUTDOWN_crash);
}

static void enter_kernel(struct fx_vcpu_run *r, const struct fx_bounce *b,
                         const char *why)
{
    const struct fx_caller caller = fx_guest_caller(r->host, r->domain, r->id);
    uint8_t *info = fx_vcpu_info(r->host, r->domain, r->id);
    char text[128];

    r->midway = false;
    fx_vcpu_pass_time(r, FX_EXIT_NS);
    if (!fx_bounce(&caller, fx_state_of(r), info ? info + FX_UPCALL_MASK : NULL,
                   b))
        return;
    snprintf(text, sizeof(text), "no way into its kernel for %s", why);
    fx_vcpu_crash(r, text);
}

void fx_vcpu_trap(struct fx_vcpu_run *r, uint8_t vector, uint32_t error)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    const trap_info_t *trap = &v->context.trap_ctxt[vector];
    struct fx_bounce b = {
        .address = trap->address,
        .cs = trap->cs,
        .has_error = has_error_code(vector),
        .error = error,
        .masks_events = trap->flags & TRAP_MASKS_EVENTS,
    };
    char why[64];

    snprintf(why, sizeof(why), "trap %u (error code %#x)", vector, error);
    /* The kernel wants to know that the FPU is another one's, once. */
    if (vector == TRAP_NM)
        v->context.ctrlreg[0] &= ~(unsigned long)CR0_TS;
    if (!trap->address)
        b.cs = 0;
    enter_kernel(r, &b, why);
}

void fx_vcpu_page_fault(struct fx_vcpu_run *r, uint64_t address, uint32_t error)
{
    struct fx_vcpu_state *v = fx_state_of(r);

    v->context.ctrlreg[2] = address;
    fx_vcpu_info_cr2(r->host, r->domain, r->id, address);
    fx_vcpu_trap(r, TRAP_PF, error);
}

void fx_vcpu_event(struct fx_vcpu_run *r)
{
    const struct fx_vcpu_state *v = fx_state_of(r);
    const struct fx_bounce b = {
        .address = v->context.event_callback_eip,
        .cs = v->event_callback_cs,
        .masks_events = true,
    };

    enter_kernel(r, &b, "an event");
}

/* Of a 64-bit program: SYSCALL. */
void fx_vcpu_system_call(struct fx_vcpu_run *r)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    cpu_user_regs_t *u = &v->context.user_regs;
    const struct fx_bounce b = {
        .address = v->context.syscall_callback_eip,
        .masks_events = v->context.flags & VGCF_syscall_disables_events,
    };

    u->rcx = u->rip;
    u->r11 = u->rflags;
    enter_kernel(r, &b, "a system call");
}
