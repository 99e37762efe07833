/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_call.c - a hypercall of a guest that runs.
 */
#include "hypercall/guest_call.h"

#include <errno.h>

#include "domain/guest_memory.h"
#include "domain/state.h"
#include "hypercall/dispatch.h"
#include "memory/page_type.h"

/* Both ways to make a hypercall, int $0x82 and syscall, have two bytes. */
#define CALL_BYTES 2

/* The guest makes the call again, with what is left to do. */
static void make_again(struct fx_vcpu_state *v, bool is_32bit,
                       const struct fx_rest *rest)
{
    cpu_user_regs_t *regs = &v->context.user_regs;
    uint64_t *const wide[] = {&regs->rdi, &regs->rsi, &regs->rdx, &regs->r10,
                              &regs->r8};
    uint64_t *const narrow[] = {&regs->rbx, &regs->rcx, &regs->rdx, &regs->rsi,
                                &regs->rdi};

    for (int i = 0; i < 5; i++)
        *(is_32bit ? narrow[i] : wide[i]) =
            is_32bit ? (uint32_t)rest->arg[i] : rest->arg[i];
    regs->rip -= CALL_BYTES;
}

long fx_guest_call(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu, unsigned int number, const uint64_t arg[6])
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    struct fx_caller caller = fx_guest_caller(host, domain, vcpu);
    fx_hypercall function = fx_hypercall_for(&caller, number);
    struct fx_rest rest = {0};
    uint64_t words[6];
    long result;

    host->super->hypercalls++;
    if (!function || !v)
        return -ENOSYS;
    for (int i = 0; i < 6; i++)
        words[i] = caller.is_32bit ? (uint32_t)arg[i] : arg[i];
    caller.rest = &rest;
    fx_work_begin(host);
    /* Tables that the last one let go of are none before anything else. */
    result = fx_drop_left(host, domain) ? fx_preempt(&caller, words)
                                        : function(&caller, words);
    fx_work_end(host);
    if (!rest.is_some)
        return result;
    make_again(v, caller.is_32bit, &rest);
    return (long)number;
}
