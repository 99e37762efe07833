/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bounce.h - how Xen enters a guest's kernel: for a trap, an event, a system
 * call.
 *
 * It pushes a frame on the kernel's stack, as a CPU would, and goes on where
 * the kernel has asked for.  The frames are described in the public headers
 * xen/arch-x86/xen-x86_32.h and xen-x86_64.h, and by what kernels do with them.
 */
#ifndef FX_BOUNCE_H
#define FX_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/caller.h"
#include "domain/state.h"

/* Selectors of segments that Xen has for its guests (xen/arch-x86/xen-*.h). */
#define FX_KERNEL_CS_64 0xe033 /* FLAT_KERNEL_CS */
#define FX_KERNEL_SS_64 0xe02b /* FLAT_KERNEL_SS */

#define FX_EFLAGS_TF   (1u << 8)
#define FX_EFLAGS_IF   (1u << 9)
#define FX_EFLAGS_IOPL (3u << 12)
#define FX_EFLAGS_NT   (1u << 14)
#define FX_EFLAGS_RF   (1u << 16)
#define FX_EFLAGS_VM   (1u << 17)
#define FX_EFLAGS_AC   (1u << 18)

/* Where the kernel is entered, and with what. */
struct fx_bounce {
    uint64_t address;
    uint32_t cs; /* of a 32-bit kernel */
    bool has_error;
    uint32_t error;
    bool masks_events; /* evtchn_upcall_mask is set on the way */
    bool failsafe;     /* the data segments' selectors are pushed, too */
};

/* Is the vCPU in its kernel? */
bool fx_in_kernel(const struct fx_domain *domain,
                  const struct fx_vcpu_state *v);

/*
 * With the lock held; `caller` is the vCPU, `v` its state and `mask` where its
 * evtchn_upcall_mask is.  -EFAULT: the frame cannot be written, -EINVAL: there
 * is nowhere to go; Xen crashes the domain then.
 */
int __attribute__((warn_unused_result))
fx_bounce(const struct fx_caller *caller, struct fx_vcpu_state *v,
          uint8_t *mask, const struct fx_bounce *bounce);

#endif /* FX_BOUNCE_H */
