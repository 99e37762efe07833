/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * context.h - vCPU contexts: XEN_DOMCTL_{set,get}vcpucontext.
 */
#ifndef FX_CONTEXT_H
#define FX_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/caller.h"
#include "domain/state.h"

/* The entries of a GDT that are a guest's; Xen's own follow. */
#define FX_GDT_MAX (14 * 512)

/* Bits of debug registers that are what they are, whatever is written (Intel
 * SDM, volume 3, 17.2), and one that Xen keeps for itself. */
#define FX_DR6_ONES  UINT64_C(0xffff0ff0)
#define FX_DR6_ZEROS UINT64_C(0x00001000)
#define FX_DR7_ONES  UINT64_C(0x00000400)
#define FX_DR7_ZEROS UINT64_C(0x0000d800)
#define FX_DR7_GD    UINT64_C(0x00002000)

static inline bool fx_canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* A guest kernel's selectors have its ring or an outer one. */
static inline uint16_t fx_guest_selector(const struct fx_domain *domain,
                                         uint64_t selector)
{
    unsigned int ring = domain->is_32bit ? 1 : 3;

    return (uint16_t)((selector & 3) >= ring
                          ? selector
                          : (selector & ~UINT64_C(3)) | ring);
}

/* The structure at `from`, `to`. */
long fx_set_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t from);
/* The same by a guest, for a vCPU of its own: -EEXIST for one that has one. */
long fx_initialise_vcpu(const struct fx_caller *caller, uint32_t vcpu,
                        uint64_t from);
long fx_get_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t to);
void fx_reset_vcpu(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu);
/* Takes the frames' references, and gives those of the last one's back.
 * -EINVAL: it is as it was. */
int __attribute__((warn_unused_result))
fx_set_gdt(struct fx_host *host, const struct fx_domain *domain,
           struct fx_vcpu_state *v, const unsigned long *frames,
           unsigned int entries);

/* Another root: its tables, and none of the LDT as it was seen through the old
 * ones; 0 or what fx_get_root() says. */
int __attribute__((warn_unused_result))
fx_set_root(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu,
            uint64_t mfn);

/* Gives the roots and the GDT back, and leaves the rest of a context. */
void fx_put_tables(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu);

#endif /* FX_CONTEXT_H */
