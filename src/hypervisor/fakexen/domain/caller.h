/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * caller.h - who makes a hypercall: which domain, and how its memory is read
 * and written.
 *
 * Pointers among a hypercall's arguments are addresses in the caller's memory,
 * and reached through fx_copy_in() and fx_copy_out() only: 0, or -EFAULT for
 * one that leads nowhere.  Whoever makes a caller says what these do
 * (preload/process_memory.h for domain 0's programs, guest_memory.h for guests
 * that run).
 */
#ifndef FX_CALLER_H
#define FX_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/host.h"
#include "machine/work.h"

/* What is left to do of a call that takes long: its arguments then. */
struct fx_rest {
    bool is_some;
    uint64_t arg[5];
};

struct fx_caller {
    struct fx_host *host;
    struct fx_domain *domain;
    bool is_guest; /* one that runs: vCPU `vcpu` of it asks */
    bool is_32bit; /* its structures are narrow (hypercall/compat.h) */
    uint32_t vcpu;
    struct fx_rest *rest; /* NULL: it waits for all of it */
    int (*copy_in)(const struct fx_caller *caller, void *to, uint64_t from,
                   size_t size);
    int (*copy_out)(const struct fx_caller *caller, uint64_t to,
                    const void *from, size_t size);
};

static inline int __attribute__((warn_unused_result))
fx_copy_in(const struct fx_caller *caller, void *to, uint64_t from, size_t size)
{
    return caller->copy_in(caller, to, from, size);
}

static inline int __attribute__((warn_unused_result))
fx_copy_out(const struct fx_caller *caller, uint64_t to, const void *from,
            size_t size)
{
    return caller->copy_out(caller, to, from, size);
}

/* Is the address in the part of a 64-bit address space that is Xen's, or in no
 * canonical half (xen/arch-x86/xen-x86_64.h: HYPERVISOR_VIRT_END)? */
static inline bool fx_in_xens_range(uint64_t address)
{
    return address >= UINT64_C(1) << 47 &&
           address < UINT64_C(0xffff880000000000);
}

/*
 * Asked, and counted as work, before each step of what a guest can make as long
 * as it likes: after `steps` of them, is the rest to be put off, to a call that
 * it makes again with other arguments, as on Xen?  Never the first one.
 */
static inline bool fx_preempt_due(const struct fx_caller *caller,
                                  uint64_t steps)
{
    if (caller->rest && steps && fx_work_is_done(caller->host))
        return true;
    fx_work(caller->host, FX_WORK_STEP);
    return false;
}

long fx_preempt(const struct fx_caller *caller, const uint64_t arg[5]);

/* May it ask for what only control domains may? */
bool fx_is_control(const struct fx_caller *caller);

/* And may it do to that domain what a domain may do to itself, and a control
 * domain to all? */
bool fx_may_target(const struct fx_caller *caller,
                   const struct fx_domain *domain);

/* The domain that the caller names by its ID, or itself by DOMID_SELF; NULL. */
struct fx_domain *fx_caller_domain(const struct fx_caller *caller,
                                   uint32_t domid);

/*
 * A caller's bitmap of up to 64 bits, and one for it, of any length; 0 or
 * -EFAULT.
 */
int __attribute__((warn_unused_result))
fx_bitmap_in(const struct fx_caller *caller, const struct xenctl_bitmap *map,
             uint64_t *bits);
int __attribute__((warn_unused_result))
fx_bitmap_out(const struct fx_caller *caller, const struct xenctl_bitmap *map,
              uint64_t bits);

#endif /* FX_CALLER_H */
