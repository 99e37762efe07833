/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmuext.c - __HYPERVISOR_mmuext_op: pins, and what can be done to the frames
 * of another domain.  What concerns the running guest's own MMU means nothing
 * to the control domain here.
 */
#include "hypercall/mmuext.h"

#include <errno.h>
#include <string.h>

#include "domain/context.h"
#include "domain/ldt.h"
#include "domain/state.h"
#include "hypercall/compat.h"
#include "hypercall/mmu_call.h"
#include "machine/frames.h"
#include "memory/page_type.h"
#include "machine/tlb.h"

/* The frame that a request writes to: no use of it forbids that. */
static int get_writable(struct fx_host *host, struct fx_domain *domain,
                        uint64_t mfn)
{
    int rc = fx_get_page_and_type(host, mfn, domain->id, FX_WRITABLE, 0);

    if (rc)
        return -EINVAL;
    if (!fx_page(host, mfn)) {
        fx_put_page_and_type(host, mfn);
        return -ENOMEM;
    }
    fx_mark_dirty(domain, fx_frame(host, mfn));
    return 0;
}

static int clear_page(struct fx_host *host, struct fx_domain *domain,
                      uint64_t mfn)
{
    int rc = get_writable(host, domain, mfn);

    if (rc)
        return rc;
    memset(fx_page(host, mfn), 0, FX_PAGE_SIZE);
    fx_put_page_and_type(host, mfn);
    return 0;
}

static int copy_page(struct fx_host *host, struct fx_domain *domain,
                     uint64_t to, uint64_t from)
{
    int rc = fx_get_page(host, from, domain->id);

    if (rc)
        return rc;
    rc = fx_page(host, from) ? get_writable(host, domain, to) : -ENOMEM;
    if (!rc) {
        memmove(fx_page(host, to), fx_page(host, from), FX_PAGE_SIZE);
        fx_put_page_and_type(host, to);
    }
    fx_put_page(host, from);
    return rc;
}

/* On frames, of a domain that has some. */
static int frame_op(struct fx_host *host, struct fx_domain *domain,
                    const struct mmuext_op *op)
{
    uint64_t mfn = op->arg1.mfn;

    switch (op->cmd) {
    case MMUEXT_UNPIN_TABLE:
        return fx_unpin(host, domain, mfn);
    case MMUEXT_CLEAR_PAGE:
        fx_work(host, FX_WORK_FRAME);
        return clear_page(host, domain, mfn);
    case MMUEXT_COPY_PAGE:
        fx_work(host, FX_WORK_FRAME);
        return copy_page(host, domain, mfn, op->arg2.src_mfn);
    default:
        return fx_pin(host, domain, mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
    }
}

/* 0: none.  A 32-bit guest may have one, and it means nothing. */
static int new_user_root(const struct fx_caller *caller,
                         struct fx_vcpu_state *v, uint64_t mfn)
{
    uint64_t old = v->user_root;
    int rc;

    if (mfn == (old == FX_NO_MFN ? 0 : old))
        return 0;
    rc = mfn ? fx_get_user_root(caller->host, caller->domain, mfn) : 0;
    if (rc)
        return rc;
    v->user_root = mfn ? mfn : FX_NO_MFN;
    if (old != FX_NO_MFN)
        fx_put_root(caller->host, caller->domain, old);
    return 0;
}

static int set_ldt(const struct fx_caller *caller, struct fx_vcpu_state *v,
                   const struct mmuext_op *op)
{
    uint64_t base = op->arg1.linear_addr;
    unsigned int entries = op->arg2.nr_ents;

    if (entries > FX_LDT_MAX ||
        (entries && (base % FX_PAGE_SIZE || fx_in_xens_range(base))))
        return -EINVAL;
    base = entries ? base : 0;
    if (v->context.ldt_base == base && v->context.ldt_ents == entries)
        return 0;
    fx_put_ldt(caller->host, caller->domain, caller->vcpu);
    v->context.ldt_base = base;
    v->context.ldt_ents = entries;
    return 0;
}

static int guest_op(const struct fx_caller *caller, const struct mmuext_op *op)
{
    struct fx_vcpu_state *v =
        fx_vcpu_state(caller->host, caller->domain, caller->vcpu);

    if (!v)
        return -EINVAL;
    fx_tlb_flush(caller->domain);
    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        return fx_set_root(caller->host, caller->domain, caller->vcpu,
                           op->arg1.mfn);
    case MMUEXT_NEW_USER_BASEPTR:
        return new_user_root(caller, v, op->arg1.mfn);
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
        return fx_mmu_vcpus(caller, op->arg2.src_mfn);
    case MMUEXT_FLUSH_CACHE: /* for domains with devices */
        return -EACCES;
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return -EINVAL;
    case MMUEXT_SET_LDT:
        return set_ldt(caller, v, op);
    default:
        return 0;
    }
}

/* On the caller's MMU: another domain's is out of reach. The control domain's
 * own is not modelled: there is nothing to flush, and no frame of its can
 * become its root. */
static int self_op(const struct fx_caller *caller, uint16_t owner,
                   const struct mmuext_op *op)
{
    if (owner != caller->domain->id)
        return -EPERM;
    if (caller->is_guest)
        return guest_op(caller, op);
    if (op->cmd == MMUEXT_NEW_BASEPTR ||
        (op->cmd == MMUEXT_NEW_USER_BASEPTR && op->arg1.mfn))
        return -EINVAL;
    return 0;
}

static int mmuext(const struct fx_caller *caller, uint16_t owner,
                  const struct mmuext_op *op)
{
    struct fx_domain *domain = fx_domain(caller->host, owner);

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
    case MMUEXT_UNPIN_TABLE:
    case MMUEXT_CLEAR_PAGE:
    case MMUEXT_COPY_PAGE:
        /* Xen's pseudo-domains have no frames for that. */
        return domain ? frame_op(caller->host, domain, op) : -EINVAL;
    case MMUEXT_NEW_BASEPTR:
    case MMUEXT_NEW_USER_BASEPTR:
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_ALL:
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
    case MMUEXT_SET_LDT:
        return self_op(caller, owner, op);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER:
        return -EOPNOTSUPP;
    default:
        return -ENOSYS;
    }
}

long fx_mmuext_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct fx_mmu_call call = fx_mmu_call(caller, arg);
    struct mmuext_op op;
    uint64_t step = fx_struct_bytes(caller, FX_MMUEXT_OP);
    uint16_t owner;
    uint32_t i;
    long result;
    int rc;

    if (fx_mmu_is_over(arg, &result))
        return result;
    rc = fx_mmu_owner(caller, (uint16_t)call.foreigndom, &owner);
    if (rc)
        return rc;
    if (!fx_mmu_permitted(caller, owner, false))
        return -EPERM;
    for (i = 0; i < call.count && !fx_mmu_due(caller, i); i++) {
        rc = fx_struct_in(caller, FX_MMUEXT_OP, &op, call.at + i * step);
        if (!rc)
            rc = mmuext(caller, owner, &op);
        if (rc)
            break;
    }
    fx_mmu_done(caller, &call, i);
    return fx_mmu_result(caller, &call, i, step, rc);
}
