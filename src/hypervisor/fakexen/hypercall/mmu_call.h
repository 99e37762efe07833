/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmu_call.h - what __HYPERVISOR_mmu_update and __HYPERVISOR_mmuext_op share.
 */
#ifndef FX_MMU_CALL_H
#define FX_MMU_CALL_H

#include "domain/caller.h"
#include "memory/page_type.h"

/* The arguments of both: requests at `at`, a counter at `pdone` or 0. */
struct fx_mmu_call {
    uint64_t at, pdone;
    uint32_t count, foreigndom;
    uint32_t done; /* by earlier parts of the same call */
};

struct fx_mmu_call fx_mmu_call(const struct fx_caller *caller,
                               const uint64_t arg[5]);

/* Tells the caller that `done` requests more are done. */
void fx_mmu_done(const struct fx_caller *caller, const struct fx_mmu_call *call,
                 uint32_t done);

/* Is the request after the first `done` to be put off?  Until tables are gone
 * that the last one let go of, at least. */
static inline bool fx_mmu_due(const struct fx_caller *caller, uint32_t done)
{
    return fx_has_left(caller->domain) || fx_preempt_due(caller, done);
}

/* Is this a rest without requests, of a call that has its result? */
bool __attribute__((warn_unused_result))
fx_mmu_is_over(const uint64_t arg[5], long *result);

/*
 * In the end: puts off the requests behind the first `done`, if there are any
 * and none failed (`rc`), and the result, as long as tables are left that the
 * guest thinks are none.
 */
long fx_mmu_result(const struct fx_caller *caller,
                   const struct fx_mmu_call *call, uint32_t done, uint64_t step,
                   int rc);

/*
 * The domain whose frames are meant: DOMID_SELF, another domain, or one of
 * Xen's own pseudo-domains.  -ESRCH, also for the caller by its number.
 */
int __attribute__((warn_unused_result))
fx_mmu_owner(const struct fx_caller *caller, uint16_t domid, uint16_t *owner);

/* May the caller use these frames?  `io`: those of DOMID_IO. */
bool fx_mmu_permitted(const struct fx_caller *caller, uint16_t owner, bool io);

/*
 * The vCPUs in a caller's mask of them: what is to be flushed for them is
 * flushed for all, but the mask has to be there.  -EINVAL.
 */
int __attribute__((warn_unused_result))
fx_mmu_vcpus(const struct fx_caller *caller, uint64_t mask);

#endif /* FX_MMU_CALL_H */
