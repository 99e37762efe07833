/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_call.h - a hypercall of a guest that runs.
 *
 * The guest's memory is reached through its own page tables (guest_memory.h),
 * and its structures have its own width (compat.h).  What a hypercall does to
 * the vCPU's registers (iret, stack_switch, set_segment_base, ...) it does to
 * its context (state.h), root and user_root included: whoever runs the CPU
 * stores the registers there before and loads them from there afterwards.
 */
#ifndef FX_GUEST_CALL_H
#define FX_GUEST_CALL_H

#include <stdint.h>

#include "machine/host.h"

/*
 * With the lock held.  `arg` are ebx, ecx, edx, esi, edi, ebp, of which the low
 * halves count, or rdi, rsi, rdx, r10, r8, r9.  The result goes to eax or rax;
 * after iret that is what the guest popped.  A call that takes long ends early:
 * the context then leads back to its two-byte instruction, with what is left
 * in its registers, and the result is the call's number.
 *
 * The vCPU may not be runnable afterwards (fx_vcpu_wait(), event.h), nor the
 * domain alive: a guest whose iret fails, say, is crashed (domain->shutdown).
 */
long fx_guest_call(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu, unsigned int number, const uint64_t arg[6]);

#endif /* FX_GUEST_CALL_H */
