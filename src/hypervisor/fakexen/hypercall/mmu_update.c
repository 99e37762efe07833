/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmu_update.c - __HYPERVISOR_mmu_update: entries of tables in use, and the
 * M2P.
 */
#include "hypercall/mmu_update.h"

#include <errno.h>

#include "hypercall/mmu_call.h"
#include "machine/frames.h"
#include "memory/page_table.h"
#include "memory/page_type.h"
#include "memory/pt_entry.h"

/* What stands in a request's address besides the address. */
#define COMMAND UINT64_C(7)

static void store(struct fx_host *host, struct fx_domain *domain, uint64_t mfn,
                  unsigned int slot, uint64_t value)
{
    struct fx_frame *frame = fx_frame(host, mfn);
    uint64_t *entries = fx_page(host, mfn);

    entries[slot] = value;
    fx_mark_dirty(domain, frame);
}

/* A slot of a validated table that the guest must leave alone. */
static int check_slot(const struct fx_domain *domain, uint32_t info,
                      unsigned int slot)
{
    if (fx_entry_is_xens(info, domain->is_32bit, slot))
        return FX_T_TYPE(info) == FX_L2 ? -EPERM : -EINVAL;
    if (FX_T_TYPE(info) == FX_L3 && domain->is_32bit && slot >= FX_PAE_L3_XEN)
        return -EINVAL;
    return 0;
}

/* The new entry's references first, so that a change of flags never lets go of
 * the frame. */
int fx_update_table(struct fx_host *host, struct fx_domain *domain,
                    uint16_t owner, uint64_t mfn, unsigned int slot,
                    uint64_t value, bool keep_ad)
{
    uint32_t info = fx_frame(host, mfn)->type;
    unsigned int level = FX_T_TYPE(info) - FX_L1 + 1;
    uint64_t old = ((uint64_t *)fx_page(host, mfn))[slot];
    uint64_t kept = keep_ad ? old & (FX_ACCESSED | FX_DIRTY) : 0;
    int rc = check_slot(domain, info, slot);

    if (rc)
        return rc;
    if (value & FX_PRESENT) {
        if (value & fx_entry_refused(level, domain->is_32bit))
            return -EINVAL;
        value = fx_entry_adjust(level, domain->is_32bit, value);
        if (fx_entry_similar(old, value)) {
            store(host, domain, mfn, slot, value | kept);
            return 0;
        }
        rc = fx_get_entry(host, domain, owner, level, mfn, value);
        if (rc)
            return rc;
    }
    store(host, domain, mfn, slot, value | kept);
    fx_put_entry(host, level, mfn, old);
    return 0;
}

static int update_frame(struct fx_host *host, struct fx_domain *target,
                        uint16_t owner, uint64_t mfn, unsigned int slot,
                        uint64_t value, bool keep_ad)
{
    enum fx_type type = FX_T_TYPE(fx_frame(host, mfn)->type);

    if (type >= FX_L1 && type <= FX_L4) {
        /* Only data can be another domain's. */
        if (type != FX_L1 && owner != target->id)
            return -EINVAL;
        return fx_update_table(host, target, owner, mfn, slot, value, keep_ad);
    }
    if (!fx_page(host, mfn))
        return -ENOMEM;
    if (fx_get_type(host, mfn, FX_WRITABLE, 0))
        return -EINVAL;
    store(host, target, mfn, slot, value);
    fx_put_type(host, mfn);
    return 0;
}

static int update_entry(struct fx_host *host, struct fx_domain *target,
                        uint16_t owner, const mmu_update_t *request)
{
    uint64_t mfn = request->ptr >> FX_PAGE_SHIFT;
    unsigned int slot =
        (unsigned int)((request->ptr & (FX_PAGE_SIZE - 1)) / sizeof(uint64_t));
    bool keep_ad = (request->ptr & COMMAND) == MMU_PT_UPDATE_PRESERVE_AD;
    int rc = fx_get_page(host, mfn, target->id);

    if (rc)
        return rc;
    rc = update_frame(host, target, owner, mfn, slot, request->val, keep_ad);
    fx_put_page(host, mfn);
    return rc;
}

static int update_m2p(const struct fx_caller *caller,
                      const struct fx_domain *target, uint16_t owner,
                      const mmu_update_t *request)
{
    struct fx_host *host = caller->host;
    uint64_t mfn = request->ptr >> FX_PAGE_SHIFT;
    int rc;

    if (target != caller->domain)
        return -EPERM;
    rc = fx_get_page(host, mfn, owner);
    if (rc)
        return rc;
    fx_m2p_set(host, mfn, request->val);
    fx_mark_dirty(fx_domain(host, owner), fx_frame(host, mfn));
    fx_put_page(host, mfn);
    return 0;
}

static int update(const struct fx_caller *caller, struct fx_domain *target,
                  uint16_t owner, const mmu_update_t *request)
{
    bool permitted =
        fx_may_target(caller, target) && fx_mmu_permitted(caller, owner, true);

    switch (request->ptr & COMMAND) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_PRESERVE_AD:
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return permitted ? update_entry(caller->host, target, owner, request)
                         : -EPERM;
    case MMU_MACHPHYS_UPDATE:
        return permitted ? update_m2p(caller, target, owner, request) : -EPERM;
    default:
        return -ENOSYS;
    }
}

/* The upper half of `foreigndom` names the tables' domain, plus one; the lower
 * half that of the frames in them. */
static int find_owner(const struct fx_caller *caller,
                      const struct fx_domain *target, uint32_t foreigndom,
                      uint16_t *owner)
{
    const struct fx_vcpu *vcpu = fx_vcpu(caller->host, target, 0);

    if (target != caller->domain && (!vcpu || !vcpu->exists))
        return -EINVAL;
    return fx_mmu_owner(caller, (uint16_t)foreigndom, owner);
}

long fx_mmu_update_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_mmu_call call = fx_mmu_call(caller, arg);
    uint32_t tables = call.foreigndom >> 16, i = 0;
    struct fx_domain *target =
        tables ? fx_domain(caller->host, tables - 1) : caller->domain;
    mmu_update_t request;
    uint16_t owner;
    long result;
    int rc;

    if (fx_mmu_is_over(arg, &result))
        return result;
    if (!target)
        return -ESRCH;
    rc = find_owner(caller, target, call.foreigndom, &owner);
    for (; !rc && i < call.count && !fx_mmu_due(caller, i); i++) {
        uint64_t at = call.at + (uint64_t)i * sizeof(request);

        rc = fx_copy_in(caller, &request, at, sizeof(request));
        if (!rc)
            rc = update(caller, target, owner, &request);
        if (rc)
            break;
    }
    fx_mmu_done(caller, &call, i);
    return fx_mmu_result(caller, &call, i, sizeof(request), rc);
}
