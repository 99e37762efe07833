/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_assist.h - VM assists: which a domain may have, and how it comes by them
 * before its first vCPU's context, and at run time.
 */
#ifndef FX_VM_ASSIST_H
#define FX_VM_ASSIST_H

#include "machine/host.h"

/* The patch series' own operation: its number and its argument are ABI. */
#define XEN_DOMCTL_vm_assist 0x6477

struct xen_domctl_vm_assist {
#define XEN_DOMCTL_VM_ASSIST_get 0
#define XEN_DOMCTL_VM_ASSIST_set 1
    uint32_t op;
    uint32_t pad;     /* 0 */
    uint64_t assists; /* IN or OUT: a bit for each VMASST_TYPE_* */
};

/*
 * XEN_DOMCTL_vm_assist.  -ENOSYS at the stock level; to set them: -EINVAL for
 * one that the domain may not have, -EBUSY once it has pages or was unpaused.
 */
long fx_assists_op(struct fx_host *host, struct fx_domain *domain,
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

/* One, as the running guest asks for it by VMASST_CMD_*: -EINVAL where it may
 * not have it, -ENOSYS. */
int __attribute__((warn_unused_result))
fx_change_assist(struct fx_host *host, struct fx_domain *domain,
                 unsigned int command, unsigned int type);

#endif /* FX_VM_ASSIST_H */
