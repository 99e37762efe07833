/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmu_call.c - what __HYPERVISOR_mmu_update and __HYPERVISOR_mmuext_op share.
 */
#include "hypercall/mmu_call.h"

#include <errno.h>

#include "hypercall/compat.h"

/* In a count: Xen's mark on the rest of a call that it interrupted, with what
 * was done before in the counter.  It takes it from anybody. */
#define MMU_UPDATE_PREEMPTED (UINT32_C(1) << 31)

struct fx_mmu_call fx_mmu_call(const struct fx_caller *caller,
                               const uint64_t arg[5])
{
    struct fx_mmu_call call = {
        .at = arg[0],
        .count = (uint32_t)arg[1],
        .pdone = arg[2],
        .foreigndom = (uint32_t)arg[3],
    };

    if (call.count & MMU_UPDATE_PREEMPTED) {
        call.count &= ~MMU_UPDATE_PREEMPTED;
        if (call.pdone &&
            fx_copy_in(caller, &call.done, call.pdone, sizeof(call.done)))
            call.done = 0;
    }
    return call;
}

void fx_mmu_done(const struct fx_caller *caller, const struct fx_mmu_call *call,
                 uint32_t done)
{
    done += call->done;
    /* Xen ignores it, too, where the counter cannot be written. */
    if (call->pdone && fx_copy_out(caller, call->pdone, &done, sizeof(done)))
        return;
}

int fx_mmu_owner(const struct fx_caller *caller, uint16_t domid,
                 uint16_t *owner)
{
    if (domid == caller->domain->id)
        return -ESRCH;
    *owner = domid == DOMID_SELF ? caller->domain->id : domid;
    if (domid == DOMID_SELF || domid == DOMID_IO || domid == DOMID_XEN)
        return 0;
    return fx_domain(caller->host, domid) ? 0 : -ESRCH;
}

bool fx_mmu_permitted(const struct fx_caller *caller, uint16_t owner, bool io)
{
    return owner == caller->domain->id || fx_is_control(caller) ||
           (io && owner == DOMID_IO);
}

int fx_mmu_vcpus(const struct fx_caller *caller, uint64_t mask)
{
    uint32_t bits = fx_word_bytes(caller) * 8, i;
    uint64_t word;

    for (i = 0; i * bits < caller->domain->max_vcpus; i++)
        if (fx_word_in(caller, &word, mask, i))
            return -EINVAL;
    return 0;
}

/* The result is where the domain was. */
bool fx_mmu_is_over(const uint64_t arg[5], long *result)
{
    *result = (int32_t)arg[3];
    return !arg[0] && (uint32_t)arg[1] == MMU_UPDATE_PREEMPTED;
}

long fx_mmu_result(const struct fx_caller *caller,
                   const struct fx_mmu_call *call, uint32_t done, uint64_t step,
                   int rc)
{
    uint32_t left = call->count - done;

    if (rc == -ERESTART || (!rc && left))
        return fx_preempt(caller, (uint64_t[5]){call->at + done * step,
                                                left | MMU_UPDATE_PREEMPTED,
                                                call->pdone, call->foreigndom});
    if (fx_has_left(caller->domain))
        return fx_preempt(
            caller, (uint64_t[5]){0, MMU_UPDATE_PREEMPTED, 0, (uint32_t)rc});
    return rc;
}
