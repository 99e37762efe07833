/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_assist.h - VM assists: which a domain may have, and how it comes by them
 * before its first vCPU's context, and at run time.
 */
#ifndef FX_VM_ASSIST_H
#define FX_VM_ASSIST_H

#include "domain/caller.h"

/* The patch series' own operation: its number and its argument are ABI. */
#define XEN_DOMCTL_vm_assist 0x6477

struct xen_domctl_vm_assist {
    uint64_t enable;  /* IN */
    uint64_t enabled; /* OUT: those in force */
};

static inline bool fx_has_assist(const struct fx_domain *domain,
                                 unsigned int type)
{
    return domain->vm_assist >> type & 1;
}

/*
 * XEN_DOMCTL_vm_assist.  -ENOSYS at the stock level, -EBUSY once a vCPU has its
 * context or where it is too late for one of them, -EINVAL for one that the
 * domain may not have.
 */
long fx_declare_assists(struct fx_host *host, struct fx_domain *domain,
                        struct xen_domctl_vm_assist *op);

/* Has a 64-bit domain an assist declared that a 32-bit one cannot have? */
bool fx_rules_out_32bit(const struct fx_host *host,
                        const struct fx_domain *domain);

/*
 * Those of vCPU 0's context, which replace the domain's when it is set first.
 * -EINVAL for one that the domain may not have, and where they contradict what
 * was declared.
 */
int __attribute__((warn_unused_result))
fx_check_assists(const struct fx_host *host, const struct fx_domain *domain,
                 uint64_t assists);
void fx_set_assists(struct fx_host *host, struct fx_domain *domain,
                    uint64_t assists);

/* __HYPERVISOR_vm_assist: of the caller. */
long fx_vm_assist_op(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_VM_ASSIST_H */
