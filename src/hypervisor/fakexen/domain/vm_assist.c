/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_assist.c - VM assists: which a domain may have, and how it comes by them.
 */
#include "domain/vm_assist.h"

#include <errno.h>

#include "machine/alloc.h"
#include "machine/frames.h"
#include "memory/page_table.h"

#define BIT(type) (UINT64_C(1) << (type))

#define EXTENDED_CR3 BIT(VMASST_TYPE_pae_extended_cr3)
#define M2P_STRICT   BIT(VMASST_TYPE_m2p_strict)

/* Those that a guest may ask for, and that mean nothing to it. */
static uint64_t ignored(const struct fx_host *host,
                        const struct fx_domain *domain)
{
    return !domain->is_32bit && host->super->level == FX_PATCHED ? EXTENDED_CR3
                                                                 : 0;
}

/* Those that a domain of its kind may have. */
static uint64_t valid(const struct fx_host *host,
                      const struct fx_domain *domain)
{
    uint64_t mask = BIT(VMASST_TYPE_4gb_segments) |
                    BIT(VMASST_TYPE_4gb_segments_notify) |
                    BIT(VMASST_TYPE_writable_pagetables) |
                    BIT(VMASST_TYPE_architectural_iopl) |
                    BIT(VMASST_TYPE_runstate_update_flag) | EXTENDED_CR3;

    if (!domain->is_32bit)
        mask |= M2P_STRICT;
    return mask & ~ignored(host, domain);
}

/* The domain's first L4 at or behind that frame; FX_NO_MFN: none. */
static uint64_t next_l4(struct fx_host *host, const struct fx_domain *domain,
                        uint64_t mfn)
{
    for (; (mfn = fx_next_used(host, mfn)) != FX_NO_MFN; mfn++) {
        const struct fx_frame *frame = fx_frame(host, mfn);

        if (frame->owner == domain->id && FX_T_TYPE(frame->type) == FX_L4)
            return mfn;
    }
    return FX_NO_MFN;
}

static long declare(struct fx_host *host, struct fx_domain *domain,
                    uint64_t assists)
{
    if (assists & ~valid(host, domain))
        return -EINVAL;
    if (domain->tot_pages || domain->creation_finished)
        return -EBUSY;
    domain->vm_assist = assists;
    domain->assists_declared = true;
    return 0;
}

long fx_assists_op(struct fx_host *host, struct fx_domain *domain,
                   struct xen_domctl_vm_assist *op)
{
    if (host->super->level != FX_PATCHED)
        return -ENOSYS;
    if (op->pad)
        return -EINVAL;
    switch (op->op) {
    case XEN_DOMCTL_VM_ASSIST_get:
        op->assists = domain->vm_assist;
        return 0;
    case XEN_DOMCTL_VM_ASSIST_set:
        return declare(host, domain, op->assists);
    default:
        return -EOPNOTSUPP;
    }
}

bool fx_rules_out_32bit(const struct fx_host *host,
                        const struct fx_domain *domain)
{
    return host->super->level == FX_PATCHED && domain->vm_assist & M2P_STRICT;
}

int fx_check_assists(const struct fx_host *host, const struct fx_domain *domain,
                     uint64_t assists)
{
    const struct fx_vcpu *vcpu = fx_vcpu(host, domain, 0);
    uint64_t mask = valid(host, domain);

    if (assists & ~(mask | ignored(host, domain)))
        return -EINVAL;
    return domain->assists_declared && vcpu && !vcpu->initialised &&
                   (assists ^ domain->vm_assist) & mask
               ? -EINVAL
               : 0;
}

void fx_set_assists(struct fx_host *host, struct fx_domain *domain,
                    uint64_t assists)
{
    uint64_t mfn = 0;

    if (assists & ~domain->vm_assist & M2P_STRICT)
        while ((mfn = next_l4(host, domain, mfn)) != FX_NO_MFN)
            fx_show_m2p(host, mfn++, true);
    domain->vm_assist = assists & valid(host, domain);
}

int fx_change_assist(struct fx_host *host, struct fx_domain *domain,
                     unsigned int command, unsigned int type)
{
    uint64_t mask = valid(host, domain);

    if (type >= 64 || !((mask | ignored(host, domain)) & BIT(type)))
        return -EINVAL;
    switch (command) {
    case VMASST_CMD_enable:
        domain->vm_assist |= BIT(type) & mask;
        return 0;
    case VMASST_CMD_disable:
        domain->vm_assist &= ~BIT(type);
        return 0;
    default:
        return -ENOSYS;
    }
}
